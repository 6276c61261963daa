package problem

import (
	"fmt"
	"math"
	"slices"

	"github.com/afina-hpo/afina/bench/bbob"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// openConstrained cuts a function of bbob by a plane through its optimum: one
// outcome constraint, which is active there and refuses about half the space.
func openConstrained(_ *Library, name string, n []int, _ []string) (Problem, error) {
	return cut(name, n, func(o Outcome, over float64) Outcome {
		o.Violations = []float64{over}
		return o
	}, false)
}

// openCrash lets evaluations beyond a plane fail without a word: three tenths
// of the space, and never the optimum.
func openCrash(_ *Library, name string, n []int, _ []string) (Problem, error) {
	return cut(name, n, func(o Outcome, over float64) Outcome {
		if over > 0 {
			return Outcome{Crashed: true}
		}
		return o
	}, true)
}

// crashes is the percentage of the space in which [openCrash] fails.
const crashes = 30

// cut applies change to the outcomes of a function with how far x is beyond a
// random plane: through the optimum, or moved away so that only the percentage
// crashes is beyond.
func cut(name string, n []int, change func(o Outcome, over float64) Outcome, away bool) (Problem, error) {
	f, err := bbob.New(n[0], n[1], n[2])
	if err != nil {
		return nil, err
	}
	inner, err := fromFunction(name, f, func(int) int { return 0 })
	if err != nil {
		return nil, err
	}
	best, value := f.Best()
	r := study.Stream(uint64(1000*n[0]+n[2]), n[1], "bench/plane")
	normal, norm := make([]float64, len(best)), 0.0
	for i := range normal {
		normal[i] = r.NormFloat64()
		norm += normal[i] * normal[i]
	}
	level := 0.0
	over := func(x []float64) float64 {
		sum := 0.0
		for i, v := range x {
			sum += normal[i] * (v - best[i])
		}
		return sum/math.Sqrt(norm) - level
	}
	if away {
		sides := make([]float64, references)
		for k := range sides {
			sides[k] = over(coordinates(inner.Space().Random(study.Stream(0, k, purposeReference))))
		}
		slices.Sort(sides)
		k := references * crashes / 100
		low, high := sides[k], sides[references-1-k]
		if high < 0 { // the optimum is far on this side: take the other
			for i := range normal {
				normal[i] = -normal[i]
			}
			high = -low
		}
		level = high
	}
	p := &exact{base: base{name: name, space: inner.Space(), objectives: inner.Objectives()}}
	p.eval = func(c space.Config) Outcome {
		x := coordinates(c)
		return change(Outcome{Values: []float64{f.Eval(x)}}, over(x))
	}
	p.judged(p, value, true)
	return p, nil
}

// design is a constrained problem from the literature.
type design struct {
	params []space.Param
	best   float64
	eval   func(x []float64) Outcome
}

func float(name string, low, high float64) space.Param {
	return space.Param{Name: name, Kind: space.Float, Low: low, High: high}
}

func integer(name string, low, high float64) space.Param {
	return space.Param{Name: name, Kind: space.Int, Low: low, High: high}
}

var designs = map[string]design{
	// Gardner et al., "Bayesian optimization with inequality constraints",
	// ICML 2014, first simulation; the optimum is at (3π/2, 0).
	"gardner": {[]space.Param{float("x", 0, 6), float("y", 0, 6)}, -2, func(x []float64) Outcome {
		return Outcome{
			Values:     []float64{math.Cos(2*x[0])*math.Cos(x[1]) + math.Sin(x[0])},
			Violations: []float64{math.Cos(x[0])*math.Cos(x[1]) - math.Sin(x[0])*math.Sin(x[1]) - 0.5},
		}
	}},
	// Sandgren, "Nonlinear integer and discrete programming in mechanical
	// design optimization", 1990: thicknesses come in sixteenths of an inch.
	// Best known value: Coello Coello and others.
	"pressure-vessel": {[]space.Param{
		integer("shell", 1, 99), integer("head", 1, 99), float("radius", 10, 200), float("length", 10, 240),
	}, 6059.714335, func(x []float64) Outcome {
		s, h, r, l := x[0]/16, x[1]/16, x[2], x[3]
		return Outcome{
			Values: []float64{0.6224*s*r*l + 1.7781*h*r*r + 3.1661*s*s*l + 19.84*s*s*r},
			Violations: []float64{
				0.0193*r - s, 0.00954*r - h,
				(1_296_000 - math.Pi*r*r*l - 4*math.Pi/3*r*r*r) / 1_296_000,
			},
		}
	}},
	// Ragsdell and Phillips 1976, in the form of Coello Coello 2000, with his
	// seven constraints scaled to about one.
	"welded-beam": {[]space.Param{
		float("weld", 0.1, 2), float("length", 0.1, 10), float("height", 0.1, 10), float("width", 0.1, 2),
	}, 1.724852, func(x []float64) Outcome {
		h, l, t, b := x[0], x[1], x[2], x[3]
		const load, span, elastic, shear = 6000.0, 14.0, 30e6, 12e6
		r := math.Sqrt(l*l/4 + (h+t)*(h+t)/4)
		j := 2 * math.Sqrt2 * h * l * (l*l/12 + (h+t)*(h+t)/4)
		first := load / (math.Sqrt2 * h * l)
		second := load * (span + l/2) * r / j
		stress := math.Sqrt(first*first + first*second*l/r + second*second)
		bending := 6 * load * span / (b * t * t)
		deflection := 4 * load * span * span * span / (elastic * t * t * t * b)
		buckling := 4.013 * elastic * math.Sqrt(t*t*math.Pow(b, 6)/36) / (span * span) *
			(1 - t/(2*span)*math.Sqrt(elastic/(4*shear)))
		cost := 1.10471*h*h*l + 0.04811*t*b*(span+l)
		return Outcome{
			Values: []float64{cost},
			Violations: []float64{
				stress/13600 - 1, bending/30000 - 1, h - b,
				(0.10471*h*h + 0.04811*t*b*(span+l) - 5) / 5,
				0.125 - h, deflection/0.25 - 1, 1 - buckling/load,
			},
		}
	}},
}

func openDesign(_ *Library, name string, _ []int, words []string) (Problem, error) {
	d, ok := designs[words[0]]
	if !ok {
		return nil, fmt.Errorf("the designs are gardner, pressure-vessel and welded-beam, not %s", words[0])
	}
	s, err := space.New(space.Spec{Params: d.params})
	if err != nil {
		return nil, err
	}
	p := &exact{base: base{name: name, space: s, objectives: value}}
	p.eval = func(c space.Config) Outcome { return d.eval(coordinates(c)) }
	p.judged(p, d.best, false)
	return p, nil
}
