package sqlite

// The points at which [Options.Fault] is called, in the order of a commit.
// Whoever dies at one of them must find, on opening the store again, nothing
// of the transactions up to FaultCommit, and all of them at FaultAcknowledge.
const (
	FaultBegin       = "begin"       // before the transaction begins
	FaultWrite       = "write"       // after events and trials were written
	FaultCommit      = "commit"      // right before it is committed and synced
	FaultAcknowledge = "acknowledge" // after that, before anybody is told
)

// Faults returns the fault points in the order of a commit.
func Faults() []string {
	return []string{FaultBegin, FaultWrite, FaultCommit, FaultAcknowledge}
}
