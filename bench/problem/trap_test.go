package problem

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// trapAt opens a trap and returns it with its optimum.
func trapAt(t *testing.T, name string) (Problem, space.Config) {
	t.Helper()
	p, err := NewLibrary("").Open("trap/" + name + "/i1")
	if err != nil {
		t.Fatal(err)
	}
	return p, p.Space().Random(study.Stream(1, 0, "bench/trap/"+name))
}

func valueAt(t *testing.T, p Problem, c space.Config) float64 {
	t.Helper()
	o, err := p.True(c)
	if err != nil {
		t.Fatal(err)
	}
	return o.Values[0]
}

// seen is what so many random configurations show.
func seen(t *testing.T, p Problem, n int, f func(c space.Config, o Outcome)) {
	t.Helper()
	for k := range n {
		c := p.Space().Random(study.Stream(7, k, "test"))
		o, err := p.Evaluate(c, 0, study.Stream(8, k, PurposeNoise))
		if err != nil {
			t.Fatal(err)
		}
		f(c, o)
	}
}

func TestTrapsAreZeroAtTheirOptima(t *testing.T) {
	for name := range traps() {
		if name == "unscaled" {
			continue // its optimum is where the next test says
		}
		p, best := trapAt(t, name)
		if v := valueAt(t, p, best); v != 0 {
			t.Errorf("%s is %v at its optimum", name, v)
		}
	}
}

func TestUnscaledIsDecidedByTheLowestValues(t *testing.T) {
	p, best := trapAt(t, "unscaled")
	momentum, _ := best.Get("momentum")
	s := p.Space()
	u := make([]float64, s.Len())
	u[2] = s.EncodeParam(2, momentum)
	least, at := math.Inf(1), 0.0
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		for _, i := range []int{0, 1, 3} {
			u[i] = math.Pow(10, -3*r.Float64())
		}
		if v := valueAt(t, p, s.Decode(u)); v < least {
			least, at = v, u[0]
		}
	}
	if !(least < 0.01) || at > 0.02 {
		t.Errorf("the least of many is %v, with a rate of %v", least, at)
	}
}

func TestTrapsDoWhatTheyAreFor(t *testing.T) {
	const n = 2000
	share := func(name string, is func(p Problem, c space.Config, o Outcome) bool) float64 {
		p, _ := trapAt(t, name)
		count := 0
		seen(t, p, n, func(c space.Config, o Outcome) {
			if is(p, c, o) {
				count++
			}
		})
		return float64(count) / n
	}
	truth := func(p Problem, c space.Config) float64 { return valueAt(t, p, c) }
	for _, c := range []struct {
		name      string
		low, high float64
		is        func(p Problem, c space.Config, o Outcome) bool
	}{
		{"chance", 0.4, 0.9, func(_ Problem, _ space.Config, o Outcome) bool { return o.Values[0] == 0.7 }},
		{"cliff", 0.2, 0.7, func(_ Problem, _ space.Config, o Outcome) bool { return o.Values[0] > 100 }},
		{"decades", 0.5, 1, func(_ Problem, _ space.Config, o Outcome) bool { return o.Values[0] > 1e4 }},
		{"failures", 0.14, 0.19, func(_ Problem, _ space.Config, o Outcome) bool { return o.Crashed }},
		{"outliers", 0.08, 0.12, func(p Problem, c space.Config, o Outcome) bool { return o.Values[0] > 9*truth(p, c) }},
		{"outliers", 0.88, 0.92, func(p Problem, c space.Config, o Outcome) bool { return o.Values[0] == truth(p, c) }},
		{"accuracy", 1, 1, func(p Problem, c space.Config, o Outcome) bool {
			return math.Abs(o.Values[0]-truth(p, c)) <= 0.0025+1e-12 && math.Abs(o.Values[0]*200-math.Round(o.Values[0]*200)) < 1e-9
		}},
	} {
		if got := share(c.name, c.is); got < c.low || got > c.high {
			t.Errorf("%s: %v of the trials, want %v to %v", c.name, got, c.low, c.high)
		}
	}
}

// Only ten of the forty parameters matter.
func TestUselessParameters(t *testing.T) {
	p, best := trapAt(t, "useless")
	s := p.Space()
	u := s.Encode(best, nil)
	matter := 0
	for i := range u {
		v := append([]float64(nil), u...)
		v[i] = math.Mod(v[i]+0.5, 1)
		if valueAt(t, p, s.Decode(v)) > 0 {
			matter++
		}
	}
	if matter != 10 {
		t.Errorf("%d parameters matter", matter)
	}
}
