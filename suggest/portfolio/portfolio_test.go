package portfolio_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/portfolio"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// The shares of many trials are reached early, so that every method has turns
// and the slowest has few.
func TestContract(t *testing.T) {
	suggesttest.Run(t, portfolio.Method, suggesttest.Options{
		BatchEqual: true, Every: 8, Trials: 20, Many: 40,
		Settings: setting.Values{"few": value.Int(8), "startup": value.Int(4), "others": value.Float(0.6)},
	})
}

func drive(t *testing.T, m suggest.Method, v setting.Values, s *space.Space, trials, parallel int, seed uint64) *suggesttest.Result {
	t.Helper()
	bowl := suggesttest.Bowl(s)
	return driveOn(t, m, v, s, func(_ int, c space.Config) float64 { return bowl(c) }, trials, parallel, seed)
}

// dice is an objective that nothing can be learned of.
func dice(n int, _ space.Config) float64 { return study.Stream(1, n, "dice").Float64() }

func driveOn(t *testing.T, m suggest.Method, v setting.Values, s *space.Space, f func(int, space.Config) float64, trials, parallel int, seed uint64) *suggesttest.Result {
	t.Helper()
	one, err := m.New(suggest.Problem{Objectives: 1, Parallel: parallel, Trials: trials}, v)
	if err != nil {
		t.Fatal(err)
	}
	result, err := suggesttest.Drive(context.Background(), one, suggesttest.Setup{
		Space: s, Trials: trials, Parallel: parallel, Seed: seed,
		Evaluate: func(n int, c space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{f(n, c)}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestAutoBeatsRandomSearch(t *testing.T) {
	s := suggesttest.Wide(8)
	for _, parallel := range []int{1, 4} {
		ours, theirs := 0.0, 0.0
		for seed := range uint64(4) {
			ours += math.Log(drive(t, portfolio.Method(), nil, s, 50, parallel, seed).Best())
			theirs += math.Log(drive(t, random.Method(), nil, s, 50, parallel, seed).Best())
		}
		if !(ours < theirs-4*1.4) { // a quarter of the loss, on average
			t.Errorf("%d at once: mean logarithm of the best loss %v, of random search %v", parallel, ours/4, theirs/4)
		}
	}
}

// CMA-ES has a state that moves with its own trials. It has to know them again
// though they are the portfolio's.
func TestDistributionsMoveWithTheirOwnTrials(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, High: 1}, space.Param{Name: "y", Kind: space.Float, High: 1},
		space.Param{Name: "z", Kind: space.Float, High: 1})
	h := drive(t, portfolio.Method(), setting.Values{"few": value.Int(10)}, s, 200, 3, 1).Log.Book.History()
	count, last := 0, 0
	arms := map[string]int{}
	for trial := range h.All() {
		var note struct {
			Arm        string
			Generation *int
		}
		if err := json.Unmarshal([]byte(trial.Origin.Note), &note); err != nil {
			t.Fatal(err)
		}
		arms[note.Arm]++
		if note.Arm == "cmaes" && note.Generation != nil {
			count, last = count+1, *note.Generation
		}
	}
	// A generation is seven trials in three dimensions.
	if count < 40 || last < count/7-2 {
		t.Errorf("after %d trials of CMA-ES it is in generation %d (all arms: %v)", count, last, arms)
	}
	for _, arm := range []string{"bo", "tpe", "cmaes"} {
		if arms[arm] == 0 {
			t.Errorf("no trial of %s among 200", arm)
		}
	}
}

// What the portfolio believes and expects is what Gaussian processes do, with
// all trials.
func TestBeliefsAreThoseOfGaussianProcesses(t *testing.T) {
	s := suggesttest.Wide(4)
	h := drive(t, portfolio.Method(), nil, s, 30, 1, 2).Log.Book.History()
	type believer interface {
		suggest.Estimator
		suggest.Forecaster
	}
	of := func(m suggest.Method) believer {
		one, err := m.New(suggest.Problem{Objectives: 1, Parallel: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return one.(believer)
	}
	auto, alone := of(portfolio.Method()), of(bo.Method())
	c := h.Trial(3).Config
	mean, se, ok := auto.Estimate(h, c)
	mean2, se2, _ := alone.Estimate(h, c)
	if diff := cmp.Diff([][]float64{mean2, se2}, [][]float64{mean, se}); !ok || diff != "" {
		t.Errorf("estimate, known: %v (-bo +auto):\n%s", ok, diff)
	}
	r := suggest.Request{History: h, N: 1, First: h.Len(), Seed: 2}
	o, ok := auto.Forecast(t.Context(), r)
	o2, _ := alone.Forecast(t.Context(), r)
	if diff := cmp.Diff(o2, o); !ok || diff != "" {
		t.Errorf("outlook, known: %v (-bo +auto):\n%s", ok, diff)
	}
}

// A turn after the start is not spent on another method's start.
func TestOthersDoNotStartAnew(t *testing.T) {
	h := driveOn(t, portfolio.Method(), setting.Values{"others": value.Float(1)}, suggesttest.Wide(10), dice, 40, 1, 3).Log.Book.History()
	models := 0
	for trial := range h.All() {
		var note struct{ Arm, By string }
		if err := json.Unmarshal([]byte(trial.Origin.Note), &note); err != nil {
			t.Fatal(err)
		}
		switch start := trial.Number < 8; {
		case start && note.Arm != "bo":
			t.Errorf("trial %d is of %s", trial.Number, note.Arm)
		case !start && note.By == "sobol":
			t.Errorf("trial %d: %s", trial.Number, trial.Origin.Note)
		case note.By == "forest":
			models++
		}
	}
	if models == 0 {
		t.Error("the forest has never had a turn")
	}
}

// Where the processes foresee what comes they keep nearly all turns; where they
// are plainly wrong the others get theirs.
func TestOthersHaveTurnsWhereTheProcessesAreWrong(t *testing.T) {
	s := suggesttest.Wide(4)
	bowl := suggesttest.Bowl(s)
	for name, c := range map[string]struct {
		f           func(int, space.Config) float64
		least, most int // turns of others among the trials from 20 to 59, of two seeds
	}{
		"a bowl":       {func(_ int, c space.Config) float64 { return bowl(c) }, 0, 7},
		"nothing":      {dice, 10, 40},
		"a bowl again": {func(_ int, c space.Config) float64 { return math.Exp(50 * bowl(c)) }, 0, 9},
	} {
		others := 0
		for seed := range uint64(2) {
			for trial := range driveOn(t, portfolio.Method(), nil, s, c.f, 60, 1, seed).Log.Book.History().All() {
				var note struct{ Arm string }
				if err := json.Unmarshal([]byte(trial.Origin.Note), &note); err != nil {
					t.Fatal(err)
				}
				if trial.Number >= 20 && note.Arm != "bo" {
					others++
				}
			}
		}
		if others < c.least || others > c.most {
			t.Errorf("%s: %d turns of 80 are of others, want %d to %d", name, others, c.least, c.most)
		}
	}
}
