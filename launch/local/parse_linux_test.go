package local

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want proc
		ok   bool
	}{
		"plain": {
			"42 (python) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0\n",
			proc{pid: 42, ppid: 1, pgrp: 42, sid: 42, start: 987654, state: 'S'}, true,
		},
		"name like fields": {
			"7 (a) R 9 9 9 (b)) Z 3 4 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 11 0\n",
			proc{pid: 7, ppid: 3, pgrp: 4, sid: 5, start: 11, state: 'Z'}, true,
		},
		"cut off":   {"42 (python) S 1 42 42 0", proc{}, false},
		"empty":     {"", proc{}, false},
		"no number": {"x (python) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 0", proc{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := parseStat([]byte(test.in))
			if got != test.want || ok != test.ok {
				t.Errorf("got %+v %v, want %+v %v", got, ok, test.want, test.ok)
			}
		})
	}
}

// TestOwnCgroups uses the formats of proc(5) and cgroups(7).
func TestOwnCgroups(t *testing.T) {
	for name, test := range map[string]struct {
		mounts, own string
		v2, v1      []string
	}{
		"pure v2 under systemd": {
			mounts: "25 1 0:22 / /proc rw - proc proc rw\n30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
			own:    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope\n",
			v2:     []string{"/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope"},
		},
		"hybrid": {
			mounts: "40 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
				"41 30 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n" +
				"42 30 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			own: "9:name=systemd:/\n4:memory:/job/a:b\n2:cpu,cpuacct:/\n0::/\n",
			v2:  []string{"/sys/fs/cgroup/unified"},
			v1:  []string{"/sys/fs/cgroup/memory/job/a:b"},
		},
		"container without namespace": {
			mounts: "40 30 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			own:    "4:memory:/docker/abc/sub\n",
			v1:     []string{"/sys/fs/cgroup/memory/sub"},
		},
		"outside of the mount": {
			mounts: "40 30 0:30 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			own:    "0::/docker/other\n",
		},
		"outside of the namespace": {
			mounts: "40 30 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
			own:    "0::/../other\n",
		},
		"space in the path": {
			mounts: `40 30 0:30 / /mnt/my\040groups rw - cgroup2 cgroup2 rw` + "\n",
			own:    "0::/x\n",
			v2:     []string{"/mnt/my groups/x"},
		},
		"none": {mounts: "25 1 0:22 / /proc rw - proc proc rw\n", own: ""},
	} {
		t.Run(name, func(t *testing.T) {
			v2, v1 := ownCgroups(test.mounts, test.own)
			if d := cmp.Diff(test.v2, v2); d != "" {
				t.Errorf("v2 (-want +got):\n%s", d)
			}
			if d := cmp.Diff(test.v1, v1); d != "" {
				t.Errorf("v1 (-want +got):\n%s", d)
			}
		})
	}
}

func TestOwner(t *testing.T) {
	o, err := newOwner()
	if err != nil {
		t.Fatal(err)
	}
	back, ok := parseOwner(o.String())
	if !ok || back != o {
		t.Errorf("%q came back as %+v", o, back)
	}
	if o.dead() {
		t.Error("this process counts as dead")
	}
	// The number alone does not make it the same process.
	if o.start++; !o.dead() {
		t.Error("another process of the same number counts as the owner")
	}
	if o.ns += "1"; o.dead() {
		t.Error("a process of another PID namespace is declared dead")
	}
	for _, s := range []string{"", "1.2.3", "x.2.3.4", "1.2.3.4.5", "1.-2.3.4"} {
		if _, ok := parseOwner(s); ok {
			t.Errorf("%q was accepted as an owner", s)
		}
	}
}

func TestEnv(t *testing.T) {
	in := []string{"A=1", "AB=2", "A=3"}
	if d := cmp.Diff([]string{"AB=2", "A=4"}, withEnv(in, "A=4")); d != "" {
		t.Errorf("withEnv (-want +got):\n%s", d)
	}
	if v, ok := lookupEnv(in, "A"); v != "3" || !ok {
		t.Errorf("lookupEnv: %q %v", v, ok)
	}
	for name, want := range map[string]string{"A": "1", "AB": "2=x", "C": "-", "": "-"} {
		v, ok := envValue([]byte("A=1\x00AB=2=x\x00D\x00"), name)
		if !ok {
			v = "-"
		}
		if v != want {
			t.Errorf("envValue %q: %q, want %q", name, v, want)
		}
	}
}

// TestBelow: a list that was read while processes moved may hold a circle.
func TestBelow(t *testing.T) {
	all := []proc{{pid: 1}, {pid: 2, ppid: 1}, {pid: 3, ppid: 2}, {pid: 4, ppid: 3}, {pid: 5, ppid: 1}, {pid: 2, ppid: 4}}
	var got []int
	for _, p := range below(all, 2, func(pid int) bool { return pid == 5 }) {
		got = append(got, p.pid)
	}
	if d := cmp.Diff([]int{3, 4, 2}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (python) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := parseStat(b); ok != (p != proc{}) && ok && p.state == 0 {
			t.Errorf("accepted without a state: %+v", p)
		}
	})
}

func FuzzOwnCgroups(f *testing.F) {
	f.Add("40 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "4:memory:/job\n0::/\n")
	f.Fuzz(func(t *testing.T, mounts, own string) {
		v2, v1 := ownCgroups(mounts, own)
		if (len(v2) > 0 || len(v1) > 0) && (mounts == "" || own == "") {
			t.Errorf("groups from nothing: %q %q", v2, v1)
		}
	})
}
