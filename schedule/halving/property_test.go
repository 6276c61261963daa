package halving

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/internal/rung"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// plain is the rule of ASHA written down without any bookkeeping: from the
// highest rung down, the best of the top part that is paused there.
func plain(h *study.History, steps []float64, reduction float64) (trial int, until float64) {
	for k := len(steps) - 2; k >= 0; k-- {
		var there []*study.Trial
		for t := range h.All() {
			if t.LastStep() >= steps[k] {
				there = append(there, t)
			}
		}
		slices.SortStableFunc(there, func(a, b *study.Trial) int {
			x, y := plainLoss(h, a, steps[k]), plainLoss(h, b, steps[k])
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
		for _, t := range there[:int(float64(len(there))/reduction+1e-9)] {
			if t.State == study.Paused && t.Until == steps[k] {
				return t.Number, steps[k+1]
			}
		}
	}
	return -1, 0
}

func plainLoss(h *study.History, t *study.Trial, step float64) float64 {
	i := slices.IndexFunc(t.Reports, func(r study.Report) bool { return r.Step >= step })
	x, ok := h.Objectives[0].Value(t.Reports[:i+1])
	if x = h.Objectives[0].Loss(x); !ok || math.IsNaN(x) || math.IsInf(x, 0) {
		return math.Inf(1)
	}
	return x
}

// checked asks the plain rule, too.
type checked struct {
	schedule.Scheduler
	t         *rapid.T
	steps     []float64
	reduction float64
	resumes   int
}

func (c *checked) Next(h *study.History) schedule.Order {
	o := c.Scheduler.Next(h)
	trial, until := plain(h, c.steps, c.reduction)
	switch {
	case trial < 0 && o.Action != schedule.Start, trial >= 0 && (o.Action != schedule.Resume || o.Trial != trial || o.Until != until):
		c.t.Fatalf("order %+v, the plain rule says trial %d to %v", o, trial, until)
	}
	if o.Action == schedule.Resume {
		c.resumes++
	}
	return o
}

// setup draws a simulated study.
func setup(t *rapid.T) scheduletest.Setup {
	seed := rapid.Uint64().Draw(t, "seed")
	scenario := rapid.SampledFrom(scheduletest.Scenarios()).Filter(func(c scheduletest.Scenario) bool {
		return c.Name != "uneven steps and ends" // trials that end on a rung
	}).Draw(t, "scenario")
	f := &study.Fidelity{Min: 1, Max: float64(rapid.IntRange(2, 60).Draw(t, "max"))}
	return scheduletest.Setup{
		Fidelity: f, Seed: seed, Trials: rapid.IntRange(1, 60).Draw(t, "trials"),
		Workers: rapid.SampledFrom([]int{1, 4, 16, 64}).Draw(t, "workers"),
		Program: func(n int, c space.Config) scheduletest.Program {
			return scenario.Program(n+int(seed%1000), c, f.Max)
		},
	}
}

func make1(t *rapid.T, m schedule.Method, d scheduletest.Setup, v setting.Values) schedule.Scheduler {
	s, err := m.New(d.Problem(), v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPromotionIsThePlainRule(t *testing.T) {
	resumes := 0
	rapid.Check(t, func(t *rapid.T) {
		d := setup(t)
		p := d.Problem()
		p.Trials = 0 // no champion
		reduction := rapid.SampledFrom([]float64{2, 2.5, 3, 4}).Draw(t, "reduction")
		s, err := ASHA().New(p, setting.Values{"resume": value.Bool(rapid.Bool().Draw(t, "resume")),
			"mode": value.String("promotion"), "reduction": value.Float(reduction)})
		if err != nil {
			t.Fatal(err)
		}
		c := &checked{Scheduler: s, t: t, steps: foresight.Steps(*d.Fidelity, reduction), reduction: reduction}
		if _, err := scheduletest.Simulate(c, d); err != nil {
			t.Fatal(err)
		}
		resumes += c.resumes
	})
	if resumes == 0 {
		t.Error("nothing was promoted")
	}
}

// fair refuses promotions of a trial while a better one waits on the same rung
// of the same bracket.
type fair struct {
	schedule.Scheduler
	t *rapid.T
}

func (f fair) Next(h *study.History) schedule.Order {
	o := f.Scheduler.Next(h)
	if o.Action != schedule.Resume {
		return o
	}
	chosen := h.Trial(o.Trial)
	for t := range h.Open() {
		if t.State != study.Paused || t.Until != chosen.Until || t.Bracket != chosen.Bracket {
			continue
		}
		a, b := lossesAt(h, t, t.Until), lossesAt(h, chosen, t.Until)
		if pareto.Dominates(a, b) {
			f.t.Fatalf("trial %d with %v is promoted from step %v, while trial %d waits with %v", o.Trial, b, t.Until, t.Number, a)
		}
	}
	return o
}

func lossesAt(h *study.History, t *study.Trial, step float64) []float64 {
	i := slices.IndexFunc(t.Reports, func(r study.Report) bool { return r.Step >= step })
	var out []float64
	for _, o := range h.Objectives {
		out = append(out, rung.Loss(o, t.Reports[:i+1]))
	}
	return out
}

// Whatever the programs do, and whoever is free when: no trial is promoted
// before one that dominates it, none is given more than the fidelity or than
// it used, and where programs work at least one is trained to the end. That
// each promotion happens once, and nobody starves, [scheduletest.Simulate]
// makes sure of.
func TestPromotionsAreFairAndEndAtTheTop(t *testing.T) {
	list := []schedule.Method{Halving(), Hyperband(), DEHB(), ASHA(), PASHA()}
	rapid.Check(t, func(t *rapid.T) {
		d := setup(t)
		m := rapid.SampledFrom(list).Draw(t, "method")
		two := rapid.Bool().Draw(t, "two objectives")
		if two {
			d.Objectives = objectives(2)
			first := d.Program
			d.Program = func(n int, c space.Config) scheduletest.Program {
				p := first(n, c)
				share := study.Stream(d.Seed, n, "share").Float64()
				p.More = []func(float64) float64{func(s float64) float64 { return share - p.Value(s) }}
				return p
			}
		}
		resume := rapid.Bool().Draw(t, "resume")
		s := make1(t, m, d, setting.Values{"resume": value.Bool(resume)})
		result, err := scheduletest.Simulate(fair{s, t}, d)
		if err != nil {
			t.Fatal(err)
		}
		atEnd, healthy := false, true
		for n := range result.Log.Book.Len() {
			tr := result.Log.Book.Trial(n)
			atEnd = atEnd || tr.LastStep() >= d.Fidelity.Max
			p := d.Program(n, tr.Config)
			if p.LoseAt > 0 || p.FailAt > 0 {
				healthy = false
				continue
			}
			if resume && !p.Forgetful && result.PaidBy[n] > tr.Until {
				t.Fatalf("trial %d paid %v of %v", n, result.PaidBy[n], tr.Until)
			}
			if !tr.State.Ended() && tr.LastStep() != tr.Until {
				t.Fatalf("trial %d is %s at step %v of %v", n, tr.State, tr.LastStep(), tr.Until)
			}
		}
		if healthy && !atEnd {
			t.Fatalf("%s with %d trials: none was trained to the end", m.Name, d.Trials)
		}
	})
}

// Every bracket of Hyperband that was filled came to its planned numbers.
func TestHyperbandKeepsToItsTable(t *testing.T) {
	for _, workers := range []int{1, 4, 16, 64} {
		d := scheduletest.Setup{Fidelity: &study.Fidelity{Min: 1, Max: 81}, Trials: 2 * 143, Workers: workers,
			Program: func(n int, _ space.Config) scheduletest.Program {
				r := study.Stream(3, n, "hyperband")
				return scheduletest.Program{Value: scheduletest.Falling(r.Float64(), 5), Duration: 0.5 + r.Float64()}
			}}
		s, err := Hyperband().New(d.Problem(), setting.Values{"resume": value.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		result, err := scheduletest.Simulate(s, d)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]map[float64]int{}
		for n := range result.Log.Book.Len() {
			tr := result.Log.Book.Trial(n)
			if got[tr.Bracket] == nil {
				got[tr.Bracket] = map[float64]int{}
			}
			for _, at := range []float64{1, 3, 9, 27, 81} {
				if tr.Until >= at {
					got[tr.Bracket][at]++
				}
			}
		}
		table := [][]int{{81, 27, 9, 3, 1}, {34, 34, 11, 3, 1}, {15, 15, 15, 5, 1}, {8, 8, 8, 8, 2}, {5, 5, 5, 5, 5}}
		for b := 1; b <= 10; b++ {
			for k, at := range []float64{1, 3, 9, 27, 81} {
				if want := table[(b-1)%5][k]; got[b][at] != want {
					t.Errorf("%d workers, bracket %d: %d trials reach step %v, want %d", workers, b, got[b][at], at, want)
				}
			}
		}
	}
}

// population returns a history of paused and running trials, all of which have
// reached the lowest rung and, where they climb, one in three each next one.
func population(waiting, running, objectives_ int, climb bool) *study.Book {
	f := &study.Fidelity{Min: 1, Max: 81}
	b := study.NewBook(nil, objectives(objectives_), f)
	for n := range waiting + running {
		r := study.Stream(1, n, "population")
		t := &study.Trial{Number: n, State: study.Paused, Until: 1, Bracket: 1}
		for climb && t.Until < 81 && r.IntN(3) == 0 {
			t.Until *= 3
		}
		reached := t.Until
		if n >= waiting {
			t.State = study.Running
			reached = max(1, t.Until/3)
		}
		for s := 1.0; s <= reached; s++ {
			ms := study.Metrics{{Name: "y", Value: r.Float64()}}
			if objectives_ > 1 {
				ms = append(ms, study.Metric{Name: "z", Value: r.Float64()})
			}
			t.Reports = append(t.Reports, study.Report{Step: s, Values: ms})
		}
		b.Put(t)
	}
	return b
}

// bench lets one of 1,000 running trials report before every decision; 10,000
// others are paused.
func bench(b *testing.B, m schedule.Method, objectives_ int, v setting.Values) {
	book := population(10_000, 1_000, objectives_, true)
	s, err := m.New(schedule.Problem{Objectives: objectives(objectives_), Fidelity: book.Fidelity, Parallel: 1000}, v)
	if err != nil {
		b.Fatal(err)
	}
	s.Next(book.History())
	histories := make([]*study.History, 512)
	trials := make([]*study.Trial, len(histories))
	for i := range histories {
		t := *book.Trial(10_000 + i%1000)
		t.Reports = append(t.Reports[:len(t.Reports):len(t.Reports)], study.Report{Step: t.LastStep() + 1, Values: t.Reports[0].Values})
		book.Put(&t)
		histories[i], trials[i] = book.History(), book.Trial(t.Number)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		h := histories[i%len(histories)]
		s.Judge(h, trials[i%len(histories)])
		s.Next(h)
		i++
	}
}

func BenchmarkASHA(b *testing.B) { bench(b, ASHA(), 1, nil) }
func BenchmarkASHAPromotion(b *testing.B) {
	bench(b, ASHA(), 1, setting.Values{"resume": value.Bool(true)})
}
func BenchmarkASHATwo(b *testing.B)   { bench(b, ASHA(), 2, nil) }
func BenchmarkPASHA(b *testing.B)     { bench(b, PASHA(), 1, nil) }
func BenchmarkHyperband(b *testing.B) { bench(b, Hyperband(), 1, nil) }

// BenchmarkCrossing is a decision on a rung of 11,000 where one more trial has
// just come, at its dearest: with two objectives all fronts are made anew.
func BenchmarkCrossing(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			book := population(10_000, 1_000, n, false)
			s, err := ASHA().New(schedule.Problem{Objectives: objectives(n), Fidelity: book.Fidelity}, setting.Values{"resume": value.Bool(true)})
			if err != nil {
				b.Fatal(err)
			}
			s.Next(book.History())
			b.ReportAllocs()
			for b.Loop() {
				t := *book.Trial(10_000)
				t.Number = book.Len()
				book.Put(&t)
				h := book.History()
				s.Judge(h, &t)
				s.Next(h)
			}
		})
	}
}

// BenchmarkFirst is the first decision after a restart.
func BenchmarkFirst(b *testing.B) {
	h := population(10_000, 1_000, 1, true).History()
	for b.Loop() {
		s, err := ASHA().New(schedule.Problem{Objectives: h.Objectives, Fidelity: h.Fidelity}, nil)
		if err != nil {
			b.Fatal(err)
		}
		s.Next(h)
	}
}
