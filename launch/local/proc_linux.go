package local

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// proc is one process at one instant. Number and start time together name it
// for good; the number alone may be used again.
type proc struct {
	pid, ppid, pgrp, sid int
	start                uint64 // clock ticks after boot
	state                byte
}

// dead reports whether only the exit status is left of the process.
func (p proc) dead() bool { return p.state == 'Z' || p.state == 'X' }

// readProc returns the process, or false where there is none.
func readProc(pid int) (proc, bool) {
	var buf [1024]byte
	b := readSmall("/proc/"+strconv.Itoa(pid)+"/stat", buf[:])
	return parseStat(b)
}

// parseStat reads a line of /proc/PID/stat. The name of the program stands in
// parentheses and may hold any byte, so the fields are counted from the last
// closing one.
func parseStat(b []byte) (proc, bool) {
	open, end := bytes.IndexByte(b, ' '), bytes.LastIndexByte(b, ')')
	if open < 0 || end < 0 {
		return proc{}, false
	}
	var p proc
	var err error
	if p.pid, err = strconv.Atoi(string(b[:open])); err != nil {
		return proc{}, false
	}
	f := bytes.Fields(b[end+1:])
	if len(f) < 20 || len(f[0]) != 1 {
		return proc{}, false
	}
	p.state = f[0][0]
	for i, dst := range []*int{&p.ppid, &p.pgrp, &p.sid} {
		if *dst, err = strconv.Atoi(string(f[i+1])); err != nil {
			return proc{}, false
		}
	}
	if p.start, err = strconv.ParseUint(string(f[19]), 10, 64); err != nil {
		return proc{}, false
	}
	return p, true
}

// readSmall reads a file of /proc in one go, without the poller and the
// allocations of os.ReadFile: a sweep reads hundreds.
func readSmall(path string, buf []byte) []byte {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n := 0
	for n < len(buf) {
		k, err := unix.Read(fd, buf[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || k == 0 {
			break
		}
		n += k
	}
	return buf[:n]
}

// numbers returns the entries of a folder of /proc that are numbers.
func numbers(dir string) []int {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	out := make([]int, 0, len(names))
	for _, n := range names {
		if i, err := strconv.Atoi(n); err == nil {
			out = append(out, i)
		}
	}
	return out
}

// allProcs returns every process that can be seen.
func allProcs() []proc {
	pids := numbers("/proc")
	out := make([]proc, 0, len(pids))
	for _, pid := range pids {
		if p, ok := readProc(pid); ok {
			out = append(out, p)
		}
	}
	return out
}

// children returns the children of all threads of pid. The kernel's list may
// miss one while others come and go, so whoever must find all has to repeat.
// It is false on kernels without such lists.
func children(pid int) ([]proc, bool) {
	base := "/proc/" + strconv.Itoa(pid) + "/task/"
	var out []proc
	for _, tid := range numbers(base) {
		b, err := os.ReadFile(base + strconv.Itoa(tid) + "/children")
		if err != nil {
			if _, alive := readProc(pid); alive && os.IsNotExist(err) {
				if _, err := os.Stat(base + strconv.Itoa(tid)); err == nil {
					return nil, false
				}
			}
			continue
		}
		for _, f := range bytes.Fields(b) {
			c, err := strconv.Atoi(string(f))
			if err != nil {
				continue
			}
			// The number may be somebody else's by now: then it is not a
			// child of pid any more.
			if p, ok := readProc(c); ok && p.ppid == pid {
				out = append(out, p)
			}
		}
	}
	return out, true
}

// descendants returns the processes below pid, dead ones too, without those
// for which skip is true and what is below these. Parents precede children.
func descendants(pid int, skip func(pid int) bool) []proc {
	var out []proc
	next := []int{pid}
	for len(next) > 0 {
		p := next[0]
		next = next[1:]
		kids, ok := children(p)
		if !ok {
			return below(allProcs(), pid, skip)
		}
		for _, k := range kids {
			if skip == nil || !skip(k.pid) {
				out = append(out, k)
				next = append(next, k.pid)
			}
		}
	}
	return out
}

// below is descendants for a list of all processes.
func below(all []proc, pid int, skip func(pid int) bool) []proc {
	kids := make(map[int][]proc, len(all))
	for _, p := range all {
		kids[p.ppid] = append(kids[p.ppid], p)
	}
	var out []proc
	next := []int{pid}
	for len(next) > 0 {
		p := next[0]
		next = next[1:]
		for _, k := range kids[p] {
			if skip == nil || !skip(k.pid) {
				out = append(out, k)
				next = append(next, k.pid)
			}
		}
		delete(kids, p) // a list read while processes move may hold a circle
	}
	return out
}

// environ returns the environment a process was started with, as
// "NAME=value" ended by NUL each, or nil where it may not be read.
func environ(pid int) []byte {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return b
}

// envValue returns the value of name in an environment as environ gives it.
func envValue(env []byte, name string) (string, bool) {
	for e := range bytes.SplitSeq(env, []byte{0}) {
		if v, ok := bytes.CutPrefix(e, []byte(name)); ok && len(v) > 0 && v[0] == '=' {
			return string(v[1:]), true
		}
	}
	return "", false
}
