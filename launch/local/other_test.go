//go:build !linux

package local

// playMini is for the tests of guardians, which are Linux only.
func playMini() {}
