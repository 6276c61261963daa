package tpe_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/tpe"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, tpe.Method, suggesttest.Options{BatchEqual: true})
}

func TestContractOfOtherSettings(t *testing.T) {
	for name, vs := range map[string]setting.Values{
		"optuna5":       {"flavour": value.String("optuna5")},
		"optuna5 group": {"flavour": value.String("optuna5"), "group": value.Bool(true)},
		"watanabe":      {"flavour": value.String("watanabe")},
		"univariate":    {"multivariate": value.Bool(false), "weights": value.String("recent")},
		"refine":        {"refine": value.Int(10), "max_kernels": value.Int(16)},
		"weak prior":    {"prior_weight": value.Float(0.001), "n_startup_trials": value.Int(0), "consider_magic_clip": value.Bool(false)},
	} {
		t.Run(name, func(t *testing.T) {
			suggesttest.Run(t, tpe.Method, suggesttest.Options{Settings: vs, Trials: 24, Many: 60, Every: 5, BatchEqual: true,
				Skip: func(c suggesttest.Case) bool {
					return !slices.Contains([]string{"log scales", "choices", "priors", "tree of two levels", "if expressions", "tight constraint", "finite, tree"}, c.Name)
				}})
		})
	}
}

// tuned returns the mean of a score over a few studies.
func tuned(t *testing.T, m suggest.Method, vs setting.Values, d suggesttest.Setup, score func(*suggesttest.Result) float64) float64 {
	t.Helper()
	const seeds = 8
	sum := 0.0
	for seed := range seeds {
		s, err := m.New(suggest.Problem{Objectives: max(len(d.Objectives), 1)}, vs)
		if err != nil {
			t.Fatal(err)
		}
		d.Seed = uint64(seed)
		r, err := suggesttest.Drive(context.Background(), s, d)
		if err != nil {
			t.Fatal(err)
		}
		sum += score(r) / seeds
	}
	return sum
}

// A guard against losing what the method is for. The bounds are about twice
// what it reaches.
func TestFindsWhatRandomSearchDoesNot(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		bound, ok := map[string]float64{"flat floats": 0.002, "log scales": 0.002, "choices": 0.06, "tree of two levels": 0.13, "priors": 0.002}[c.Name]
		if !ok {
			continue
		}
		bowl := suggesttest.Bowl(c.Space)
		d := suggesttest.Setup{Space: c.Space, Trials: 80, Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{bowl(c)}}
		}}
		got := tuned(t, tpe.Method(), nil, d, (*suggesttest.Result).Best)
		drawn := tuned(t, random.Method(), nil, d, (*suggesttest.Result).Best)
		if !(got <= bound) || !(got <= drawn) {
			t.Errorf("%s: the mean best loss is %.5f, random search's %.5f, want at most %.5f", c.Name, got, drawn, bound)
		}
	}
}

func square() *space.Space {
	return suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1}, space.Param{Name: "y", Kind: space.Float, High: 1})
}

func xy(c space.Config) (x, y float64) { return c.At(0).AsFloat(), c.At(1).AsFloat() }

// The best value lies next to a region in which every trial fails.
func TestLearnsWhereTrialsFail(t *testing.T) {
	d := suggesttest.Setup{Space: square(), Trials: 80, Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
		x, y := xy(c)
		if x > 0.5 {
			return suggesttest.Outcome{State: study.Failed}
		}
		return suggesttest.Outcome{Values: []float64{math.Abs(x-0.5) + math.Abs(y-0.3)}}
	}}
	failures := func(r *suggesttest.Result) float64 {
		n := 0.0
		for u := range r.Log.Book.History().All() {
			if u.State == study.Failed {
				n++
			}
		}
		return n
	}
	learned := tuned(t, tpe.Method(), nil, d, failures)
	blind := tuned(t, tpe.Method(), setting.Values{"crash_region": value.Bool(false)}, d, failures)
	if learned > 40 || learned > 0.9*blind {
		t.Errorf("%.1f of 80 trials fail, %.1f where failures are not looked at", learned, blind)
	}
}

func TestKeepsToOutcomeConstraints(t *testing.T) {
	d := suggesttest.Setup{Space: square(), Trials: 60, Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
		x, y := xy(c)
		return suggesttest.Outcome{Values: []float64{-x - y}, Violations: []float64{x + y - 0.5}}
	}}
	got := tuned(t, tpe.Method(), nil, d, (*suggesttest.Result).Best)
	drawn := tuned(t, random.Method(), nil, d, (*suggesttest.Result).Best)
	if got > -0.49 || got > drawn {
		t.Errorf("the best allowed value is %.4f, random search's %.4f; the limit is -0.5", got, drawn)
	}
}

// Workers that are asked for at once have to spread out.
func TestRunningTrialsAreAvoided(t *testing.T) {
	spread := func(liar bool) float64 {
		s := square()
		bowl := suggesttest.Bowl(s)
		log, err := suggesttest.Fold(s, nil, suggesttest.Drawn(s, 40), func(_ int, c space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{bowl(c)}}
		})
		if err != nil {
			t.Fatal(err)
		}
		one, err := tpe.Method().New(suggest.Problem{Objectives: 1}, setting.Values{"constant_liar": value.Bool(liar)})
		if err != nil {
			t.Fatal(err)
		}
		h := log.Book.History()
		ps, err := one.Suggest(context.Background(), suggest.Request{History: h, N: 30, First: h.Len()})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, p := range ps {
			nearest := math.Inf(1)
			for j, q := range ps {
				if i != j {
					nearest = math.Min(nearest, s.Distance(p.Config, q.Config))
				}
			}
			sum += nearest / float64(len(ps))
		}
		return sum
	}
	if with, without := spread(true), spread(false); with < 1.2*without {
		t.Errorf("30 proposals are %.4f from their nearest; without constant liar %.4f", with, without)
	}
}

func TestSeveralObjectives(t *testing.T) {
	for _, goals := range [][]study.Goal{{study.Minimize, study.Maximize}, {study.Minimize, study.Maximize, study.Minimize}} {
		d := suggesttest.Setup{Space: square(), Trials: 60}
		for i, g := range goals {
			d.Objectives = append(d.Objectives, study.Objective{Metric: string(rune('a' + i)), Goal: g})
		}
		losses := func(c space.Config) []float64 {
			x, y := xy(c)
			return []float64{x*x + 3*(y-0.5)*(y-0.5), (x-1)*(x-1) + 3*(y-0.5)*(y-0.5), math.Abs(x - 0.5)}[:len(goals)]
		}
		d.Evaluate = func(_ int, c space.Config) suggesttest.Outcome {
			v := losses(c)
			v[1] = -v[1]
			return suggesttest.Outcome{Values: v}
		}
		volume := func(r *suggesttest.Result) float64 {
			var points [][]float64
			for u := range r.Log.Book.History().All() {
				points = append(points, losses(u.Config))
			}
			return pareto.Hypervolume(points, slices.Repeat([]float64{1.2}, len(goals)))
		}
		got, drawn := tuned(t, tpe.Method(), nil, d, volume), tuned(t, random.Method(), nil, d, volume)
		if got < drawn+0.02 {
			t.Errorf("%d objectives: hypervolume %.4f, random search's %.4f", len(goals), got, drawn)
		}
	}
}

// A branch that looks bad at first must not be given up.
func TestComesBackToBranches(t *testing.T) {
	param := func(name string) space.Param {
		return space.Param{Name: name, Kind: space.Float, High: 1, Branches: []space.Branch{{Parent: "model", Values: []space.Value{value.String("deep")}}}}
	}
	s := suggesttest.Space(
		space.Param{Name: "model", Kind: space.Choice, Choices: []space.Value{value.String("plain"), value.String("deep")}},
		param("a"), param("b"), param("c"))
	d := suggesttest.Setup{Space: s, Trials: 150, Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
		loss := 0.3
		if c.At(0).Text() == "deep" {
			loss = 0
			for i := 1; i < 4; i++ {
				loss += math.Abs(c.At(i).AsFloat() - 0.8)
			}
		}
		return suggesttest.Outcome{Values: []float64{loss}}
	}}
	if got := tuned(t, tpe.Method(), nil, d, (*suggesttest.Result).Best); got > 0.15 {
		t.Errorf("the mean best loss is %.3f; the plain branch has 0.3, the deep one 0", got)
	}
}
