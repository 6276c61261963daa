package rule

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func TestContract(t *testing.T) {
	for _, c := range []struct {
		name   string
		method func() schedule.Method
		values setting.Values
		warmup float64
	}{
		{"threshold", Threshold, nil, 0},
		{"patience", Patience, setting.Values{"reports": value.Int(2), "warmup": value.Float(3)}, 3},
		{"patience, then median", Patience, setting.Values{"reports": value.Int(0), "then": value.String("median")}, 0},
		{"bandit", Bandit, nil, 0},
		{"bandit, amount", Bandit, setting.Values{"slack_amount": value.Float(0.1), "delay_evaluation": value.Float(4), "evaluation_interval": value.Float(3)}, 4},
		{"truncation", Truncation, setting.Values{"delay_evaluation": value.Float(4), "evaluation_interval": value.Float(3)}, 4},
		{"wilcoxon", Wilcoxon, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := scheduletest.Options{Settings: c.values, Warmup: c.warmup, MaxObjectives: 1, Trials: 12}
			if c.name == "threshold" || c.name == "truncation" {
				o.MaxObjectives = 0
			}
			scheduletest.Run(t, c.method, o)
		})
	}
}

func TestTruncationOfTwoObjectives(t *testing.T) {
	scheduletest.Run(t, Truncation, scheduletest.Options{Objectives: 2, Trials: 9})
}

func objectives(g study.Goal) []study.Objective {
	return []study.Objective{{Metric: "y", Goal: g, Reduce: study.Reduction{Kind: "best"}}}
}

// curve is a trial that reports ys at steps 1, 2, ….
type curve struct {
	state study.State
	ys    []float64
}

func history(g study.Goal, f *study.Fidelity, curves ...curve) *study.History {
	b := study.NewBook(nil, objectives(g), f)
	for n, c := range curves {
		t := &study.Trial{Number: n, State: c.state}
		for i, y := range c.ys {
			t.Reports = append(t.Reports, study.Report{Step: float64(i + 1), Values: study.Metrics{{Name: "y", Value: y}}})
		}
		if c.state == study.Complete {
			t.Values = []float64{mean(c.ys)}
		}
		b.Put(t)
	}
	return b.History()
}

func newScheduler(t testing.TB, m func() schedule.Method, g study.Goal, v setting.Values) schedule.Scheduler {
	t.Helper()
	s, err := m().New(schedule.Problem{Objectives: objectives(g)}, v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJudge(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	done := func(ys ...float64) curve { return curve{study.Complete, ys} }
	running := func(ys ...float64) curve { return curve{study.Running, ys} }
	float := func(name string, x float64, more ...any) setting.Values {
		v := setting.Values{name: value.Float(x)}
		for i := 0; i < len(more); i += 2 {
			v[more[i].(string)] = value.Float(float64(more[i+1].(int)))
		}
		return v
	}
	for _, c := range []struct {
		name   string
		method func() schedule.Method
		values setting.Values
		goal   study.Goal
		others []curve
		trial  []float64
		want   bool
	}{
		{"threshold, inside", Threshold, float("upper", 5), study.Minimize, nil, []float64{5}, false},
		{"threshold, above", Threshold, float("upper", 5), study.Minimize, nil, []float64{5.1}, true},
		{"threshold, above whatever is wanted", Threshold, float("upper", 5), study.Maximize, nil, []float64{5.1}, true},
		{"threshold, below", Threshold, float("lower", 5), study.Minimize, nil, []float64{4.9}, true},
		{"threshold, only the newest counts", Threshold, float("upper", 5), study.Minimize, nil, []float64{6, 5}, false},
		{"threshold, NaN", Threshold, nil, study.Minimize, nil, []float64{nan}, true},
		{"threshold, infinite", Threshold, nil, study.Minimize, nil, []float64{inf}, true},
		{"threshold, NaN is allowed", Threshold, setting.Values{"finite": value.Bool(false)}, study.Minimize, nil, []float64{nan}, false},
		{"threshold, another metric", Threshold, setting.Values{"metric": value.String("z"), "upper": value.Float(0)}, study.Minimize, nil, []float64{5}, false},

		{"patience, at its end", Patience, float("reports", 2), study.Minimize, nil, []float64{1, 2, 2, 2}, true},
		{"patience, not yet", Patience, float("reports", 3), study.Minimize, nil, []float64{1, 2, 2, 2}, false},
		{"patience, as good as before", Patience, float("reports", 2), study.Minimize, nil, []float64{1, 2, 2, 1}, false},
		{"patience, not good enough", Patience, float("min_delta", 0.5, "reports", 0), study.Minimize, nil, []float64{1, 1.6}, true},
		{"patience, maximized", Patience, float("reports", 1), study.Maximize, nil, []float64{3, 2, 2}, true},

		// The example of Azure's documentation: the best is 0.8 when it is
		// maximized with a factor of 0.2, so trials below 0.8/1.2 end.
		{"bandit, maximized, within", Bandit, nil, study.Maximize, []curve{running(0.8)}, []float64{0.67}, false},
		{"bandit, maximized, behind", Bandit, nil, study.Maximize, []curve{running(0.8)}, []float64{0.66}, true},
		{"bandit, minimized, within", Bandit, nil, study.Minimize, []curve{done(1)}, []float64{1.2}, false},
		{"bandit, minimized, behind", Bandit, nil, study.Minimize, []curve{done(1)}, []float64{1.21}, true},
		{"bandit, amount", Bandit, float("slack_amount", 0.5), study.Minimize, []curve{done(-1)}, []float64{-0.4}, true},
		{"bandit, at equal steps", Bandit, nil, study.Minimize, []curve{done(3, 0.1)}, []float64{3}, false},
		{"bandit, its best counts", Bandit, nil, study.Minimize, []curve{done(1, 1)}, []float64{1, 9}, false},
		{"bandit, between evaluations", Bandit, float("evaluation_interval", 2), study.Minimize, []curve{done(1, 1, 1)}, []float64{9, 9, 9}, false},
		{"bandit, at an evaluation", Bandit, float("evaluation_interval", 2), study.Minimize, []curve{done(1, 1, 1)}, []float64{9, 9}, true},
		{"bandit, delayed", Bandit, float("delay_evaluation", 3), study.Minimize, []curve{done(1, 1, 1)}, []float64{9, 9}, false},
		{"bandit, nothing but NaN", Bandit, nil, study.Minimize, []curve{done(1)}, []float64{nan}, true},
		{"bandit, alone", Bandit, nil, study.Minimize, nil, []float64{9}, false},

		{"truncation, the worst of five", Truncation, nil, study.Minimize, []curve{done(1), done(2), running(3), done(4)}, []float64{5}, true},
		{"truncation, the last but one", Truncation, nil, study.Minimize, []curve{done(1), done(2), running(3), done(6)}, []float64{5}, false},
		{"truncation, too few", Truncation, nil, study.Minimize, []curve{done(1), done(2), running(3)}, []float64{5}, false},
		{"truncation, two of five", Truncation, float("truncation_percentage", 40), study.Minimize, []curve{done(1), done(2), running(3), done(6)}, []float64{5}, true},
		{"truncation, between evaluations", Truncation, float("evaluation_interval", 2, "min_trials", 1), study.Minimize, []curve{done(1), done(1), done(1), done(1)}, []float64{9}, false},

		// Three differences above 0 have a chance of 1/8, four of 1/16.
		{"wilcoxon, worse on three", Wilcoxon, nil, study.Minimize, []curve{done(1, 2, 3, 4)}, []float64{2, 4, 6}, false},
		{"wilcoxon, worse on four", Wilcoxon, nil, study.Minimize, []curve{done(1, 2, 3, 4)}, []float64{2, 4, 6, 8}, true},
		{"wilcoxon, maximized", Wilcoxon, nil, study.Maximize, []curve{done(1, 2, 3, 4)}, []float64{2, 4, 6, 8}, false},
		{"wilcoxon, worse than the best of all", Wilcoxon, nil, study.Minimize, []curve{done(9, 9, 9, 9), done(1, 2, 3, 4)}, []float64{2, 4, 6, 8}, true},
		{"wilcoxon, only the best counts", Wilcoxon, nil, study.Minimize, []curve{done(2, 3, 4, 5), {study.Failed, []float64{0, 0, 0, 0}}}, []float64{1, 2, 3, 4}, false},
		{"wilcoxon, better in the mean of what it has", Wilcoxon, nil, study.Minimize, []curve{done(1, 2, 3, 4, 90)}, []float64{2, 4, 6, 8}, false},
		{"wilcoxon, no best", Wilcoxon, nil, study.Minimize, nil, []float64{2, 4, 6, 8}, false},
		{"wilcoxon, not finite", Wilcoxon, nil, study.Minimize, []curve{done(1, 2, 3, 4)}, []float64{2, 4, 6, inf}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := history(c.goal, nil, append(c.others, running(c.trial...))...)
			got := newScheduler(t, c.method, c.goal, c.values).Judge(h, h.Trial(h.Len()-1))
			if (got == study.VerdictPrune) != c.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestLastStepIsLeftAlone(t *testing.T) {
	h := history(study.Minimize, &study.Fidelity{Min: 1, Max: 2}, curve{study.Running, []float64{1, math.NaN()}})
	if got := newScheduler(t, Threshold, study.Minimize, nil).Judge(h, h.Trial(0)); got != study.VerdictContinue {
		t.Errorf("got %s", got)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		method func() schedule.Method
		values setting.Values
		want   string
	}{
		{Threshold, setting.Values{"lower": value.Float(2), "upper": value.Float(1)}, "lower is 2 and upper 1"},
		{Bandit, setting.Values{"slack_factor": value.Float(1), "slack_amount": value.Float(1)}, "slack_factor and slack_amount"},
	} {
		_, err := c.method().New(schedule.Problem{Objectives: objectives(study.Minimize)}, c.values)
		if study.CodeOf(err) != study.Invalid || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// golden is what testdata/generate.py wrote.
type golden struct {
	Wilcoxon []struct {
		D []float64
		P float64
	}
	Decisions []struct {
		Kind      string
		Settings  map[string]float64
		Direction study.Goal
		Others    [][]float64
		Ys        []any
		Prune     bool
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// SciPy's p-values, one-sided, with zeros split; see testdata/generate.py.
func TestSignedRankIsSciPys(t *testing.T) {
	for i, c := range readGolden(t).Wilcoxon {
		if got := SignedRank(c.D); math.Abs(got-c.P) > 1e-12 {
			t.Errorf("case %d of %d differences: %v, want %v", i, len(c.D), got, c.P)
		}
	}
	if p := SignedRank(nil); p != 1 {
		t.Errorf("no differences: %v", p)
	}
	if p := SignedRank(make([]float64, 60)); p != 1 {
		t.Errorf("no difference among 60: %v", p)
	}
}

// Optuna's decisions where the rule is the same; see testdata/generate.py.
func TestDecisionsAreOptunas(t *testing.T) {
	methods := map[string]func() schedule.Method{"wilcoxon": Wilcoxon, "patience": Patience, "threshold": Threshold}
	for i, c := range readGolden(t).Decisions {
		values := setting.Values{}
		for name, x := range c.Settings {
			values[name] = value.Float(x)
		}
		var curves []curve
		for _, ys := range c.Others {
			curves = append(curves, curve{study.Complete, ys})
		}
		running := curve{state: study.Running}
		for _, y := range c.Ys {
			x, ok := y.(float64)
			if !ok {
				x = map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}[y.(string)]
			}
			running.ys = append(running.ys, x)
		}
		h := history(c.Direction, nil, append(curves, running)...)
		got := newScheduler(t, methods[c.Kind], c.Direction, values).Judge(h, h.Trial(h.Len()-1))
		if (got == study.VerdictPrune) != c.Prune {
			t.Errorf("case %d, %s %v: %s, Optuna prunes: %v", i, c.Kind, c.Settings, got, c.Prune)
		}
	}
}

// Sizes do not matter but by their order, and what speaks for one side speaks
// against the other: both tails hold what was seen, so they make at least 1.
func TestSignedRankProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1, -1, 2, -2, 3, 5, -7}), 1, 70).Draw(t, "d")
		p := SignedRank(d)
		cubes, negative := make([]float64, len(d)), make([]float64, len(d))
		for i, x := range d {
			cubes[i], negative[i] = x*x*x, -x
		}
		q := SignedRank(negative)
		if !(p > 0 && p <= 1) || p+q < 1-1e-12 {
			t.Fatalf("tails %v and %v", p, q)
		}
		if got := SignedRank(cubes); got != p {
			t.Fatalf("%v for the cubes, %v before", got, p)
		}
	})
}

// The envelope answers like a look at all reports, however they came.
func TestEnvelope(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := study.NewBook(nil, objectives(study.Minimize), nil)
		var e envelope
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			if b.Len() == 0 || rapid.IntRange(0, 4).Draw(t, "new") == 0 {
				b.Put(&study.Trial{Number: b.Len(), State: study.Running})
			}
			next := *b.Trial(rapid.IntRange(0, b.Len()-1).Draw(t, "trial"))
			y := rapid.SampledFrom([]float64{0, 1, 2, 3, 4, 5, math.NaN(), math.Inf(-1)}).Draw(t, "y")
			r := study.Report{Step: next.LastStep() + 1, Values: study.Metrics{{Name: "y", Value: y}}}
			if rapid.IntRange(0, 9).Draw(t, "again") == 0 {
				r.Step = 1
				next.Reports = []study.Report{r}
			} else {
				next.Reports = append(next.Reports, r)
			}
			b.Put(&next)
			h := b.History()
			e.update(h)
			for step := 0.5; step < 8; step++ {
				want := math.Inf(1)
				for tr := range h.All() {
					for _, r := range tr.Reports {
						if y := r.Values[0].Value; r.Step <= step && y < want && !math.IsInf(y, 0) {
							want = y
						}
					}
				}
				got, ok := e.at(step)
				if ok != !math.IsInf(want, 1) || ok && got != want {
					t.Fatalf("at step %v: %v, %v; want %v", step, got, ok, want)
				}
			}
		}
	})
}

// benchmark lets one of 1,000 running trials report before every decision,
// among 10,000 that have ended.
func benchmark(b *testing.B, m func() schedule.Method) {
	s := newScheduler(b, m, study.Minimize, nil)
	book := study.NewBook(nil, objectives(study.Minimize), nil)
	for n := range 11_000 {
		r := study.Stream(1, n, "benchmark")
		t := &study.Trial{Number: n, State: study.Running}
		for i := range 20 {
			t.Reports = append(t.Reports, study.Report{Step: float64(i + 1), Values: study.Metrics{{Name: "y", Value: r.Float64()}}})
		}
		if n < 10_000 {
			t.State, t.Values = study.Complete, []float64{r.Float64()}
		}
		book.Put(t)
	}
	s.Judge(book.History(), book.Trial(10_999))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		t := *book.Trial(10_000 + i%1000)
		if len(t.Reports) > 60 {
			t.Reports = t.Reports[:20:20]
		}
		t.Reports = append(t.Reports, study.Report{Step: t.LastStep() + 1, Values: t.Reports[i%20].Values})
		book.Put(&t)
		s.Judge(book.History(), &t)
		i++
	}
}

func BenchmarkThreshold(b *testing.B)  { benchmark(b, Threshold) }
func BenchmarkPatience(b *testing.B)   { benchmark(b, Patience) }
func BenchmarkBandit(b *testing.B)     { benchmark(b, Bandit) }
func BenchmarkTruncation(b *testing.B) { benchmark(b, Truncation) }
func BenchmarkWilcoxon(b *testing.B)   { benchmark(b, Wilcoxon) }
