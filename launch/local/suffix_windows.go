package local

// Windows has no execute bit; what can be executed shows in the name.
const needsExecBit = false

var exeSuffixes = []string{"", ".exe", ".com", ".bat", ".cmd"}
