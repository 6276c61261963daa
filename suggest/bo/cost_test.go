package bo

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// ended puts a complete trial that took so many seconds into a book.
func ended(b *study.Book, c space.Config, loss, seconds float64, f *study.Fidelity) {
	start := time.Unix(1000, 0)
	t := &study.Trial{
		Number: b.Len(), State: study.Complete, Config: c, Values: []float64{loss},
		Attempts: []study.Attempt{{Number: 1, Started: start, Ended: start.Add(time.Duration(seconds * float64(time.Second)))}},
	}
	if f != nil {
		t.Attempts[0].Paid = f.Max
	}
	b.Put(t)
}

func costSpace(t *testing.T) *space.Space {
	t.Helper()
	s, err := space.New(space.Spec{Params: []space.Param{
		{Name: "x", Kind: space.Float, Low: 0, High: 1}, {Name: "size", Kind: space.Float, Low: 0, High: 1},
		{Name: "k", Kind: space.Choice, Choices: []space.Value{value.Int(1), value.Int(2), value.Int(3)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// costing is a study in which a trial takes 10 to the power of 2·size seconds.
func costing(s *space.Space, n int, alike bool) *study.Book {
	b := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, nil)
	for i := range n {
		c := s.Random(study.Stream(3, i, "costing"))
		x, size := c.At(0).AsFloat(), c.At(1).AsFloat()
		seconds := 30.0
		if !alike {
			seconds = math.Pow(10, 2*size)
		}
		ended(b, c, (x-0.4)*(x-0.4)-0.02*size, seconds, nil)
	}
	return b
}

func costly(t *testing.T, limit float64, cooling bool) *suggester {
	t.Helper()
	s, err := newSuggester(suggest.Problem{Objectives: 1, Parallel: 1, Budget: &suggest.Budget{Limit: limit}}, setting.Values{"cooling": value.Bool(cooling)})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*suggester)
}

// The process of the costs predicts them, and what it says falls out of the
// acquisition as the budget is spent.
func TestCostsAreLearned(t *testing.T) {
	s := costSpace(t)
	h := costing(s, 25, false).History()
	one := costly(t, 1000, true)
	one.follow(h)
	m := &one.model
	if m.costs.process == nil {
		t.Fatal("nothing was learned of the costs")
	}
	z, x := make([]float64, m.enc.len()), make([]float64, s.Len())
	for _, size := range []float64{0.1, 0.5, 0.9} {
		m.cube.Encode(s.Decode([]float64{0.5, size, 0.5}), x)
		m.enc.put(x, z)
		got := m.costs.mean + m.costs.value(nil, z, nil, 1)
		if want := 2 * size * math.Ln10; math.Abs(got-want) > 0.3 {
			t.Errorf("size %v: the logarithm of the cost is %v, want %v", size, got, want)
		}
	}
	spent := 0.0
	for i := range h.EndedLen() {
		spent += study.Seconds(h.Ended(i))
	}
	if got, want := m.costs.left(h), 1-spent/1000; math.Abs(got-want) > 1e-9 {
		t.Errorf("%v of the budget is left, want %v", got, want)
	}
	for name, other := range map[string]*suggester{"it is turned off": costly(t, 1000, false), "there is no budget": {o: one.o}} {
		other.follow(h)
		if other.model.costs.process != nil {
			t.Errorf("%s, and costs are learned", name)
		}
	}
	one.follow(costing(s, 25, true).History())
	if m.costs.process != nil {
		t.Error("costs are learned though they are alike")
	}
}

func TestCostGradient(t *testing.T) {
	s := costSpace(t)
	one := costly(t, 1000, true)
	one.follow(costing(s, 20, false).History())
	m := &one.model
	a := acquisition{kind: improvement, cost: &m.costs, cool: 0.6}
	d := m.enc.len()
	a.reset(d)
	r := rand.New(rand.NewPCG(1, 1))
	x, z, g := make([]float64, s.Len()), make([]float64, d), make([]float64, d)
	for range 20 {
		m.cube.Random(x, r)
		m.enc.put(x, z)
		clear(g)
		a.beside(z, g)
		for i := range 2 {
			const h = 1e-6
			at := z[i]
			z[i] = at + h
			up := a.beside(z, nil)
			z[i] = at - h
			down := a.beside(z, nil)
			z[i] = at
			if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-4*math.Max(1, math.Abs(want)) {
				t.Errorf("the slope by coordinate %d is %v, want %v", i, g[i], want)
			}
		}
	}
}

// With much left a trial is cheaper than with nothing left, for the same
// improvement; and what is proposed is a function of the history.
func TestCostIsSaved(t *testing.T) {
	s := costSpace(t)
	mean := func(limit float64) float64 {
		sum := 0.0
		b := costing(s, 20, false)
		h := b.History()
		for first := range 12 {
			r := suggest.Request{History: h, N: 1, First: 20 + first, Seed: 5}
			one := costly(t, limit, true)
			ps, err := one.Suggest(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			again, err := one.Suggest(context.Background(), r)
			if err != nil || again[0].Config.Key() != ps[0].Config.Key() || again[0].Note != ps[0].Note {
				t.Fatalf("asked again: %v, %v, before %v", again, err, ps)
			}
			sum += ps[0].Config.At(1).AsFloat()
		}
		return sum / 12
	}
	if rich, poor := mean(1e6), mean(1); !(rich < poor-0.1) {
		t.Errorf("the mean size is %v with the budget before it, %v with the budget spent", rich, poor)
	}
}

// A history that is learned bit by bit gives the process that it gives at once.
func TestCostsBitByBit(t *testing.T) {
	s := costSpace(t)
	whole, bits := costly(t, 1000, true), costly(t, 1000, true)
	b := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, nil)
	full := costing(s, 30, false).History()
	for i := range full.EndedLen() {
		tr := *full.Ended(i)
		b.Put(&tr)
		bits.follow(b.History())
	}
	whole.follow(b.History())
	z := make([]float64, whole.model.enc.len())
	for i := range z {
		z[i] = 0.3
	}
	x, y := whole.model.costs.value(nil, z, nil, 1), bits.model.costs.value(nil, z, nil, 1)
	if x != y {
		t.Errorf("learned at once %v, bit by bit %v", x, y)
	}
}

// With steps of training the cost is that of a step.
func TestCostPerStep(t *testing.T) {
	f := &study.Fidelity{Min: 1, Max: 27}
	tr := &study.Trial{State: study.Pruned, Attempts: []study.Attempt{{Paid: 3}}}
	for name, c := range map[string]struct {
		state study.State
		f     *study.Fidelity
		paid  float64
		want  float64
	}{
		"complete":                  {study.Complete, nil, 0, 12},
		"pruned":                    {study.Pruned, nil, 3, 0},
		"complete, by step":         {study.Complete, f, 27, 12.0 / 27},
		"complete, without reports": {study.Complete, f, 0, 12.0 / 27},
		"pruned, by step":           {study.Pruned, f, 3, 4},
		"pruned before a step":      {study.Pruned, f, 0, 0},
		"failed":                    {study.Failed, f, 3, 0},
	} {
		tr.State, tr.Attempts[0].Paid = c.state, c.paid
		if got := perStep(tr, c.f, 12); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
