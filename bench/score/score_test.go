package score

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
)

func unit(string) (problem.Scale, error) { return problem.Scale{Best: 0, Reference: 1}, nil }

func trace(peer, task string, seed uint64, values ...float64) run.Trace {
	return run.Trace{Peer: peer, Task: task, Seed: seed, Incumbent: values, Seconds: run.Numbers{0.5, 1.5}}
}

func board(t *testing.T, traces ...run.Trace) *Board {
	t.Helper()
	b, err := NewBoard(traces, unit)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func example(t *testing.T) *Board {
	return board(t,
		trace("a", "x", 0, 0.8, 0.4, 0.2), trace("a", "x", 1, 0.6, 0.6, 0.4),
		trace("a", "y", 0, 1, 0.5), // ended early
		trace("b", "x", 0, 0.9, 0.9, 0.9), trace("b", "x", 1, math.NaN(), 0.7, 0.5),
		trace("b", "y", 0, 0.1, 0.1, 0.1),
		trace("c", "x", 0, 0, 0, 0),
	)
}

func TestRegret(t *testing.T) {
	b := example(t)
	for _, c := range []struct {
		peer, task string
		n          int
		want       float64
	}{
		{"a", "x", 1, 0.7}, {"a", "x", 3, 0.3}, {"a", "y", 3, 0.5}, {"b", "x", 1, 0.95}, {"b", "x", 3, 0.7},
	} {
		if got, _ := b.Regret(c.peer, c.task, c.n); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s on %s at %d: %v, want %v", c.peer, c.task, c.n, got, c.want)
		}
	}
	if got, seeds := b.Regret("c", "y", 1); !math.IsNaN(got) || seeds != 0 {
		t.Errorf("of what was not run: %v, %d", got, seeds)
	}
	if got, want := b.Anytime("a", "x", 3), (0.7+0.5+0.3)/3; math.Abs(got-want) > 1e-12 {
		t.Errorf("anytime %v, want %v", got, want)
	}
	if got := b.Mean("a", b.Tasks(), 3); math.Abs(got-0.4) > 1e-12 {
		t.Errorf("mean %v, want 0.4", got)
	}
	if b.Most() != 3 {
		t.Errorf("most %d", b.Most())
	}
}

func TestRanks(t *testing.T) {
	if d := cmp.Diff([]float64{1, 2.5, 4, 2.5}, ranks([]float64{0, 1, 5, 1})); d != "" {
		t.Error(d)
	}
	got := example(t).Ranks([]string{"a", "b"}, []string{"x", "y"}, 3)
	if d := cmp.Diff([]float64{1.5, 1.5}, got); d != "" {
		t.Error(d)
	}
}

func TestDifference(t *testing.T) {
	b := example(t)
	// On x: -0.7 with seed 0, -0.1 with seed 1; on y: 0.4.
	d, tasks := b.Difference("a", "b", 3)
	if tasks != 2 || math.Abs(d.Mean-0) > 1e-12 || d.Low != -0.4 && math.Abs(d.Low+0.4) > 1e-12 || math.Abs(d.High-0.4) > 1e-12 {
		t.Errorf("%+v on %d tasks", d, tasks)
	}
	if d, tasks := b.Difference("a", "c", 3); tasks != 1 || math.Abs(d.Mean-0.2) > 1e-12 {
		t.Errorf("with the seeds and tasks that both have: %+v on %d tasks", d, tasks)
	}
	other := board(t, trace("a", "x", 0, 1), trace("b", "y", 0, 1), trace("c", "x", 5, 1))
	for _, peer := range []string{"b", "c"} {
		if d, tasks := other.Difference("a", peer, 1); tasks != 0 || !math.IsNaN(d.Mean) {
			t.Errorf("without anything in common: %+v on %d tasks", d, tasks)
		}
	}
}

// The interval of a mean of n numbers is that of the normal approximation,
// where this holds.
func TestBootstrap(t *testing.T) {
	var ds []float64
	for i := range 200 {
		ds = append(ds, math.Sin(float64(7*i)))
	}
	got := Bootstrap(ds)
	mean, square := 0.0, 0.0
	for _, d := range ds {
		mean += d / 200
	}
	for _, d := range ds {
		square += (d - mean) * (d - mean) / 199
	}
	half := 1.96 * math.Sqrt(square/200)
	if math.Abs(got.Mean-mean) > 1e-12 || math.Abs(got.Low-(mean-half)) > 0.1*half || math.Abs(got.High-(mean+half)) > 0.1*half {
		t.Errorf("%+v, want about %v ± %v", got, mean, half)
	}
	if d := cmp.Diff(got, Bootstrap(ds)); d != "" {
		t.Errorf("another time:\n%s", d)
	}
}

func TestSolved(t *testing.T) {
	b := board(t, trace("a", "x", 0, 0.6, 0.25, 0), trace("a", "x", 1, 1, 1, 1))
	n := float64(2 * len(Targets))
	for k, want := range []float64{0, 2 / n, 0.5} {
		if got := b.Solved("a", b.Tasks(), k+1); math.Abs(got-want) > 1e-12 {
			t.Errorf("after %d: %v, want %v", k+1, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	b := example(t)
	mean, most := b.Seconds("a", b.Tasks())
	if mean != 1 || most != 1.5 {
		t.Errorf("mean %v, most %v", mean, most)
	}
	if mean, most := b.Seconds("nobody", b.Tasks()); !math.IsNaN(mean) || !math.IsNaN(most) {
		t.Errorf("of nobody: %v, %v", mean, most)
	}
}

// Runs of several trials at once are not mixed with those of one.
func TestParallelRunsAreApart(t *testing.T) {
	several := trace("a", "x", 0, 0.5)
	several.Parallel = 4
	b := board(t, trace("a", "x", 0, 1), several)
	if d := cmp.Diff([]string{"a", "a ×4"}, b.Peers()); d != "" {
		t.Error(d)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := NewBoard([]run.Trace{trace("a", "x", 0, 1), trace("a", "x", 0, 1)}, unit); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("twice the same: %v", err)
	}
	gone := errors.New("gone")
	if _, err := NewBoard([]run.Trace{trace("a", "x", 0, 1)}, func(string) (problem.Scale, error) { return problem.Scale{}, gone }); !errors.Is(err, gone) {
		t.Errorf("an unknown task: %v", err)
	}
	unknown := func(string) (problem.Scale, error) { return problem.Scale{Best: math.NaN(), Reference: 1}, nil }
	if _, err := NewBoard([]run.Trace{trace("a", "x", 0, 1)}, unknown); err == nil || !strings.Contains(err.Error(), "scale") {
		t.Errorf("a task without scale: %v", err)
	}
	if err := board(t).Report(&strings.Builder{}, Options{}); err == nil {
		t.Error("a report of nothing")
	}
	if err := example(t).Report(&strings.Builder{}, Options{Baseline: "z"}); err == nil {
		t.Error("a baseline that is not there")
	}
}

func TestReport(t *testing.T) {
	var w strings.Builder
	if err := example(t).Report(&w, Options{At: []int{1, 3}, Baseline: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| peer | seeds | regret at 1 | regret at 3 | anytime | rank at 3 | solved at 3 | mean s | max s |\n",
		"| a | 1–2 | 0.850 | 0.400 |",
		"| b | 1–2 | 0.525 | 0.400 |",
		"Run on some of the tasks only: c.",
		"| b | 2 | +0.325 (-0.250 to +0.900) | +0.000 (-0.400 to +0.400) |",
		"| c | 1 |",
		"## Share of targets solved, by trials",
		"| peer | 1 | 2 |\n",
		"## Regret at 3, by task",
		"| y | 0.500 | 0.100 | – |",
	} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, w.String())
		}
	}
	// A table has as many cells in every row.
	columns := 0
	for i, line := range strings.Split(w.String(), "\n") {
		n := strings.Count(line, "|")
		if n > 0 && columns > 0 && n != columns {
			t.Errorf("line %d has %d cells, the one before %d", i+1, n-1, columns-1)
		}
		columns = n
	}
}

// The default places are those of the longest trace.
func TestReportDefaults(t *testing.T) {
	var values []float64
	for i := range 50 {
		values = append(values, 1/float64(i+1))
	}
	var w strings.Builder
	if err := board(t, trace("a", "x", 0, values...)).Report(&w, Options{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(w.String(), "\n") {
		if rest, ok := strings.CutPrefix(line, "## Regret at "); ok {
			got = append(got, rest)
		}
	}
	if d := cmp.Diff([]string{"10, by task", "25, by task", "50, by task"}, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if strings.Contains(w.String(), fmt.Sprint(math.NaN())) {
		t.Errorf("there is a NaN in it:\n%s", w.String())
	}
}
