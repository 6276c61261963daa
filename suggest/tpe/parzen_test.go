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
