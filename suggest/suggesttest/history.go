package suggesttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Drawn returns n configurations of s drawn from the prior, fewer where the
// constraints leave too little to draw from.
func Drawn(s *space.Space, n int) []space.Config {
	var cs []space.Config
	for i := range n {
		c, err := s.Sample(study.Stream(0xca5e, i, "drawn"))
		if err != nil {
			break
		}
		cs = append(cs, c)
	}
	return cs
}

// Fold returns the log of a study of s that has the given configurations, each
// with the outcome that end returns for it. The state [study.Running] leaves
// the trial running, [study.Queued] waiting.
func Fold(s *space.Space, objectives []study.Objective, cs []space.Config, end func(n int, c space.Config) Outcome) (*study.Log, error) {
	d := driver{setup: Setup{Space: s, Objectives: objectives}}
	d.result = &Result{Log: study.NewLog(d.setup.Definition())}
	d.setup.Evaluate = end
	for n, c := range cs {
		o := end(n, c)
		if o.State == study.Queued {
			if err := d.apply(study.Event{Kind: study.EventQueued, Trial: n, Config: c, Origin: &study.Origin{Method: "added", Stream: -1}}); err != nil {
				return nil, err
			}
			continue
		}
		if err := d.start(c, &study.Origin{Method: "added", Stream: -1}); err != nil {
			return nil, err
		}
		if o.State == study.Running {
			d.running = nil
			continue
		}
		for len(d.running) > 0 {
			if err := d.endNext(); err != nil {
				return nil, err
			}
		}
	}
	return d.result.Log, nil
}

// histories asks for proposals after every kind of past that may break a
// method's arithmetic.
func (s suite) histories(t *testing.T, c Case) {
	ended := func(state study.State) func(int, space.Config) Outcome {
		return func(int, space.Config) Outcome { return Outcome{State: state} }
	}
	valued := func(f func(n int) float64) func(int, space.Config) Outcome {
		return func(n int, _ space.Config) Outcome { return Outcome{Values: []float64{f(n)}} }
	}
	bowl := Bowl(c.Space)
	for _, past := range []struct {
		name string
		n    int
		end  func(int, space.Config) Outcome
	}{
		{"nothing", 0, nil},
		{"one complete", 1, valued(func(int) float64 { return 1 })},
		{"one failed", 1, ended(study.Failed)},
		{"one running", 1, ended(study.Running)},
		{"two complete", 2, valued(func(n int) float64 { return float64(n) })},
		{"many", s.o.Many, Mixed(1, bowl)},
		{"all failed", 30, ended(study.Failed)},
		{"all infeasible", 30, ended(study.Infeasible)},
		{"all cancelled", 30, ended(study.Cancelled)},
		{"all pruned before a report", 30, ended(study.Pruned)},
		{"all paused", 30, ended(study.Paused)},
		{"all running", 30, ended(study.Running)},
		{"all queued", 30, ended(study.Queued)},
		{"all pruned after reports", 30, func(n int, c space.Config) Outcome {
			return Outcome{State: study.Pruned, Curve: []float64{bowl(c), bowl(c) / 2}}
		}},
		{"all reports not a number", 30, func(n int, c space.Config) Outcome {
			return Outcome{Values: []float64{bowl(c)}, Curve: []float64{math.NaN(), math.NaN()}}
		}},
		{"equal values", 40, valued(func(int) float64 { return 0.25 })},
		{"two values", 40, valued(func(n int) float64 { return float64(n % 2) })},
		{"all zero", 40, valued(func(int) float64 { return 0 })},
		{"huge values", 40, valued(func(n int) float64 { return math.MaxFloat64 * float64(n%3-1) })},
		{"one huge value", 40, valued(func(n int) float64 { return 1 + math.MaxFloat64*float64((n%40)/39) })},
		{"tiny differences", 40, valued(func(n int) float64 { return 1 + float64(n%5)*0x1p-52 })},
		{"subnormal values", 40, valued(func(n int) float64 { return float64(n) * math.SmallestNonzeroFloat64 })},
		{"all violate an outcome", 30, func(n int, c space.Config) Outcome {
			return Outcome{Values: []float64{bowl(c)}, Violations: []float64{1}}
		}},
	} {
		log, err := Fold(c.Space, nil, Drawn(c.Space, past.n), past.end)
		if err != nil {
			t.Fatal(err)
		}
		h := log.Book.History()
		r := suggest.Request{History: h, N: 3, First: h.Len(), Seed: 7}
		one := s.make(t, 1)
		ps, err := one.Suggest(context.Background(), r)
		if bad := s.check(r, ps, err); bad != nil {
			t.Errorf("%s: %v", past.name, bad)
			continue
		}
		again, err2 := s.make(t, 1).Suggest(context.Background(), r)
		if bad := same(answer{ps, err}, answer{again, err2}); bad != nil {
			t.Errorf("%s, a fresh instance: %v", past.name, bad)
		}
		if bad := estimates(one, h); bad != nil {
			t.Errorf("%s: %v", past.name, bad)
		}
		if bad := forecasts(one, s.make(t, 1), r); bad != nil {
			t.Errorf("%s: %v", past.name, bad)
		}
	}
}

// batches asks for many at once.
func (s suite) batches(t *testing.T, c Case) {
	ctx := context.Background()
	for _, past := range []int{0, 5, 30} {
		log, err := Fold(c.Space, nil, Drawn(c.Space, past), Mixed(1, Bowl(c.Space)))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 7, 64} {
			h := log.Book.History()
			r := suggest.Request{History: h, N: n, First: h.Len(), Seed: 29}
			ps, err := s.make(t, 1).Suggest(ctx, r)
			if bad := s.check(r, ps, err); bad != nil {
				t.Fatalf("%d at once after %d: %v", n, past, bad)
			}
			if !s.o.BatchEqual {
				continue
			}
			if bad := s.oneByOne(t, c, past, r, ps); bad != nil {
				t.Fatalf("%d one by one after %d: %v", n, past, bad)
			}
		}
	}
}

// oneByOne asks for the proposals of r singly, queueing each before the next.
func (s suite) oneByOne(t *testing.T, c Case, past int, r suggest.Request, want []suggest.Proposal) error {
	log, err := Fold(c.Space, nil, Drawn(c.Space, past), Mixed(1, Bowl(c.Space)))
	if err != nil {
		return err
	}
	one := s.make(t, 1)
	for i, p := range want {
		single := r
		single.History, single.N, single.First = log.Book.History(), 1, r.First+i
		ps, err := one.Suggest(context.Background(), single)
		if bad := s.check(single, ps, err); bad != nil {
			return bad
		}
		if bad := same(answer{[]suggest.Proposal{p}, nil}, answer{ps, nil}); bad != nil {
			return fmt.Errorf("number %d: %w", i, bad)
		}
		if err := log.Apply(&study.Event{Kind: study.EventQueued, Trial: single.First, Config: p.Config}); err != nil {
			return err
		}
	}
	return nil
}

// beside asks with configurations of other methods beside the request, which
// count as running: none of them comes again in a finite space, and a method
// that promises that a batch is what is asked for one by one takes them as the
// beginning of one.
func (s suite) beside(t *testing.T, c Case) {
	ctx := context.Background()
	for _, past := range []int{0, 5, 30} {
		log, err := Fold(c.Space, nil, Drawn(c.Space, past), Mixed(1, Bowl(c.Space)))
		if err != nil {
			t.Fatal(err)
		}
		h := log.Book.History()
		r := suggest.Request{History: h, N: 4, First: h.Len(), Seed: 37}
		one := s.make(t, 1)
		ps, err := one.Suggest(ctx, r)
		if bad := s.check(r, ps, err); bad != nil {
			t.Fatalf("%d after %d: %v", r.N, past, bad)
		}
		for k := range ps {
			single := r
			single.N, single.First = 1, r.First+k
			for _, p := range ps[:k] {
				single.Beside = append(single.Beside, p.Config)
			}
			got, err := one.Suggest(ctx, single)
			if bad := s.check(single, got, err); bad != nil {
				t.Fatalf("%d beside it after %d: %v", k, past, bad)
			}
			if bad := same(answer{ps[k : k+1], nil}, answer{got, err}); s.o.BatchEqual && bad != nil {
				t.Fatalf("%d beside it after %d, as in a batch: %v", k, past, bad)
			}
			fresh, err2 := s.make(t, 1).Suggest(ctx, single)
			if bad := same(answer{got, err}, answer{fresh, err2}); bad != nil {
				t.Fatalf("%d beside it after %d, a fresh instance: %v", k, past, bad)
			}
		}
		// What stood beside a request and never came to be is forgotten.
		again, err2 := one.Suggest(ctx, r)
		if bad := same(answer{ps, err}, answer{again, err2}); bad != nil {
			t.Fatalf("%d after %d, asked again: %v", r.N, past, bad)
		}
	}
	if c.Size == 0 {
		return
	}
	h := study.NewBook(c.Space, Loss(), nil).History()
	r := suggest.Request{History: h, N: 2, First: c.Size, Seed: 37}
	for one := range c.Space.Enumerate(func(i int) []space.Value {
		var vs []space.Value
		n, _ := c.Space.Param(i).Count()
		for k := range n {
			vs = append(vs, c.Space.Param(i).Nth(k))
		}
		return vs
	}) {
		r.Beside = append(r.Beside, one)
	}
	ps, err := s.make(t, 1).Suggest(ctx, r)
	if len(ps) != 0 || !errors.Is(err, suggest.ErrExhausted) {
		t.Errorf("with the whole space beside it: %d proposals, error %v", len(ps), err)
	}
}

// cancellation asks under a context that is over: the answer is its error or
// a proper one, and what comes after is as if nothing had been.
func (s suite) cancellation(t *testing.T, c Case) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	log, err := Fold(c.Space, nil, Drawn(c.Space, 20), Mixed(1, Bowl(c.Space)))
	if err != nil {
		t.Fatal(err)
	}
	h := log.Book.History()
	r := suggest.Request{History: h, N: 2, First: h.Len(), Seed: 31}
	one := s.make(t, 1)
	for range 2 {
		ps, err := one.Suggest(ctx, r)
		if errors.Is(err, context.Canceled) {
			continue
		}
		if bad := s.check(r, ps, err); bad != nil {
			t.Fatalf("under a cancelled context: %v", bad)
		}
	}
	ps, err := one.Suggest(context.Background(), r)
	if bad := s.check(r, ps, err); bad != nil {
		t.Fatalf("after a cancelled request: %v", bad)
	}
	fresh, err2 := s.make(t, 1).Suggest(context.Background(), r)
	if bad := same(answer{fresh, err2}, answer{ps, err}); bad != nil {
		t.Errorf("after a cancelled request: %v", bad)
	}
	// Cancelled on the way: the engine does that to a suggestion made early
	// when the history changes.
	for looks := 1; looks <= 64; looks *= 2 {
		one := s.make(t, 1)
		ctx := &ending{looks: looks}
		ctx.Context, ctx.cancel = context.WithCancel(context.Background())
		ps, err := one.Suggest(ctx, r)
		ctx.cancel()
		if errors.Is(err, context.Canceled) {
			ps, err = one.Suggest(context.Background(), r)
		}
		if bad := same(answer{fresh, err2}, answer{ps, err}); bad != nil {
			t.Errorf("cancelled at look %d at the context: %v", looks, bad)
		}
	}
}

// ending is a context that is over when it has been looked at often enough.
type ending struct {
	context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	looks  int
}

func (e *ending) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.looks--; e.looks <= 0 {
		e.cancel()
	}
	return e.Context.Err()
}
