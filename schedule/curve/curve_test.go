package curve

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// The suite asks a fresh scheduler at every event, which fits all curves, so
// trials are few; the short scenarios suffice for the quick one.
func TestContract(t *testing.T) {
	t.Run("defaults", func(t *testing.T) {
		scheduletest.Run(t, Method, scheduletest.Options{Warmup: 2.7, MaxObjectives: 1, Trials: 9})
	})
	t.Run("quick to prune", func(t *testing.T) {
		scheduletest.Run(t, Method, scheduletest.Options{Warmup: 6, MaxObjectives: 1, Trials: 11,
			Settings: setting.Values{"chance": value.Float(0.4), "keep": value.Int(1), "warmup": value.Float(6)},
			Skip:     func(c scheduletest.Scenario) bool { return c.Name != "noise" && c.Name != "later trials worse" },
		})
	})
}

// Curves that are of a family, with little noise, are continued to their end
// from half of it, with what others of the kind have taught.
func TestFitFindsTheEnd(t *testing.T) {
	for i := range families {
		m := &families[i]
		t.Run(m.name, func(t *testing.T) {
			s := samples{first: math.Log(1.0 / 50)}
			for step := 1.0; step <= 50; step++ {
				s.xs = append(s.xs, math.Log(step/50))
			}
			s.ys = make([]float64, 50)
			p, q := m.center[0]+0.3, m.center[1]+0.1
			m.u(s.ys, s.xs, s.first, p, q)
			for k := range s.ys {
				s.ys[k] = 0.4 + 0.8*s.ys[k]
			}
			whole := m.solve(s, weak(m, s), 0, 1)
			if !whole.ok || math.Abs(whole.theta[0]-0.4) > 1e-3 || math.Abs(whole.theta[1]-0.8) > 1e-3 || whole.rss > 1e-5 {
				t.Errorf("whole curve: %+v", whole)
			}
			half := samples{xs: s.xs[:25], ys: s.ys[:25], first: s.first}
			pr := weak(m, s)
			part := m.solve(half, pr, 1e-4, 1)
			if !part.ok || math.Abs(part.theta[0]-0.4) > 0.05 {
				t.Errorf("half of it: %+v", part)
			}
			if part.variance <= whole.variance {
				t.Errorf("half of a curve knows its end to %v, the whole to %v", part.variance, whole.variance)
			}
		})
	}
}

// Whatever is fitted, the end is finite or the fit is not used.
func TestFitNeverGoesAstray(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 20).Draw(t, "n")
		s := samples{first: math.Log(1.0 / 30)}
		for k := range n {
			s.xs = append(s.xs, math.Log(float64(k+1)/30))
			s.ys = append(s.ys, rapid.OneOf(rapid.Float64Range(-3, 3), rapid.SampledFrom([]float64{0, 1e6, -1e6})).Draw(t, "y"))
		}
		for i := range families {
			f := families[i].solve(s, weak(&families[i], s), rapid.SampledFrom([]float64{0, 0.01, 1}).Draw(t, "noise"), 1)
			if f.ok && (math.IsNaN(f.theta[0]) || math.IsInf(f.theta[0], 0) || !(f.variance > 0)) {
				t.Fatalf("%s: %+v", families[i].name, f)
			}
		}
	})
}

func TestSolveFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, maxParams).Draw(t, "n")
		var a mat
		for i := range n {
			for j := range n {
				x := rapid.Float64Range(-2, 2).Draw(t, "x")
				for k := range n { // a sum of squares, plus 1 on the diagonal
					a[i][k] += x * rapidFixed(j, k)
				}
			}
		}
		var b mat
		for i := range n {
			for j := range n {
				for k := range n {
					b[i][j] += a[i][k] * a[j][k]
				}
			}
			b[i][i]++
		}
		inv, ok := inverse(&b, n)
		if !ok {
			t.Fatal("not positive definite")
		}
		for i := range n {
			for j := range n {
				sum, want := 0.0, 0.0
				for k := range n {
					sum += b[i][k] * inv[k][j]
				}
				if i == j {
					want = 1
				}
				if math.Abs(sum-want) > 1e-9 {
					t.Fatalf("entry %d, %d of the product is %v", i, j, sum)
				}
			}
		}
	})
	if _, ok := solveFor(&mat{{1, 2}, {2, 1}}, vec{1, 1}, 2); ok {
		t.Error("an indefinite matrix has factors")
	}
}

// rapidFixed is a matrix without a pattern.
func rapidFixed(j, k int) float64 { return math.Sin(float64(1 + 7*j + 3*k)) }

var whole = &study.Fidelity{Min: 1, Max: 50}

// history holds complete trials that fall as a power to each of ends, and a
// last one that runs and has reported so much of a curve.
func history(ends []float64, steps int, curve func(step float64) float64) *study.History {
	b := study.NewBook(nil, []study.Objective{{Metric: "y", Goal: study.Minimize}}, whole)
	put := func(state study.State, steps int, curve func(float64) float64) {
		t := &study.Trial{Number: b.Len(), State: state}
		for s := 1.0; s <= float64(steps); s++ {
			noise := 0.002 * study.Stream(3, b.Len()*1000+int(s), "noise").NormFloat64()
			t.Reports = append(t.Reports, study.Report{Step: s, Values: study.Metrics{{Name: "y", Value: curve(s) + noise}}})
		}
		if state == study.Complete {
			t.Values = []float64{t.Reports[steps-1].Values[0].Value}
		}
		b.Put(t)
	}
	for _, end := range ends {
		put(study.Complete, 50, falling(end))
	}
	put(study.Running, steps, curve)
	return b.History()
}

func falling(end float64) func(float64) float64 {
	return func(s float64) float64 { return end + 0.5*math.Pow(s, -0.7) }
}

func TestJudge(t *testing.T) {
	ends := []float64{0.3, 0.2, 0.35, 0.25, 0.4, 0.3, 0.28}
	slow := func(end float64) func(float64) float64 { // straight down to end
		return func(s float64) float64 { return 0.9 - (0.9-end)*s/50 }
	}
	for _, c := range []struct {
		name   string
		ends   []float64
		steps  int
		curve  func(float64) float64
		values setting.Values
		want   study.Verdict
	}{
		{"hopeless", ends, 10, falling(0.5), nil, study.VerdictPrune},
		{"promising", ends, 10, falling(0.1), nil, study.VerdictContinue},
		{"level", ends, 25, func(float64) float64 { return 0.45 }, nil, study.VerdictPrune},
		{"behind at its step, but falls on", ends, 35, slow(0.05), nil, study.VerdictContinue},
		{"before a tenth", ends, 4, falling(0.9), nil, study.VerdictContinue},
		{"after a tenth", ends, 5, falling(0.9), nil, study.VerdictPrune},
		{"a longer warm-up", ends, 10, falling(0.9), setting.Values{"warmup": value.Float(11)}, study.VerdictContinue},
		{"few complete", ends[:4], 10, falling(0.9), nil, study.VerdictContinue},
		{"three are not better", ends[:5], 10, falling(0.33), setting.Values{"keep": value.Int(5)}, study.VerdictContinue},
		{"the last step", ends, 50, falling(0.9), nil, study.VerdictContinue},
		{"its value is not a number", ends, 10, func(float64) float64 { return math.NaN() }, nil, study.VerdictContinue},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := history(c.ends, c.steps, c.curve)
			s, err := Method().New(schedule.Problem{Objectives: h.Objectives, Fidelity: whole}, c.values)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Judge(h, h.Trial(h.Len()-1)); got != c.want {
				p := &s.(*scheduler).pool
				t.Errorf("got %s; the chance is %v", got, p.chance(clean(h.Objectives[0], h.Trial(h.Len()-1).Reports)))
			}
		})
	}
}

// An instance that has followed a study of more curves than it keeps thinks
// what a new one thinks.
func TestLongStudy(t *testing.T) {
	var ends []float64
	for n := range window + 10 {
		ends = append(ends, study.Stream(9, n, "ends").Float64())
	}
	full := history(ends, 10, falling(0.2))
	b := study.NewBook(nil, full.Objectives, whole)
	old := pool{max: whole.Max, min: whole.Min}
	rs := clean(full.Objectives[0], full.Trial(full.Len()-1).Reports)
	for n := range ends {
		b.Put(full.Trial(n))
		h := b.History()
		old.update(h)
		if n < scaleCurves || n%8 > 0 {
			continue
		}
		fresh := pool{max: whole.Max, min: whole.Min}
		fresh.update(h)
		if got, want := old.chance(rs), fresh.chance(rs); got != want {
			t.Fatalf("after %d curves the chance is %v, to a new instance %v", n+1, got, want)
		}
	}
	if len(old.recent) != window {
		t.Errorf("%d curves are kept", len(old.recent))
	}
}

func TestNewRefuses(t *testing.T) {
	one := []study.Objective{{Metric: "y", Goal: study.Minimize}}
	if _, err := Method().New(schedule.Problem{Objectives: one}, nil); study.CodeOf(err) != study.Invalid {
		t.Errorf("without a fidelity: %v", err)
	}
}

// Curves that differ in end, speed and shape, with noise: what is pruned at 5 %
// would hardly ever have become the best, the best of all is found, and most of
// the resource saved.
func TestPrunedTrialsWouldNotHaveWon(t *testing.T) {
	end := func(n int) float64 { return study.Stream(5, n, "end").Float64() }
	pruned, wrong, found, paid := 0, 0, 0, 0.0
	const studies, trials = 4, 60
	for k := range studies {
		d := scheduletest.Setup{Fidelity: whole, Trials: trials, Workers: 4,
			Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize}},
			Program: func(n int, _ space.Config) scheduletest.Program {
				n += 1000 * k
				r := study.Stream(5, n, "shape")
				final, rate, scale := end(n), 0.4+r.Float64(), 0.3+r.Float64()
				power := r.Float64() < 0.5
				return scheduletest.Program{Value: func(s float64) float64 {
					y := scale * math.Exp(-s*rate/10)
					if power {
						y = scale * (math.Pow(s, -rate) - math.Pow(50, -rate))
					}
					return final + y + 0.01*study.Stream(uint64(n), int(s), "noise").NormFloat64()
				}}
			}}
		s, err := Method().New(d.Problem(), nil)
		if err != nil {
			t.Fatal(err)
		}
		result, err := scheduletest.Simulate(s, d)
		if err != nil {
			t.Fatal(err)
		}
		paid += result.Paid
		first := 0
		best := math.Inf(1) // of those that are complete when another is pruned
		for _, e := range result.Events {
			switch {
			case e.Kind != study.EventEnded:
			case e.State == study.Complete:
				best = math.Min(best, e.Objectives[0])
			case e.State == study.Pruned:
				pruned++
				if end(e.Trial+1000*k) < best {
					wrong++
				}
			}
			if end(e.Trial+1000*k) < end(first+1000*k) {
				first = e.Trial
			}
		}
		if result.Log.Book.Trial(first).State == study.Complete {
			found++
		}
	}
	if pruned < studies*trials/2 || wrong > pruned/20 {
		t.Errorf("%d of %d trials were pruned, %d of them wrongly", pruned, studies*trials, wrong)
	}
	if found < studies-1 {
		t.Errorf("the best of all is complete in %d of %d studies", found, studies)
	}
	if full := float64(studies * trials * 50); paid > full/2 {
		t.Errorf("%v of %v units were paid", paid, full)
	}
	t.Logf("%d pruned, %d wrongly, %v of %v units", pruned, wrong, paid, studies*trials*50)
}
