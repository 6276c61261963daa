package bo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// believing is a space with every kind of prior.
func believing(t *testing.T) *space.Space {
	t.Helper()
	s, err := space.New(space.Spec{Params: []space.Param{
		{Name: "x", Kind: space.Float, Low: 0, High: 10, Prior: space.Normal, Mean: 3, SD: 2},
		{Name: "lr", Kind: space.Float, Low: 1e-5, High: 1, Prior: space.LogNormal, Mean: -6, SD: 1.5},
		{Name: "plain", Kind: space.Float, Low: 0, High: 1},
		{Name: "k", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b"), value.String("c")}, Weights: []float64{1, 2, 5}},
		{Name: "free", Kind: space.Float, Low: math.Inf(-1), High: math.Inf(1), Prior: space.Normal, Mean: -1, SD: 0.5,
			Branches: []space.Branch{{Parent: "k", Values: []space.Value{value.String("a"), value.String("b")}}}},
		{Name: "n", Kind: space.Int, Low: 1, High: 50, Prior: space.Normal, Mean: 10, SD: 5},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The logarithm of the density is that of the distributions in the textbook,
// relative to a uniform one between the same ends.
func TestPriorIsTheDensity(t *testing.T) {
	s := believing(t)
	e := newEncoding(cube.New(s.Flat()), false)
	p := newPrior(s, &e)
	c, err := s.Config(map[string]space.Value{
		"x": value.Float(7), "lr": value.Float(0.01), "plain": value.Float(0.3), "k": value.String("b"), "free": value.Float(0.25), "n": value.Int(4),
	})
	if err != nil {
		t.Fatal(err)
	}
	normal := func(x, mean, sd, low, high float64) float64 {
		cdf := func(x float64) float64 { return 0.5 * math.Erfc(-(x-mean)/sd/math.Sqrt2) }
		density := math.Exp(-(x-mean)*(x-mean)/(2*sd*sd)) / (sd * math.Sqrt(2*math.Pi)) / (cdf(high) - cdf(low))
		return math.Log(density * (high - low))
	}
	want := normal(7, 3, 2, 0, 10) +
		normal(math.Log(0.01), -6, 1.5, math.Log(1e-5), 0) +
		math.Log(3*2.0/8) +
		normal(0.25, -1, 0.5, -6, 4) + // within ten standard deviations
		normal(4, 10, 5, 0.5, 50.5)
	x, z := make([]float64, s.Len()), make([]float64, e.len())
	e.cube.Encode(c, x)
	e.put(x, z)
	if got := p.value(e.cube, z, nil, 1); math.Abs(got-want) > 1e-9 {
		t.Errorf("the logarithm of the density is %v, want %v", got, want)
	}
	// What does not exist is not believed to be anywhere.
	c, err = s.Config(map[string]space.Value{"x": value.Float(7), "lr": value.Float(0.01), "plain": value.Float(0.3), "k": value.String("c"), "n": value.Int(4)})
	if err != nil {
		t.Fatal(err)
	}
	want += math.Log(3*5.0/8) - math.Log(3*2.0/8) - normal(0.25, -1, 0.5, -6, 4)
	e.cube.Encode(c, x)
	e.put(x, z)
	if got := p.value(e.cube, z, nil, 1); math.Abs(got-want) > 1e-9 {
		t.Errorf("without the conditional parameter it is %v, want %v", got, want)
	}
}

func TestPriorGradient(t *testing.T) {
	s := believing(t)
	e := newEncoding(cube.New(s.Flat()), false)
	p := newPrior(s, &e)
	r := rand.New(rand.NewPCG(4, 4))
	x, z, g := make([]float64, s.Len()), make([]float64, e.len()), make([]float64, e.len())
	for range 50 {
		e.cube.Random(x, r)
		e.put(x, z)
		clear(g)
		p.value(e.cube, z, g, 0.7)
		for i := range s.Len() {
			if e.cube.Unordered(i) {
				continue
			}
			const h = 1e-6
			at := z[i]
			z[i] = at + h
			up := p.value(e.cube, z, nil, 0.7)
			z[i] = at - h
			down := p.value(e.cube, z, nil, 0.7)
			z[i] = at
			if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-4*math.Max(1, math.Abs(want)) {
				t.Errorf("the slope by %s at %v is %v, want %v", s.Param(i).Name, at, g[i], want)
			}
		}
	}
}

// A space that nothing is believed of has no terms and is itself its flat one.
func TestNothingBelieved(t *testing.T) {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}, {Name: "b", Kind: space.Bool}}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Flat() != s {
		t.Error("a space without priors is not its own flat one")
	}
	e := newEncoding(cube.New(s), false)
	if p := newPrior(s, &e); len(p.terms) > 0 {
		t.Errorf("%d terms of nothing", len(p.terms))
	}
}
