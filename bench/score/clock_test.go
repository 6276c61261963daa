package score

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/bench/run"
)

// Two whole trainings of 100 s. A hundredth of the budget is 2 s; decisions
// take a second each, so that at the k-th hundredth 3k seconds are over.
func TestCharged(t *testing.T) {
	tr := run.Trace{Peer: "a", Task: "x", Budget: 2, Fidelity: true}
	for k := range run.Marks {
		tr.Incumbent = append(tr.Incumbent, 1-float64(k+1)/run.Marks)
		tr.Decisions = append(tr.Decisions, float64(k+1))
	}
	parallel := tr
	parallel.Parallel = 2 // a hundredth is 1 s: 2k seconds are over
	silent := tr
	silent.Peer, silent.Decisions = "silent", nil
	b := board(t, tr, parallel, silent)
	for _, c := range []struct {
		peer     string
		n        int
		training time.Duration
		want     float64
	}{
		{"a", 30, 100 * time.Second, 0.8}, {"a", 100, 100 * time.Second, 1 - 0.67}, {"a", 1, 100 * time.Second, 0.99},
		{"a", 100, 100 * time.Hour, 0}, {"a", 100, time.Millisecond, 1},
		{"a ×2", 30, 100 * time.Second, 0.85},
		{"silent", 30, 100 * time.Second, math.NaN()},
	} {
		got := b.Charged(c.peer, b.Tasks(), c.n, c.training)
		if !(math.Abs(got-c.want) < 1e-9) && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s at %d, a training takes %v: %v, want %v", c.peer, c.n, c.training, got, c.want)
		}
	}
	if got := b.Decided("a", b.Tasks()); got != 100 {
		t.Errorf("all decisions took %v", got)
	}
	var out strings.Builder
	if err := b.Report(&out, Options{At: []int{30}, Trainings: []time.Duration{100 * time.Second}}); err != nil {
		t.Fatal(err)
	}
	if want := "| peer | seconds of decisions | 1m40s: at 30 |\n| --- | ---: | ---: |\n| a | 1e+02 | 0.800 |\n| a ×2 | 1e+02 | 0.850 |\n\n"; !strings.Contains(out.String(), want) {
		t.Errorf("the report lacks\n%s\nit is\n%s", want, out.String())
	}
}

func TestByTime(t *testing.T) {
	// Suggestions take 0.5 s and 1.5 s.
	b := board(t, trace("a", "x", 0, 0.8, 0.4), trace("a", "x", 1, 0.6, 0.2), trace("a", "y", 0, 1, 0.5))
	for _, c := range []struct {
		cost, at time.Duration
		want     AfterTime
	}{
		{0, 400 * time.Millisecond, AfterTime{Regret: 1}},
		{0, 500 * time.Millisecond, AfterTime{Regret: 0.85, Trials: 1}},
		{0, 2 * time.Second, AfterTime{Regret: 0.4, Trials: 2, Over: true}},
		{time.Second, 2 * time.Second, AfterTime{Regret: 0.85, Trials: 1}},
		{time.Second, 4 * time.Second, AfterTime{Regret: 0.4, Trials: 2, Over: true}},
		{time.Minute, time.Minute, AfterTime{Regret: 1}},
	} {
		got := b.ByTime("a", b.Tasks(), c.cost, c.at)
		if math.Abs(got.Regret-c.want.Regret) > 1e-12 || math.Abs(got.Trials-c.want.Trials) > 1e-12 || got.Over != c.want.Over {
			t.Errorf("a trial takes %v, after %v: %+v, want %+v", c.cost, c.at, got, c.want)
		}
	}
}

func TestTimeReport(t *testing.T) {
	b := board(t, trace("a", "x", 0, 0.8, 0.4), trace("b", "x", 0, 0.3, 0.2), trace("b", "y", 0, 0.3, 0.2), trace("a", "y", 0, 0.2, 0.2), trace("c", "x", 0, 0, 0))
	var out strings.Builder
	if err := b.TimeReport(&out, []time.Duration{0, time.Minute}, []time.Duration{time.Second, time.Hour}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## A trial takes 0s\n\n| peer | seeds | 1s | 1h |\n| --- | ---: | ---: | ---: |\n| b | 1 | 0.300 (1) | ≤ 0.200 (2) |\n| a | 1 | 0.500 (1) | ≤ 0.300 (2) |\n",
		"## A trial takes 1m\n\n| peer | seeds | 1s | 1h |\n| --- | ---: | ---: | ---: |\n| b | 1 | – | ≤ 0.200 (2) |\n",
		"some of the tasks only: c.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks\n%s\nit is\n%s", want, out.String())
		}
	}
	silent := trace("a", "x", 0, 1, 1, 1)
	steps := trace("a", "x", 0, 1, 1)
	steps.Fidelity = true
	for want, b := range map[string]*Board{"no traces": board(t), "2 seconds of suggestions for 3 trials": board(t, silent), "by steps of training": board(t, steps)} {
		if err := b.TimeReport(&out, []time.Duration{0}, []time.Duration{time.Second}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

func TestLongest(t *testing.T) {
	of := func(peer, task string, seed uint64, budget int) run.Trace {
		return run.Trace{Peer: peer, Task: task, Seed: seed, Budget: budget}
	}
	got := Longest([]run.Trace{of("a", "x", 0, 50), of("a", "x", 0, 100), of("a", "y", 0, 50), of("b", "x", 1, 50), of("a", "x", 2, 100)})
	want := []run.Trace{of("a", "x", 0, 100), of("a", "y", 0, 50), of("b", "x", 1, 50), of("a", "x", 2, 100)}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 10 * time.Millisecond: "10ms", time.Second: "1s", 10 * time.Second: "10s", time.Minute: "1m", 10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Minute: "1h30m", 100 * time.Second: "1m40s",
	} {
		if got := brief(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
