package simulate_test

import (
	"math"
	"testing"
	"time"

	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

func costSpace() *space.Space {
	return spacetest.Must(space.Spec{Params: []space.Param{
		{Name: "x", Kind: space.Float, High: 1},
		{Name: "width", Kind: space.Float, Low: 8, High: 512, Scale: space.Log},
		{Name: "kind", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b")}},
		{Name: "more", Kind: space.Float, High: 1, Branches: []space.Branch{{Parent: "kind", Values: []space.Value{value.String("b")}}}},
	}})
}

// timed is a study of n trials whose steps take rate(configuration, step)
// seconds, and every attempt startup more. Every third trial goes on in a second
// attempt, every fourth ends early, the last still runs.
func timed(t *testing.T, s *space.Space, n int, startup float64, rate func(c space.Config, step float64) float64) *study.History {
	t.Helper()
	b := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, &study.Fidelity{Step: "epoch", Min: 1, Max: 12})
	clock := 1e6
	at := func() time.Time { return time.Unix(0, int64(clock*1e9)) }
	for i := range n {
		c, err := s.Sample(study.Stream(5, i, "timed"))
		if err != nil {
			t.Fatal(err)
		}
		tr := &study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{1}}
		last, cut := 12.0, 99.0
		if i%3 == 0 {
			cut = 4
		}
		if i%4 == 1 {
			last, tr.State = 5, study.Pruned
		}
		a := study.Attempt{Number: 1, Started: at()}
		clock += startup
		for step := 1.0; step <= last; step++ {
			if step == cut+1 {
				a.Ended, a.Paid = at(), cut
				tr.Attempts = append(tr.Attempts, a)
				a = study.Attempt{Number: 2, Started: at()}
				clock += startup
			}
			clock += rate(c, step-0.5)
			tr.Reports = append(tr.Reports, study.Report{Step: step, Values: study.Metrics{{Name: "loss", Value: 1 / step}}, At: at(), Attempt: a.Number})
		}
		a.Ended, a.Paid = at(), last
		if a.Number == 2 {
			a.Paid -= cut
		}
		if i == n-1 {
			tr.State, tr.Values, a.Ended, a.Paid = study.Running, nil, time.Time{}, 0
		}
		tr.Attempts = append(tr.Attempts, a)
		b.Put(tr)
	}
	return b.History()
}

func at(c space.Config, name string) float64 {
	v, _ := c.Get(name)
	return v.AsFloat()
}

func kind(c space.Config) string {
	v, _ := c.Get("kind")
	return v.Text()
}

// What steps take is learned where it is known.
func TestLearn(t *testing.T) {
	s := costSpace()
	product := func(c space.Config, _ float64) float64 {
		r := 0.02 * at(c, "width")
		if kind(c) == "b" {
			r *= 3
		}
		return r
	}
	for _, c := range []struct {
		name    string
		trials  int
		startup float64
		rate    func(c space.Config, step float64) float64
		model   string
		within  float64 // of the predicted rate, as a part of it
		err     float64 // at most
	}{
		{"the same for all", 41, 3, func(space.Config, float64) float64 { return 0.5 }, "constant", 0.002, 1e-6},
		{"a product", 41, 3, product, "linear", 0.02, 0.03},
		{"a product that grows with the step", 41, 0, func(c space.Config, step float64) float64 { return product(c, step) * math.Sqrt(step) }, "linear", 0.06, 0.05},
		{"corners", 152, 1, func(c space.Config, _ float64) float64 {
			if (at(c, "x") > 0.5) == (at(c, "width") > 64) {
				return 4
			}
			return 0.5
		}, "forest", 1.5, 0.6},
		{"too few trials", 6, 2, product, "constant", 100, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := timed(t, s, c.trials, c.startup, c.rate)
			got, ok := simulate.Learn(h, s)
			if !ok || got.Model != c.model || got.Trials != c.trials-1 || got.Error > c.err {
				t.Fatalf("%v: %+v", ok, got)
			}
			if c.name != "too few trials" && math.Abs(got.Startup-c.startup) > 0.1+0.3*c.startup {
				t.Errorf("starting takes %v s, want %v", got.Startup, c.startup)
			}
			if !(got.Fastest <= got.PerStep*(1+1e-9) && got.PerStep <= got.Slowest*(1+1e-9)) {
				t.Errorf("from %v to %v, on average %v", got.Fastest, got.Slowest, got.PerStep)
			}
			missed, total := 0.0, 0.0
			for i := range 50 {
				cfg, err := s.Sample(study.Stream(99, i, "asked"))
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				for step := 2.0; step < 12; step += 0.01 {
					want += 0.01 * c.rate(cfg, step)
				}
				missed += math.Abs(math.Log(got.Time(cfg, 2, 12) / want))
				total++
			}
			if miss := missed / total; miss > c.within {
				t.Errorf("the time is missed by a factor of %v on average", math.Exp(miss))
			}
		})
	}
	if c, ok := simulate.Learn(timed(t, s, 2, 0, product), s); !ok || c.Trials != 1 || c.Error != 0 {
		t.Errorf("one trial has ended: %v, %+v", ok, c)
	}
	if c, ok := simulate.Learn(study.NewBook(s, nil, nil).History(), s); ok {
		t.Errorf("there is no trial, and steps take %+v", c)
	}
}

// Noise that no model can know is what it is said to miss, and the trials of a
// simulation have it.
func TestLearnNoise(t *testing.T) {
	s := costSpace()
	noise := func(c space.Config) float64 {
		return math.Exp(0.3 * study.Stream(uint64(at(c, "x")*1e15), 0, "noise").NormFloat64())
	}
	h := timed(t, s, 200, 0, func(c space.Config, _ float64) float64 { return 0.01 * at(c, "width") * noise(c) })
	got, ok := simulate.Learn(h, s)
	// The mean of |z| is 0.8.
	if want := math.Exp(0.3*0.8) - 1; !ok || got.Model != "linear" || math.Abs(got.Error-want) > 0.06 {
		t.Fatalf("%v: %+v, want an error of %v", ok, got, want)
	}
}

// Reports that come all at once at the end say nothing of when they were made;
// the attempt does.
func TestLearnFromAttempts(t *testing.T) {
	s := costSpace()
	b := study.NewBook(s, []study.Objective{{Metric: "loss"}}, nil)
	begin := time.Unix(1000, 0)
	for i := range 10 {
		c, err := s.Sample(study.Stream(1, i, "attempts"))
		if err != nil {
			t.Fatal(err)
		}
		tr := &study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{1},
			Attempts: []study.Attempt{{Number: 1, Started: begin, Ended: begin.Add(8 * time.Second), Paid: 4}}}
		for step := 1.0; step <= 4; step++ {
			tr.Reports = append(tr.Reports, study.Report{Step: step, Values: study.Metrics{{Name: "loss", Value: 1}}, At: begin.Add(8 * time.Second), Attempt: 1})
		}
		b.Put(tr)
	}
	if got, ok := simulate.Learn(b.History(), s); !ok || got.PerStep != 2 || got.Startup != 0 || got.Model != "constant" || got.Error > 1e-9 {
		t.Errorf("%v: %+v", ok, got)
	}
}

// A search that is previewed with what was learned takes as long as it would.
func TestPreviewWithCost(t *testing.T) {
	s := costSpace()
	rate := func(c space.Config, _ float64) float64 { return 0.02 * at(c, "width") }
	h := timed(t, s, 60, 3, rate)
	cost, ok := simulate.Learn(h, s)
	recorded, ok2 := simulate.Record(h, s)
	if !ok || !ok2 {
		t.Fatal("nothing was learned")
	}
	def := definition("fixed")
	def.Space, def.Fidelity, def.Objectives = s, h.Fidelity, h.Objectives
	def.Parallel, def.Stop = 1, study.Stop{Trials: 40}
	p := search(t, def, recorded)
	p.Cost = cost
	got, err := simulate.Preview(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	want, units := 0.0, 0.0
	for i := range 40 {
		c, err := s.Sample(study.Stream(def.Seed, i, study.PurposeSuggest))
		if first, has := s.Default(); i == 0 && has {
			c = first
		}
		if err != nil {
			t.Fatal(err)
		}
		steps := recorded.Program(i, c).End
		if steps == 0 {
			steps = 12
		}
		want += 3 + steps*rate(c, 1)
		units += steps
	}
	if got.Paid != units || math.Abs(got.Seconds-want) > 0.03*want || math.Abs(got.Busy-1) > 1e-9 {
		t.Errorf("%v units in %v s, busy %v; want %v in %v s", got.Paid, got.Seconds, got.Busy, units, want)
	}
	def.Stop = study.Stop{Time: study.Duration(want / 2 * float64(time.Second))}
	half, err := simulate.Preview(t.Context(), p)
	if err != nil || half.Trials < 15 || half.Trials > 26 || half.Seconds > 0.6*want {
		t.Errorf("in half the time %+v, %v", half, err)
	}
}

// Resampled curves are some of those recorded, others for other seeds.
func TestResample(t *testing.T) {
	s := costSpace()
	rec, ok := simulate.Record(timed(t, s, 30, 0, func(space.Config, float64) float64 { return 1 }), s)
	if !ok {
		t.Fatal("nothing was recorded")
	}
	differ := false
	for seed := range uint64(5) {
		a, b := rec.Resample(seed), rec.Resample(seed)
		if a.Len() != rec.Len() {
			t.Fatalf("%d of %d trials", a.Len(), rec.Len())
		}
		for i := range 20 {
			c, err := s.Sample(study.Stream(7, i, "asked"))
			if err != nil {
				t.Fatal(err)
			}
			if a.Program(i, c).End != b.Program(i, c).End {
				t.Fatalf("seed %d gives two samples", seed)
			}
			differ = differ || a.Program(i, c).End != rec.Program(i, c).End
		}
	}
	if !differ {
		t.Error("every sample is the whole")
	}
}
