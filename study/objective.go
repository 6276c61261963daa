package study

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Goal is the direction of an objective.
type Goal string

// The goals.
const (
	Minimize Goal = "minimize"
	Maximize Goal = "maximize"
)

// Reduction says how the reports of one trial become its one value: the best
// of them, the last, or the mean of all or the last n. The zero Reduction is the
// last.
type Reduction struct {
	Kind   string // "best", "last" or "mean"
	Window int    // of "mean": how many of the last reports; 0: all
}

// String returns the reduction as study files write it: best, last, mean,
// mean(last,5).
func (r Reduction) String() string {
	if r.Kind == "mean" && r.Window > 0 {
		return "mean(last," + strconv.Itoa(r.Window) + ")"
	}
	return r.Kind
}

// ParseReduction reads what [Reduction.String] writes.
func ParseReduction(s string) (Reduction, error) {
	t := strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	switch t {
	case "best", "last", "mean":
		return Reduction{Kind: t}, nil
	}
	if rest, ok := strings.CutPrefix(t, "mean(last,"); ok {
		if digits, ok := strings.CutSuffix(rest, ")"); ok {
			if n, err := strconv.Atoi(digits); err == nil && n >= 1 && n <= 1_000_000 {
				return Reduction{Kind: "mean", Window: n}, nil
			}
		}
	}
	return Reduction{}, fmt.Errorf("%q is no way to reduce a trial's reports; use best, last, mean or mean(last,N)", s)
}

// MarshalJSON writes the reduction as its text.
func (r Reduction) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

// UnmarshalJSON reads the reduction's text.
func (r *Reduction) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	got, err := ParseReduction(s)
	*r = got
	return err
}

// Objective is a metric to make small or large.
type Objective struct {
	Metric string    `json:"metric"`
	Goal   Goal      `json:"goal"`
	Reduce Reduction `json:"reduce,omitzero"`
	// Threshold is the value that is good enough (several objectives: the
	// reference point); nil: none.
	Threshold *float64 `json:"threshold,omitempty"`
}

// Better reports whether a is better than b. NaN is worse than everything.
func (o Objective) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a):
		return false
	case math.IsNaN(b):
		return true
	case o.Goal == Maximize:
		return a > b
	default:
		return a < b
	}
}

// Loss returns x with the sign that makes smaller better.
func (o Objective) Loss(x float64) float64 {
	if o.Goal == Maximize {
		return -x
	}
	return x
}

// Value reduces the reports of a trial to the objective's value; false where
// no report has the metric. NaN reports are passed over by best and mean as
// long as there are others. Reports must be in order of step.
func (o Objective) Value(reports []Report) (float64, bool) {
	best, last, seen := math.NaN(), math.NaN(), false
	for _, r := range reports {
		x, ok := r.Values.Get(o.Metric)
		if !ok {
			continue
		}
		seen = true
		last = x
		if o.Better(x, best) {
			best = x
		}
	}
	switch {
	case !seen:
		return 0, false
	case o.Reduce.Kind == "best":
		return best, true
	case o.Reduce.Kind == "mean":
		return o.mean(reports), true
	default:
		return last, true
	}
}

// mean is the mean of the last Window reports that have the metric, or all.
func (o Objective) mean(reports []Report) float64 {
	sum, n, left := 0.0, 0, o.Reduce.Window
	if left == 0 {
		left = len(reports)
	}
	for i := len(reports) - 1; i >= 0 && left > 0; i-- {
		x, ok := reports[i].Values.Get(o.Metric)
		if !ok {
			continue
		}
		left--
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}
