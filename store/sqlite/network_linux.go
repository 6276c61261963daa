package sqlite

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// networkName returns the name of a network file system by the number that
// statfs(2) has for it. Lustre, GPFS, BeeGFS and others have theirs outside
// the kernel's headers.
func networkName(magic int64) (string, bool) {
	switch uint32(magic) {
	case unix.NFS_SUPER_MAGIC:
		return "NFS", true
	case unix.SMB_SUPER_MAGIC:
		return "SMB", true
	case unix.CIFS_SUPER_MAGIC:
		return "CIFS", true
	case unix.SMB2_SUPER_MAGIC:
		return "SMB2", true
	case unix.CEPH_SUPER_MAGIC:
		return "CephFS", true
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "AFS", true
	case unix.CODA_SUPER_MAGIC:
		return "Coda", true
	case unix.NCP_SUPER_MAGIC:
		return "NCP", true
	case unix.OCFS2_SUPER_MAGIC:
		return "OCFS2", true
	case unix.V9FS_MAGIC:
		return "9P", true
	case 0x0BD00BD0:
		return "Lustre", true
	case 0x47504653:
		return "GPFS", true
	case 0x19830326:
		return "BeeGFS", true
	case 0x01161970:
		return "GFS2", true
	case 0xAAD7AAEA:
		return "PanFS", true
	case 0x20030528:
		return "OrangeFS", true
	}
	return "", false
}

// networkFUSE reports whether a FUSE file system, named as in the mount table,
// is known to reach other hosts. Others, such as those of encrypted or removable
// disks, count as local.
func networkFUSE(kind string) bool {
	switch strings.TrimPrefix(kind, "fuse.") {
	case "sshfs", "glusterfs", "ceph", "ceph-fuse", "beegfs", "s3fs", "rclone", "gcsfuse", "blobfuse",
		"blobfuse2", "goofys", "juicefs", "JuiceFS", "davfs", "curlftpfs", "moosefs", "mfs", "lizardfs",
		"seaweedfs", "cvmfs2", "mount-s3", "mountpoint-s3", "smbnetfs", "hdfs", "alluxio-fuse":
		return true
	}
	return false
}

// hostFilesystem asks the kernel.
func hostFilesystem(dir string) (string, bool, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return "", false, fmt.Errorf("statfs: %w", err)
	}
	magic := int64(st.Type)
	if name, ok := networkName(magic); ok {
		return name, true, nil
	}
	if magic != unix.FUSE_SUPER_MAGIC {
		return "", false, nil
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", false, nil // without the table a FUSE counts as local
	}
	defer f.Close()
	kind := mountKind(f, dir)
	return kind, networkFUSE(kind), nil
}

// mountKind returns the kind of the file system that holds dir, by a mount
// table as proc(5) describes it; "" where no line fits.
func mountKind(table io.Reader, dir string) string {
	kind, longest := "", -1
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// id parent dev root point options [optional…] - kind source options
		before, after, ok := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 1 {
			continue
		}
		point := unescapeMount(left[4])
		rel, err := filepath.Rel(point, dir)
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
			continue
		}
		if len(point) >= longest { // of two mounts on one point the later counts
			kind, longest = right[0], len(point)
		}
	}
	return kind
}

// unescapeMount undoes the octal escapes of blanks in the mount table.
func unescapeMount(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
