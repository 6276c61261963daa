package bo

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// deepening is a space in which some configurations have six parameters more
// than the others.
func deepening() *space.Space {
	ps := []space.Param{
		{Name: "k", Kind: space.Choice, Choices: []space.Value{value.String("u"), value.String("v")}},
		{Name: "a", Kind: space.Float, Low: 0, High: 1},
	}
	for i := range 6 {
		ps = append(ps, space.Param{
			Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: 0, High: 1,
			Branches: []space.Branch{{Parent: "k", Values: []space.Value{value.String("v")}}},
		})
	}
	return suggesttest.Space(ps...)
}

// bumps is how far the numbers that c has are from at, on average, and a little
// more for those of k = v.
func bumps(s *space.Space, c space.Config, at float64) float64 {
	sum, n := 0.0, 0
	for i, x := range s.Encode(c, nil) {
		if s.Param(i).Kind == space.Float && x == x {
			sum, n = sum+math.Abs(x-at), n+1
		}
	}
	return sum/float64(n) + 0.02*float64(n)
}

// What is found by fewer trials than the hyperparameters, and kept while the
// others come, is what a fresh instance finds: the kinds of map and the weights
// of earlier studies are functions of the trials they are found by, not of what
// has been seen beside them when they are looked for. Here trials become deeper,
// some run again, and there are more than the weights go by.
func TestWhatIsKeptIsWhatAFreshInstanceFinds(t *testing.T) {
	s := deepening()
	shallow := map[string]space.Value{"k": value.String("u")}
	part, err := s.Hold(shallow)
	if err != nil {
		t.Fatal(err)
	}
	// The first deep trial comes just after shapes and weights were found.
	deeps := [...]int{9, 11, 14, 18, 23}
	for _, seed := range []uint64{13, 20, 22, 29, 33, 50} {
		deep := deeps[seed%5]
		noisy := func(c space.Config, i int) float64 {
			x := bumps(s, c, 0.4)
			return x*x + 0.05*study.Stream(seed, i, "noise").NormFloat64()
		}
		e := before(s, 30, func(c space.Config) float64 { return bumps(s, c, 0.45) })
		about := suggest.Problem{Objectives: 1, Parallel: 1, Earlier: []study.Earlier{e}}
		made := func() *suggester {
			one, err := newSuggester(about, nil)
			if err != nil {
				t.Fatal(err)
			}
			x := one.(*suggester)
			x.o.ensemble = 0
			return x
		}
		long := made()
		b := study.NewBook(s, suggesttest.Loss(), nil)
		for i := range 72 {
			c := s.Random(study.Stream(seed, i, "kept"))
			switch {
			case i < deep:
				c = part.Random(study.Stream(seed, i, "kept")).In(s)
			case i > 20 && i%5 == 0:
				c = b.History().Trial(i - 11).Config
			}
			b.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{noisy(c, i)}})
			h := b.History()
			long.follow(h)
			if i < deep-1 || i > deep+3 && i%4 != 3 {
				continue
			}
			fresh := made()
			fresh.follow(h)
			if d := cmp.Diff(kept(&fresh.model), kept(&long.model)); d != "" {
				t.Fatalf("seed %d, after %d trials (-fresh +kept):\n%s", seed, i+1, d)
			}
		}
	}
}

// kept is what a model has found.
func kept(m *model) any {
	var theta [][]gp.Sample
	for i := range m.losses {
		theta = append(theta, m.losses[i].samples)
	}
	return []any{fmt.Sprint(m.shapes), m.trust, theta, m.leader, m.best}
}

// Earlier studies say nothing of a study whose first trials all failed, until
// there is something to weigh them by.
func TestEarlierStudiesBesideFailures(t *testing.T) {
	s := mixed()
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	e := before(s, 40, near)
	one, err := newSuggester(suggest.Problem{Objectives: 1, Parallel: 1, Earlier: []study.Earlier{e}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := one.(*suggester)
	b := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, nil)
	put := func(failed bool) {
		n := b.Len()
		c := s.Random(study.Stream(4, n, "now"))
		tr := &study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{near(c)}}
		if failed {
			tr = &study.Trial{Number: n, State: study.Infeasible, Config: c}
		}
		b.Put(tr)
	}
	for n := range 12 {
		put(n < 10)
	}
	x.follow(b.History())
	if !x.model.able() || !slices.Equal(x.model.trust[0], []float64{0}) {
		t.Errorf("after failures the earlier study has the weight %v", x.model.trust)
	}
	for range 12 {
		put(false)
	}
	x.follow(b.History())
	if !(x.model.trust[0][0] > 0) {
		t.Error("the earlier study is set aside although it predicts this one")
	}
}

// Of an earlier study with more trials than are learned, runs of one
// configuration stay together, and others stay apart.
func TestEarlierStudyWithRepeatsIsThinned(t *testing.T) {
	s := mixed()
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	e := before(s, 2*earlierPoints, near)
	for i := range e.Trials {
		if i%3 == 2 { // run again
			e.Trials[i].Values, e.Trials[i].Params = e.Trials[i-1].Values, e.Trials[i-1].Params
		}
	}
	h := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, nil).History()
	o := options{warps: maps[:1]}
	tr := newTeacher(&e, h, &o)
	if tr == nil {
		t.Fatal("nothing was learned")
	}
	m := &tr.m
	if len(m.rows) != earlierPoints {
		t.Errorf("%d rows are left", len(m.rows))
	}
	again := 0
	for i := range m.rows {
		k := m.head(i)
		if k > i || m.rows[k].again > 0 || !slices.Equal(m.row(k), m.row(i)) {
			t.Fatalf("row %d is said to be of the configuration of row %d", i, k)
		}
		if k < i {
			again++
			if !slices.Contains(m.more[k], i) {
				t.Errorf("row %d is not among those of row %d", i, k)
			}
		}
	}
	if again == 0 {
		t.Error("nothing was run again")
	}
}
