// Package run measures search algorithms on problems.
//
// A run is one method on one task with one seed: the method is asked, the
// problem evaluated, and after every trial the true value of the configuration
// that looks best so far is noted, together with the seconds that the answer
// took. Runs are simulated studies (see package suggesttest), so methods see
// exactly the histories that a real study shows them, with any number of
// trials at once. Everything but the seconds is a function of method, task,
// seed and budget.
//
// Where tasks have steps of training, a scheduler is measured together with the
// search algorithm: on the virtual clock of package simulate, by what the steps
// cost, by the same code that decides for real.
//
// [One] and [Fidelity] make one [Trace]; [All] makes many on all processors. Traces are kept
// as JSON lines, which [Read] reads; package score judges them.
package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Trace is what one run gave. Its JSON is one line.
type Trace struct {
	// Peer names the method, with what was set; Version is its version.
	Peer    string `json:"peer"`
	Version string `json:"version"`
	Task    string `json:"task"`
	Seed    uint64 `json:"seed"`
	Budget  int    `json:"budget"`
	// Parallel is how many trials ran at once, where it was more than one.
	Parallel int `json:"parallel,omitempty"`
	// Fidelity says that a scheduler was at work: Budget counts whole
	// trainings, and Incumbent has an entry at each hundredth of what they
	// cost; see [Fidelity].
	Fidelity bool `json:"fidelity,omitempty"`
	// Clock is what the seconds were counted by: "" or wall, or cpu.
	Clock string `json:"clock,omitempty"`
	// Incumbent has, after each trial that ended, the noise-free value of the
	// configuration with the best observed value so far; NaN as long as there
	// is none that is feasible. Of several objectives it is the negated
	// hypervolume of all so far. A run ends early where a space is exhausted.
	Incumbent Numbers `json:"incumbent_true_value"`
	// Decisions, of a trace by steps of training, has the seconds that search
	// algorithm and scheduler together have taken up to each entry of Incumbent.
	Decisions Numbers `json:"decision_seconds,omitempty"`
	// Seconds has what each trial's suggestion took; of those that were asked
	// for together, each has its part.
	Seconds Numbers `json:"suggest_seconds"`
}

// Numbers is a list of floats whose JSON has null for NaN.
type Numbers []float64

// MarshalJSON implements [json.Marshaler].
func (n Numbers) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, x := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, x, 'g', -1, 64)
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Numbers) UnmarshalJSON(b []byte) error {
	var list []*float64
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*n = make(Numbers, len(list))
	for i, x := range list {
		(*n)[i] = math.NaN()
		if x != nil {
			(*n)[i] = *x
		}
	}
	return nil
}

// maxLine bounds a line of a file of traces.
const maxLine = 64 << 20

// Read reads traces, one a line; empty lines are passed over. The error names
// the line.
func Read(r io.Reader) ([]Trace, error) {
	var out []Trace
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var t Trace
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if t.Peer == "" || t.Task == "" || len(t.Incumbent) == 0 {
			return nil, fmt.Errorf("line %d is no trace: it needs peer, task and incumbent_true_value", n)
		}
		out = append(out, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return out, nil
}

// Write appends t to w as a line.
func Write(w io.Writer, t Trace) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
