package problem

import (
	_ "embed" // the table of scales
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Scale says how good a true value is. For several objectives the value is
// the negated hypervolume.
type Scale struct {
	// Best is the value of the optimum or, where nobody knows it, the best
	// known. Reference is what a careless choice gives: the median of random
	// configurations. NaN: unknown.
	Best      float64 `json:"f_opt"`
	Reference float64 `json:"f_ref"`
	// Decades makes the regret logarithmic over four of them, as for functions
	// whose values span many.
	Decades bool `json:"decades,omitempty"`
}

// Known reports whether values can be judged by s.
func (s Scale) Known() bool { return s.Best < s.Reference }

// Regret returns the normalised regret of a true value: 0 at the optimum, 1 at
// the reference and beyond, and for NaN, which stands for no value at all.
func (s Scale) Regret(v float64) float64 {
	r := (v - s.Best) / (s.Reference - s.Best)
	if math.IsNaN(r) {
		return 1
	}
	r = math.Min(math.Max(r, 0), 1)
	if s.Decades {
		r = math.Min(math.Max(1+math.Log10(r)/4, 0), 1)
	}
	return r
}

// committed is the scales whose numbers are kept, so that traces can be judged
// without data and for ever alike. See README.md for where they come from.
//
//go:embed scales.json
var committed []byte

var scales = sync.OnceValues(func() (map[string]Scale, error) {
	m := map[string]Scale{}
	if err := json.Unmarshal(committed, &m); err != nil {
		return nil, fmt.Errorf("read the committed scales: %w", err)
	}
	return m, nil
})

// CommittedScale returns the scale that is kept for the task called name; that
// of a noisy task is that of the task without the noise.
func CommittedScale(name string) (Scale, bool) {
	if _, task, ok := cutPrior(name); ok {
		name = task // what is believed of it does not change it
	}
	m, err := scales()
	if err != nil {
		panic(err) // the file is part of the program
	}
	s, ok := m[strings.TrimPrefix(name, noisyPrefix)]
	return s, ok
}

// references is how many random configurations a reference is the median of.
const references = 1001

// purposeReference is the random stream that references are drawn from.
const purposeReference = "bench/reference"

// Reference returns the median of the true values of 1001 random
// configurations of p. Those that crash or are infeasible count as infinitely
// bad.
func Reference(p Problem) (float64, error) {
	values := make([]float64, references)
	for n := range values {
		c, err := p.Space().Sample(study.Stream(0, n, purposeReference))
		if err != nil {
			return 0, fmt.Errorf("draw a reference of %s: %w", p.Name(), err)
		}
		if values[n], err = loss(p, c); err != nil {
			return 0, fmt.Errorf("evaluate a reference of %s: %w", p.Name(), err)
		}
	}
	slices.Sort(values)
	if !math.IsInf(values[references/2], 1) {
		return values[references/2], nil
	}
	// More than half of the space has no value: the median of the rest.
	n := slices.Index(values, math.Inf(1))
	if n == 0 {
		return 0, fmt.Errorf("none of %d random configurations of %s has a value", references, p.Name())
	}
	return values[n/2], nil
}

// loss is the true value of c, infinite where it has none.
func loss(p Problem, c space.Config) (float64, error) {
	o, err := p.True(c)
	if err != nil || !o.Feasible() {
		return math.Inf(1), err
	}
	if m, ok := p.(*multiProblem); ok {
		return m.loss(o), nil
	}
	return o.Values[0], nil
}

// judged sets the scale of p: the committed one, else the given optimum (NaN
// where nobody knows it) with the reference computed when it is first asked
// for.
func (b *base) judged(p Problem, best float64, decades bool) {
	b.best, b.decades = best, decades
	b.scale = sync.OnceValue(func() Scale {
		if s, ok := CommittedScale(b.name); ok {
			return s
		}
		s := Scale{Best: best, Reference: math.NaN(), Decades: decades}
		if !math.IsNaN(best) {
			if ref, err := Reference(p); err == nil {
				s.Reference = ref
			}
		}
		return s
	})
}

// Calibrate computes the scale of p afresh by the documented rule, without
// looking at the committed one: the known optimum, or what [Search] finds from
// so many draws, and the [Reference].
func Calibrate(p Problem, draws int) (Scale, error) {
	s := Scale{Best: math.NaN()}
	if q, ok := p.(interface{ optimum() (float64, bool) }); ok {
		s.Best, s.Decades = q.optimum()
	}
	var err error
	if s.Reference, err = Reference(p); err == nil && math.IsNaN(s.Best) {
		s.Best, err = Search(p, draws)
	}
	if err != nil {
		return Scale{}, fmt.Errorf("calibrate %s: %w", p.Name(), err)
	}
	return s, nil
}

// Search looks for the best value of p that can be found with some effort, to
// be the best known of a problem without a known optimum: of draws random
// configurations the twenty best are each improved by a local search, which
// moves one parameter at a time by steps that shrink when they fail.
func Search(p Problem, draws int) (float64, error) {
	type start struct {
		u []float64
		y float64
	}
	s := p.Space()
	eval := func(u []float64) (float64, error) { return loss(p, s.Decode(u)) }
	var starts []start
	for n := range draws {
		r := study.Stream(0, n, "bench/search")
		u := make([]float64, s.Len())
		for i := range u {
			u[i] = r.Float64()
		}
		y, err := eval(u)
		if err != nil {
			return 0, err
		}
		starts = append(starts, start{u, y})
	}
	slices.SortFunc(starts, func(a, b start) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
	best := math.Inf(1)
	for _, at := range starts[:min(20, len(starts))] {
		for step := 0.25; step > 1e-3; {
			better := false
			for i := range at.u {
				for _, d := range []float64{-step, step} {
					u := slices.Clone(at.u)
					u[i] = math.Min(math.Max(u[i]+d, 0), 1)
					y, err := eval(u)
					if err != nil {
						return 0, err
					}
					if y < at.y {
						at, better = start{u, y}, true
					}
				}
			}
			if !better {
				step /= 2
			}
		}
		best = math.Min(best, at.y)
	}
	return best, nil
}
