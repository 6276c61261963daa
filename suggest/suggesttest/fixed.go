package suggesttest

import (
	"context"
	"errors"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// fixes returns sets of values to hold in s: of one configuration the first
// parameter, every second one, and all.
func fixes(s *space.Space) []map[string]space.Value {
	c, err := s.Sample(study.Stream(31, 0, "fixes"))
	if err != nil {
		return nil
	}
	sets := []map[string]space.Value{{}, {}, {}}
	k := 0
	for p, v := range c.All() {
		if k == 0 {
			sets[0][p.Name] = v
		}
		if k%2 == 1 {
			sets[1][p.Name] = v
		}
		sets[2][p.Name] = v
		k++
	}
	if k < 2 {
		return sets[2:]
	}
	return sets
}

// fixed asks for configurations with some values fixed: they have them and
// are right in all else, whatever was asked before, and a part of the space
// that is finite is used up as a space is.
func (s suite) fixed(t *testing.T, c Case) {
	ctx := context.Background()
	end := Mixed(1, Bowl(c.Space))
	for k, values := range fixes(c.Space) {
		part, err := c.Space.Hold(values)
		if err != nil {
			t.Fatal(err)
		}
		for _, past := range []int{0, 12} {
			// Half of the trials have the fixed values.
			cs := Drawn(c.Space, past)
			for i, c2 := range Drawn(part, past) {
				if i < len(cs) && i%2 == 0 {
					cs[i] = c2.In(c.Space)
				}
			}
			log, err := Fold(c.Space, nil, cs, end)
			if err != nil {
				t.Fatal(err)
			}
			h := log.Book.History()
			ask := func(who suggest.Suggester, values map[string]space.Value) answer {
				t.Helper()
				r := suggest.Request{History: h, N: 2, First: h.Len(), Seed: 7, Fixed: values}
				ps, err := who.Suggest(ctx, r)
				if bad := s.check(r, ps, err); bad != nil {
					t.Fatalf("set %d after %d, fixed %v: %v", k, past, values, bad)
				}
				return answer{ps, err}
			}
			one := suggest.Holding(s.make(t, 1))
			first := ask(one, values)
			free := ask(one, nil)
			if bad := same(first, ask(one, values)); bad != nil {
				t.Errorf("set %d after %d, asked again: %v", k, past, bad)
			}
			if bad := same(first, ask(suggest.Holding(s.make(t, 1)), values)); bad != nil {
				t.Errorf("set %d after %d, a fresh instance: %v", k, past, bad)
			}
			if bad := same(ask(s.make(t, 1), nil), free); bad != nil {
				t.Errorf("set %d after %d, with nothing fixed any more: %v", k, past, bad)
			}
		}
		if n, ok := part.Finite(20); ok {
			s.usedUp(t, c, values, n)
		}
	}
}

// usedUp asks for all n configurations of a part of a space, while others are
// tried beside them.
func (s suite) usedUp(t *testing.T, c Case, values map[string]space.Value, n int) {
	t.Helper()
	d := driver{setup: Setup{Space: c.Space, Evaluate: Mixed(1, Bowl(c.Space))}}
	d.result = &Result{Log: study.NewLog(d.setup.Definition())}
	who := suggest.Holding(s.make(t, 1))
	drawn := Drawn(c.Space, 2*n+2)
	got := 0
	for step := 0; ; step++ {
		if step < len(drawn) && !drawn[step].Agrees(values) {
			if err := d.start(drawn[step], &study.Origin{Method: "added", Stream: -1}); err != nil {
				t.Fatal(err)
			}
		}
		h := d.result.Log.Book.History()
		r := suggest.Request{History: h, N: 2, First: h.Len(), Seed: 3, Fixed: values}
		ps, err := who.Suggest(context.Background(), r)
		if bad := s.check(r, ps, err); bad != nil {
			t.Fatalf("fixed %v, after %d of %d: %v", values, got, n, bad)
		}
		got += len(ps)
		for _, p := range ps {
			if err := d.start(p.Config, &study.Origin{Method: "driven", Note: p.Note}); err != nil {
				t.Fatal(err)
			}
		}
		if errors.Is(err, suggest.ErrExhausted) {
			break
		}
		if step > 3*n+3 {
			t.Fatalf("fixed %v: not exhausted after %d requests", values, step)
		}
		for len(d.running) > 0 {
			if err := d.endNext(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got != n && !s.o.Ends {
		t.Errorf("fixed %v: %d configurations, want %d", values, got, n)
	}
}
