package distinct_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func intParam(name string, lo, hi float64) space.Param {
	return space.Param{Name: name, Kind: space.Int, Low: lo, High: hi}
}

func letters(weights ...float64) space.Param {
	p := space.Param{Name: "c", Kind: space.Choice, Weights: weights}
	for i := range weights {
		p.Choices = append(p.Choices, value.String(string(rune('a'+i))))
	}
	return p
}

// begun returns a picker for a study of s that holds cs.
func begun(t *testing.T, s *space.Space, cs ...space.Config) *distinct.Picker {
	t.Helper()
	b := study.NewBook(s, suggesttest.Loss(), nil)
	for n, c := range cs {
		b.Put(&study.Trial{Number: n, State: study.Failed, Config: c})
	}
	p := &distinct.Picker{}
	p.Begin(b.History())
	return p
}

// shares returns the shares of the choices a, b, … in draws of a new picker.
func shares(t *testing.T, s *space.Space, cs ...space.Config) map[string]float64 {
	const n = 4000
	got := map[string]float64{}
	for i := range n {
		c, err := begun(t, s, cs...).Draw(context.Background(), study.Stream(3, i, "shares"))
		if err != nil {
			t.Fatal(err)
		}
		v, _ := c.Get("c")
		got[v.Text()] += 1.0 / n
	}
	return got
}

func TestDrawFollowsThePriorGivenThatItIsNew(t *testing.T) {
	s := suggesttest.Space(letters(6, 3, 1))
	a := s.Decode([]float64{0})
	for _, c := range []struct {
		name string
		held []space.Config
		want map[string]float64
	}{
		{"nothing held", nil, map[string]float64{"a": 0.6, "b": 0.3, "c": 0.1}},
		{"a held", []space.Config{a}, map[string]float64{"a": 0, "b": 0.75, "c": 0.25}},
	} {
		got := shares(t, s, c.held...)
		for k, want := range c.want {
			// Four standard errors of 4000 draws.
			if math.Abs(got[k]-want) > 4*math.Sqrt(want*(1-want)/4000) {
				t.Errorf("%s: share of %s is %.3f, want %.3f", c.name, k, got[k], want)
			}
		}
	}
}

func TestDrawIsUniformWhereThePriorHardlyReaches(t *testing.T) {
	s := suggesttest.Space(letters(1e6, 1, 0.1, 2))
	got := shares(t, s, s.Decode([]float64{0}))
	for _, k := range []string{"b", "c", "d"} {
		if math.Abs(got[k]-1.0/3) > 4*math.Sqrt(2.0/9/4000) {
			t.Errorf("share of %s is %.3f, want a third", k, got[k])
		}
	}
}

func TestDrawFindsTheLastOfALargeSpace(t *testing.T) {
	s := suggesttest.Space(intParam("x", 1, 200), intParam("y", 1, 100)) // more than Listed
	var cs []space.Config
	var missing space.Config
	for x := range 200 {
		for y := range 100 {
			c, err := s.Config(map[string]space.Value{"x": value.Int(int64(x + 1)), "y": value.Int(int64(y + 1))})
			if err != nil {
				t.Fatal(err)
			}
			if x == 150 && y == 50 {
				missing = c
				continue
			}
			cs = append(cs, c)
		}
	}
	p := begun(t, s, cs...)
	r := study.Stream(1, 0, "large")
	got, err := p.Draw(context.Background(), r)
	if err != nil || !got.Equal(missing) {
		t.Fatalf("got %v, %v; want %v", got, err, missing)
	}
	if _, err := p.Draw(context.Background(), r); !errors.Is(err, suggest.ErrExhausted) {
		t.Errorf("error %v, want exhausted", err)
	}
}

func TestTakeIsForgottenAtTheNextRequest(t *testing.T) {
	s := suggesttest.Space(letters(1, 1))
	h := study.NewBook(s, suggesttest.Loss(), nil).History()
	var p distinct.Picker
	p.Begin(h)
	a := s.Decode([]float64{0})
	if !p.Take(a) || p.Take(a) {
		t.Error("a configuration can be taken once")
	}
	p.Begin(h)
	if !p.Take(a) {
		t.Error("what was taken for another request but never became a trial is new")
	}
}

func TestWhatStandsBesideARequestIsTaken(t *testing.T) {
	s := suggesttest.Space(letters(1, 1, 1))
	h := study.NewBook(s, suggesttest.Loss(), nil).History()
	a, b := s.Decode([]float64{0}), s.Decode([]float64{0.5})
	var p distinct.Picker
	p.Begin(h, a, b)
	if p.Take(a) || p.Take(b) {
		t.Error("a configuration beside the request is new")
	}
	c, err := p.Draw(context.Background(), study.Stream(1, 0, "beside"))
	if v, _ := c.Get("c"); err != nil || v.Text() != "c" {
		t.Errorf("drew %v (%v), want the only one that is left", c, err)
	}
	if p.Begin(h); !p.Take(a) {
		t.Error("what stood beside an earlier request is still taken")
	}
}

func TestInfiniteSpaceHasNoDuplicates(t *testing.T) {
	s := suggesttest.Space(letters(1, 1), space.Param{Name: "x", Kind: space.Float, High: 1})
	c := s.Decode([]float64{0, 0.5})
	p := begun(t, s, c)
	if p.Finite() || !p.Take(c) || !p.Take(c) {
		t.Error("an infinite space refuses a configuration")
	}
}

func TestOpenSpaceIsNeverExhausted(t *testing.T) {
	s, err := space.New(space.Spec{Open: true, Params: []space.Param{letters(1, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	p := begun(t, s)
	seen := map[string]int{}
	for i := range 4 {
		c, err := p.Draw(context.Background(), study.Stream(1, i, "open"))
		if err != nil {
			t.Fatal(err)
		}
		seen[c.Key()]++
		if i == 1 && len(seen) != 2 {
			t.Error("the first two draws are equal")
		}
	}
}

func TestConstraintsThatLeaveNothing(t *testing.T) {
	cond, err := expr.Compile("x > 1000")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name  string
		param space.Param
		ctx   context.Context
		want  func(error) bool
	}{
		{"finite", intParam("x", 1, 100), context.Background(), func(err error) bool { return errors.Is(err, suggest.ErrExhausted) }},
		{"infinite", space.Param{Name: "x", Kind: space.Float, High: 1}, context.Background(), func(err error) bool { return study.CodeOf(err) == study.Invalid }},
		{"cancelled", intParam("x", 1, 1000), ctx, func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		s, err := space.New(space.Spec{Params: []space.Param{c.param}, Constraints: []*expr.Program{cond}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := begun(t, s).Draw(c.ctx, study.Stream(1, 0, "nothing")); !c.want(err) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestKeysFollowAHistory(t *testing.T) {
	s := suggesttest.Space(intParam("x", 0, 9))
	at := func(x int) space.Config { return s.Decode([]float64{(float64(x) + 0.5) / 10}) }
	b := study.NewBook(s, suggesttest.Loss(), nil)
	var k distinct.Keys
	for n := range 5 {
		b.Put(&study.Trial{Number: n, State: study.Queued, Config: at(n)})
		k.Begin(b.History())
		if !k.Held(at(n)) || k.Held(at(n+1)) {
			t.Errorf("after %d trials: %d held: %v, %d held: %v", n+1, n, k.Held(at(n)), n+1, k.Held(at(n+1)))
		}
	}
	k.Begin(study.NewBook(s, suggesttest.Loss(), nil).History())
	if k.Held(at(0)) {
		t.Error("keys of another study are held")
	}
}
