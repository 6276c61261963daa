package local

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroups says where control groups can be made. Both are folders of the
// group this process is in, so that whatever limits it limits its trials too.
type cgroups struct {
	// V2 is the folder in a cgroup v2 tree (pure or the hybrid's), or "".
	V2 string `json:",omitempty"`
	// V2Memory says that leaves of V2 have the memory controller.
	V2Memory bool `json:",omitempty"`
	// V1Memory is the folder in a v1 memory hierarchy, or "".
	V1Memory string `json:",omitempty"`
}

func (c cgroups) enforcement() Enforcement {
	e := Enforcement{Tree: "child subreaper", Memory: "adding up the tree every " + memoryTick.String()}
	if c.V2 != "" {
		e.Tree = "child subreaper and cgroup v2 (" + c.V2 + ")"
	}
	switch {
	case c.V2Memory:
		e.Memory = "cgroup v2"
	case c.V1Memory != "":
		e.Memory = "cgroup v1 (" + c.V1Memory + ")"
	}
	return e
}

// detectCgroups finds out what can be used, by trying.
func detectCgroups() cgroups {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return cgroups{}
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return cgroups{}
	}
	v2, v1 := ownCgroups(string(mounts), string(own))
	var c cgroups
	for _, dir := range v2 {
		if !writable(dir, "cgroup.procs") {
			continue
		}
		probe := filepath.Join(dir, leafPrefix+"probe-"+newID(4))
		if os.Mkdir(probe, 0o755) != nil {
			continue
		}
		// cgroup.kill came with Linux 5.14.
		if writable(probe, "cgroup.kill") {
			c.V2 = dir
			if hasWord(filepath.Join(dir, "cgroup.controllers"), "memory") {
				// Refused in a group that holds processes and is not the root.
				_ = writeFile(filepath.Join(dir, "cgroup.subtree_control"), "+memory")
				c.V2Memory = writable(probe, "memory.max")
			}
		}
		_ = os.Remove(probe)
		if c.V2 != "" {
			break
		}
	}
	for _, dir := range v1 {
		if c.V2Memory || !writable(dir, "tasks") {
			continue
		}
		probe := filepath.Join(dir, leafPrefix+"probe-"+newID(4))
		if os.Mkdir(probe, 0o755) != nil {
			continue
		}
		if writable(probe, v1Limit) && writable(probe, "tasks") {
			c.V1Memory = dir
		}
		_ = os.Remove(probe)
		if c.V1Memory != "" {
			break
		}
	}
	return c
}

const (
	leafPrefix  = "afina-"
	v1Limit     = "memory.limit_in_bytes"
	v1SwapLimit = "memory.memsw.limit_in_bytes"
	v1OOM       = "memory.oom_control"
)

// ownCgroups returns the folders under which this process's own groups are
// mounted, given /proc/self/mountinfo and /proc/self/cgroup: those of the v2
// tree, and those of a v1 hierarchy with the memory controller.
func ownCgroups(mountinfo, own string) (v2, v1 []string) {
	var path2, path1 string
	for line := range strings.Lines(own) {
		// hierarchy-ID:controllers:path
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(f) != 3:
		case f[0] == "0" && f[1] == "":
			path2 = f[2]
		case hasItem(f[1], "memory"):
			path1 = f[2]
		}
	}
	for line := range strings.Lines(mountinfo) {
		before, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		m, s := strings.Fields(before), strings.Fields(rest)
		if !ok || len(m) < 5 || len(s) < 1 {
			continue
		}
		switch {
		case s[0] == "cgroup2" && path2 != "":
			if dir, ok := inMount(m[3], m[4], path2); ok {
				v2 = append(v2, dir)
			}
		case s[0] == "cgroup" && path1 != "" && len(s) > 2 && hasItem(s[2], "memory"):
			if dir, ok := inMount(m[3], m[4], path1); ok {
				v1 = append(v1, dir)
			}
		}
	}
	return v2, v1
}

// inMount returns where path of a hierarchy shows if root of the hierarchy is
// mounted at point.
func inMount(root, point, path string) (string, bool) {
	// Space, tab, newline and backslash are octal in mountinfo.
	point = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(point)
	if strings.Contains(path, "/..") {
		return "", false // outside of this cgroup namespace
	}
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return "", false
	}
	return filepath.Join(point, rel), true
}

func hasItem(list, item string) bool {
	for s := range strings.SplitSeq(list, ",") {
		if s == item {
			return true
		}
	}
	return false
}

func hasWord(file, word string) bool {
	b, _ := os.ReadFile(file)
	for f := range bytes.FieldsSeq(b) {
		if string(f) == word {
			return true
		}
	}
	return false
}

func writable(dir, file string) bool {
	return unix.Access(filepath.Join(dir, file), unix.W_OK) == nil
}

// writeFile writes to a control file, which must exist: os.WriteFile would
// try to create it.
func writeFile(path, s string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, []byte(s)); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// leaf is the control groups of one run. The zero leaf is none.
type leaf struct {
	v2, v1, v1base string
	v2fd           int
	memory         bool // the kernel enforces the limit
}

// newLeaf makes what can be made: a run without a leaf is only less well
// kept, so that nothing here is an error.
func newLeaf(c cgroups, name string, memory int64) leaf {
	l := leaf{v2fd: -1}
	if c.V2 != "" {
		dir := filepath.Join(c.V2, name)
		if os.Mkdir(dir, 0o755) == nil {
			if fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
				l.v2, l.v2fd = dir, fd
			} else {
				_ = os.Remove(dir)
			}
		}
	}
	if memory <= 0 {
		return l
	}
	limit := strconv.FormatInt(memory, 10)
	if c.V2Memory && l.v2 != "" && writeFile(filepath.Join(l.v2, "memory.max"), limit) == nil {
		// Swapping would let the tree use more than it was given, slowly.
		_ = writeFile(filepath.Join(l.v2, "memory.swap.max"), "0")
		_ = writeFile(filepath.Join(l.v2, "memory.oom.group"), "1")
		l.memory = true
		return l
	}
	if c.V1Memory != "" {
		dir := filepath.Join(c.V1Memory, name)
		if os.Mkdir(dir, 0o755) != nil {
			return l
		}
		if writeFile(filepath.Join(dir, v1Limit), limit) != nil {
			_ = os.Remove(dir)
			return l
		}
		// Absent where swap accounting is off.
		_ = writeFile(filepath.Join(dir, v1SwapLimit), limit)
		l.v1, l.v1base, l.memory = dir, c.V1Memory, true
	}
	return l
}

// enter moves the calling thread, which must be locked, into the v1 group so
// that a process forked now is born in it; leave takes it back. A v2 group
// needs neither, the kernel clones into it.
func (l *leaf) enter() {
	if l.v1 == "" {
		return
	}
	if writeFile(filepath.Join(l.v1, "tasks"), strconv.Itoa(unix.Gettid())) != nil {
		_ = os.Remove(l.v1)
		l.v1, l.memory = "", false
	}
}

func (l *leaf) leave() {
	if l.v1 != "" {
		_ = writeFile(filepath.Join(l.v1base, "tasks"), strconv.Itoa(unix.Gettid()))
	}
}

// dropV2 gives the v2 group up, where the kernel or a sandbox refuses to clone
// into it.
func (l *leaf) dropV2(c cgroups, name string, memory int64) {
	if l.v2 == "" {
		return
	}
	wasMemory := l.memory && l.v1 == ""
	_ = unix.Close(l.v2fd)
	_ = os.Remove(l.v2)
	l.v2, l.v2fd = "", -1
	if wasMemory {
		*l = newLeaf(cgroups{V1Memory: c.V1Memory}, name, memory)
	}
}

// kill ends every process in the v2 group at once, also while it forks.
func (l *leaf) kill() {
	if l.v2 != "" {
		_ = writeFile(filepath.Join(l.v2, "cgroup.kill"), "1")
	}
}

// oomKills returns how many processes of the leaf the kernel killed for want
// of memory.
func (l *leaf) oomKills() uint64 {
	var n uint64
	if l.v1 != "" {
		n += counter(filepath.Join(l.v1, v1OOM), "oom_kill")
	}
	if l.v2 != "" && l.memory && l.v1 == "" {
		n += counter(filepath.Join(l.v2, "memory.events"), "oom_kill")
	}
	return n
}

// close removes the groups. The tree is gone by then; only a process that
// somebody else put there could stand in the way, and is killed.
func (l *leaf) close() {
	if l.v2fd >= 0 {
		_ = unix.Close(l.v2fd)
	}
	for _, dir := range []string{l.v2, l.v1} {
		if dir != "" {
			_ = removeGroup(dir)
		}
	}
	*l = leaf{v2fd: -1}
}

// removeGroup kills what is in a group and its subgroups and removes it,
// within a second or so.
func removeGroup(dir string) error {
	pause := 100 * time.Microsecond
	for range 14 { // about 1.6 s in all
		err := os.Remove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("remove control group: %w", err)
		}
		emptyGroup(dir)
		time.Sleep(pause)
		pause *= 2
	}
	return fmt.Errorf("remove control group %s: processes in it do not end", dir)
}

func emptyGroup(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		if writeFile(filepath.Join(path, "cgroup.kill"), "1") == nil {
			return nil
		}
		b, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for f := range bytes.FieldsSeq(b) {
			if pid, err := strconv.Atoi(string(f)); err == nil && pid != os.Getpid() {
				if p, ok := readProc(pid); ok {
					signalProc(p, unix.SIGKILL)
				}
			}
		}
		return nil
	})
	// Subgroups must go before their parent; the walk above is top down.
	var dirs []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != dir {
			dirs = append(dirs, path)
		}
		return nil
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		_ = os.Remove(dirs[i])
	}
}

// counter returns the number behind name in a file of "name number" lines.
func counter(file, name string) uint64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) == 2 && string(f[0]) == name {
			n, _ := strconv.ParseUint(string(f[1]), 10, 64)
			return n
		}
	}
	return 0
}

// lockSpawner runs f on an OS thread that belongs to it for good and is not
// the main thread. PDEATHSIG is sent when the thread that forked ends, not
// the process; and the main thread owns the memory of the process, so that
// its membership in a trial's memory group would charge the guardian there.
func lockSpawner(f func()) {
	done := make(chan struct{})
	var run func()
	run = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			go run() // the main thread stays locked here meanwhile
			<-done
			return
		}
		defer close(done)
		f()
	}
	go run()
	<-done
}
