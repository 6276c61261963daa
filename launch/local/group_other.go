//go:build !unix

package local

import (
	"os"
	"os/exec"
)

const treeMeans = "the command's own process only"

func ownGroup(*exec.Cmd) {}

// terminateGroup kills: there is no way to ask.
func terminateGroup(p *os.Process) error { return p.Kill() }

func killGroup(p *os.Process) { _ = p.Kill() }

func signalOf(*os.ProcessState) string { return "" }

func maxRSS(*os.ProcessState) int64 { return 0 }
