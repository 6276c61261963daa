//go:build !windows

package local

const needsExecBit = true

var exeSuffixes = []string{""}
