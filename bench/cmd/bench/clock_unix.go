//go:build unix

package main

import "syscall"

// processor returns the seconds that the processor has worked for this process,
// which other work on the machine does not lengthen.
func processor() (float64, bool) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9, true
}
