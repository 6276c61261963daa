package tpe

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func defaults() options {
	return newOptions(suggest.Problem{Objectives: 1}, setting.Values{})
}

// mixed is a space of every kind of axis.
func mixed() *space.Space {
	return suggesttest.Space(
		space.Param{Name: "f", Kind: space.Float, High: 1},
		space.Param{Name: "l", Kind: space.Float, Low: 1e-3, High: 1, Scale: space.Log},
		goldenParam("i"), goldenParam("c"),
		space.Param{Name: "n", Kind: space.Float, Low: math.Inf(-1), High: math.Inf(1), Prior: space.Normal, SD: 1})
}

func axesOf(s *space.Space, o *options) []*axis {
	var axes []*axis
	for i := range s.Len() {
		a := newAxis(s, i, o)
		axes = append(axes, &a)
	}
	return axes
}

// evaluated returns the densities of p at a few points.
func evaluated(p *parzen, s *space.Space) []float64 {
	var out []float64
	x := make([]float64, s.Len())
	for _, c := range suggesttest.Drawn(s, 5) {
		for d := range x {
			x[d] = point{s, c}.coordinate(d)
		}
		out = append(out, p.at(x, p.given(x, nil), make([]float64, len(p.norm))))
	}
	return out
}

// What a density answers may depend on the trials in it only, to the last bit,
// or suggestions would differ after a restart.
func TestDensityIsAFunctionOfTheSet(t *testing.T) {
	s := mixed()
	trials := suggesttest.Drawn(s, 60)
	rapid.Check(t, func(r *rapid.T) {
		o := defaults()
		o.clipAll = rapid.Bool().Draw(r, "clip by all trials")
		o.endpoints = rapid.Bool().Draw(r, "endpoints")
		o.centred = rapid.Bool().Draw(r, "centred")
		from := rapid.IntRange(0, s.Len()-1).Draw(r, "given")
		p := newParzen(axesOf(s, &o), from, &o)
		in := map[int32]bool{}
		for _, id := range rapid.SliceOf(rapid.Int32Range(0, 59)).Draw(r, "flips") {
			if in[id] = !in[id]; in[id] {
				p.add(id, point{s, trials[id]})
			} else {
				p.remove(id)
				delete(in, id)
			}
			if rapid.Bool().Draw(r, "settle") {
				p.settle(77)
			}
		}
		p.settle(99)
		fresh := newParzen(axesOf(s, &o), from, &o)
		fresh.bulk = rapid.Bool().Draw(r, "bulk")
		for id := range int32(60) {
			if in[id] {
				fresh.add(id, point{s, trials[id]})
			}
		}
		fresh.settle(99)
		ids := slices.Collect(func(yield func(int32) bool) {
			for id := range int32(60) {
				if in[id] && !yield(id) {
					return
				}
			}
		})
		gain := make([]float64, len(ids))
		for k, id := range ids {
			gain[k] = float64(id % 7)
		}
		if len(ids) == 0 {
			gain = nil
		}
		p.weigh(ids, gain, nil)
		fresh.weigh(ids, gain, nil)
		if a, b := evaluated(p, s), evaluated(fresh, s); !slices.Equal(a, b) || p.total() != fresh.total() {
			r.Errorf("densities %v, of a fresh one %v", a, b)
		}
	})
}

// The density of one parameter has to add up to 1, whatever its kind.
func TestDensityAddsUpToOne(t *testing.T) {
	o := defaults()
	for _, name := range []string{"f", "l", "s", "i", "k", "c", "d"} {
		s := suggesttest.Space(goldenParam(name))
		p := newParzen(axesOf(s, &o), 0, &o)
		for id, c := range suggesttest.Drawn(s, 17) {
			p.add(int32(id), point{s, c})
		}
		p.settle(20)
		p.weigh(nil, nil, nil)
		at := func(u float64) float64 {
			x := []float64{u}
			return special.Exp(p.at(x, p.given(x, nil), make([]float64, len(p.norm)))) / p.total()
		}
		sum := 0.0
		if a := p.dims[0].axis; a.kind == continuous {
			const n = 20_000
			for k := range n {
				sum += at((float64(k)+0.5)/n) / n
			}
		} else {
			for _, u := range a.place {
				sum += at(u)
			}
		}
		near(t, name, sum, 1, 1e-6)
	}
}

// On a grid of three values, where trials share one of them and there are no
// gaps between their values, kernels have to reach the next value, however many
// trials there are. The mass is that of N(1/6, 1/6) from 1/3 to 2/3 over that
// from 0 to 1: (0.998650 - 0.841345) / 0.841344, of tables of the normal
// distribution.
func TestKernelsReachTheNextValue(t *testing.T) {
	o := defaults()
	s := suggesttest.Space(space.Param{Name: "i", Kind: space.Int, Low: 1, High: 3})
	p := newParzen(axesOf(s, &o), 0, &o)
	lowest := s.Decode([]float64{0})
	for id := range int32(5) {
		p.add(id, point{s, lowest})
	}
	p.settle(1_000_000)
	// The last has the prior's centre for a neighbour and is wider.
	for id := range int32(4) {
		near(t, "mass of the value in the middle", special.Exp(p.dims[0].mass[1][p.slots[id]]), 0.186969, 1e-5)
	}
}

// A branch has fewer trials than the study, and is modelled as sharply all the
// same.
func TestBranchesAreAsSharpAsTheRest(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		if c.Name != "tree of two levels" {
			continue
		}
		log, err := suggesttest.Fold(c.Space, nil, suggesttest.Drawn(c.Space, 40), func(n int, _ space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{float64(n)}}
		})
		if err != nil {
			t.Fatal(err)
		}
		s := &suggester{o: defaults()}
		h := log.Book.History()
		s.begin(suggest.Request{History: h, N: 1, First: h.Len()})
		fewer := 0
		for _, g := range s.groups {
			if len(g.pop.order) < 40 {
				fewer++
			}
			want := s.o.narrowest(0, 40)
			if g.below.floor != want || g.above.floor != want {
				t.Errorf("least bandwidths %v and %v of parameters %v, want %v", g.below.floor, g.above.floor, g.own, want)
			}
		}
		if fewer == 0 {
			t.Error("no branch has fewer trials than the study")
		}
		return
	}
	t.Fatal("there is no case of a tree")
}

// Candidates have to come from the density that they are judged by.
func TestDrawsFollowTheDensity(t *testing.T) {
	o := defaults()
	s := mixed()
	g := &group{axes: axesOf(s, &o)}
	for range s.Len() {
		g.own = append(g.own, len(g.own))
	}
	p := newParzen(g.axes, 0, &o)
	for id, c := range suggesttest.Drawn(s, 3) {
		p.add(int32(id), point{s, c})
	}
	p.settle(3)
	p.weigh([]int32{0, 1, 2}, []float64{1, 2, 3}, nil)
	g.below, g.above = &thinned{parzen: p}, &thinned{parzen: p}
	d := &drawing{}
	u := make([]float64, s.Len())
	d.condition(g, u)
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 20_000
	count := make([][4]float64, s.Len())
	for range n {
		d.sample(g, u, rng)
		for j, x := range u {
			count[j][min(int(x*4), 3)]++
		}
	}
	for j := range u {
		// The marginal of the density in the same four parts.
		one := newParzen(g.axes[j:j+1], 0, &o)
		for id, c := range suggesttest.Drawn(s, 3) {
			one.add(int32(id), point{s, c})
		}
		one.settle(3)
		one.weigh([]int32{0, 1, 2}, []float64{1, 2, 3}, nil)
		var want [4]float64
		add := func(x, width float64) {
			at := []float64{x}
			want[min(int(x*4), 3)] += width * special.Exp(one.at(at, one.given(at, nil), make([]float64, len(one.norm)))) / one.total()
		}
		if a := g.axes[j]; a.kind == continuous {
			for k := range 4000 {
				add((float64(k)+0.5)/4000, 1.0/4000)
			}
		} else {
			for _, x := range a.place {
				add(x, 1)
			}
		}
		for k, w := range want {
			if got := count[j][k] / n; math.Abs(got-w) > 4*math.Sqrt(w*(1-w)/n)+1e-3 {
				t.Errorf("parameter %d, part %d: %.4f of the draws, density %.4f", j, k, got, w)
			}
		}
	}
}

func TestAxesKnowTheirValues(t *testing.T) {
	o := defaults()
	for _, c := range suggesttest.Cases() {
		for i := range c.Space.Len() {
			a := newAxis(c.Space, i, &o)
			for k, u := range a.place {
				p := c.Space.Param(i)
				if a.level(u) != k {
					t.Errorf("%s, %s: value %d is at %v, where value %d is", c.Name, p.Name, k, u, a.level(u))
				}
				if got := c.Space.DecodeParam(i, u); got != p.Nth(k) {
					t.Errorf("%s, %s: %v is decoded to %v, want %v", c.Name, p.Name, u, got, p.Nth(k))
				}
				mid := (a.edge[k] + a.edge[k+1]) / 2
				if got := c.Space.DecodeParam(i, mid); got != p.Nth(k) || a.level(mid) != k {
					t.Errorf("%s, %s: %v, between the edges of %v, is decoded to %v", c.Name, p.Name, mid, p.Nth(k), got)
				}
			}
		}
	}
}
