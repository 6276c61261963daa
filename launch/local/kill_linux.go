package local

import (
	"errors"

	"golang.org/x/sys/unix"
)

// signalProc sends sig to exactly this process and not to another that got
// its number since.
func signalProc(p proc, sig unix.Signal) {
	if p.dead() {
		return
	}
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		// Kernels before 5.3, and some sandboxes, have no pidfd: a window of
		// a few microseconds remains there.
		if !errors.Is(err, unix.ESRCH) && same(p) {
			_ = unix.Kill(p.pid, sig)
		}
		return
	}
	defer unix.Close(fd)
	// The descriptor pins the process; the start time says that it is the one
	// that was meant.
	if same(p) {
		_ = unix.PidfdSendSignal(fd, sig, nil, 0)
	}
}

func same(p proc) bool {
	now, ok := readProc(p.pid)
	return ok && now.start == p.start
}

// killProcs is one pass over a tree. Process groups come first: the kernel
// signals a group at one instant, so that a chain of processes each of which
// forks and exits cannot run away between reading the list and killing. All
// groups of a trial are its own, because its command leads a session of its
// own and groups do not cross sessions; spared is the group of the caller.
func killProcs(list []proc) {
	own := unix.Getpgrp()
	done := make(map[int]bool)
	for _, p := range list {
		if p.pgrp > 1 && p.pgrp != own && !done[p.pgrp] && !p.dead() {
			done[p.pgrp] = true
			if now, ok := readProc(p.pid); ok && now.start == p.start && now.pgrp == p.pgrp {
				_ = unix.Kill(-p.pgrp, unix.SIGKILL)
			}
		}
	}
	for _, p := range list {
		signalProc(p, unix.SIGKILL)
	}
}

// alive counts the processes that are more than an exit status.
func alive(list []proc) []proc {
	out := make([]proc, 0, len(list))
	for _, p := range list {
		if !p.dead() {
			out = append(out, p)
		}
	}
	return out
}
