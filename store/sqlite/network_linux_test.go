package sqlite

import (
	"strings"
	"testing"
)

// The numbers are those of statfs(2) and of the file systems' own headers.
func TestNetworkName(t *testing.T) {
	for magic, want := range map[int64]string{
		0x6969: "NFS", 0xff534d42: "CIFS", -0xacb2be: "CIFS", 0xfe534d42: "SMB2", 0x517b: "SMB", 0x00c36400: "CephFS",
		0x0bd00bd0: "Lustre", 0x47504653: "GPFS", 0x19830326: "BeeGFS", 0x5346414f: "AFS", 0x01021997: "9P",
		0xef53: "", 0x58465342: "", 0x9123683e: "", 0x01021994: "", 0x794c7630: "", 0x2fc12fc1: "", 0x65735546: "",
	} {
		got, network := networkName(magic)
		if got != want || network != (want != "") {
			t.Errorf("magic %#x is %q (network: %v), want %q", magic, got, network, want)
		}
	}
}

func TestMountKind(t *testing.T) {
	const table = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home/a/remote rw,nosuid shared:5 - fuse.sshfs host: rw,user_id=0
31 22 0:41 / /mnt/my\040disk rw - fuseblk /dev/sdb1 rw
nonsense
32 22 0:42 / /data rw - fuse.ceph-fuse ceph-fuse rw
33 32 0:43 / /data/local rw - fuse.gocryptfs x rw
`
	tests := []struct {
		dir, kind string
		network   bool
	}{
		{"/home/a", "ext4", false},
		{"/home/a/remote/x", "fuse.sshfs", true},
		{"/home/a/remote2", "ext4", false},
		{"/mnt/my disk/x", "fuseblk", false},
		{"/data", "fuse.ceph-fuse", true},
		{"/data/local/x", "fuse.gocryptfs", false},
	}
	for _, test := range tests {
		kind := mountKind(strings.NewReader(table), test.dir)
		if kind != test.kind || networkFUSE(kind) != test.network {
			t.Errorf("%s is on %q (network: %v), want %q (%v)", test.dir, kind, networkFUSE(kind), test.kind, test.network)
		}
	}
}

func TestHostFilesystem(t *testing.T) {
	if _, _, err := hostFilesystem("/nowhere/at/all"); err == nil {
		t.Error("no error for a folder that is not there")
	}
	if kind, network, err := hostFilesystem("/proc"); network || err != nil {
		t.Errorf("/proc is %q, network: %v, %v", kind, network, err)
	}
}
