//go:build unix

package launchtest

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func ownSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func dieOf(sig int) {
	signal.Reset()
	// The Go runtime catches some signals; the kernel delivers one of ours at
	// the latest when kill returns, so that select is not reached for them.
	_ = syscall.Kill(os.Getpid(), syscall.Signal(sig))
	select {}
}
