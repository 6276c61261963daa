package problem

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// hartmann is a sum of four Gaussian hills of different heights, upside down
// (L. Dixon and G. Szegö, "Towards global optimization 2", 1978).
type hartmann struct {
	width, centre [4][]float64 // centre in ten-thousandths
	best          float64      // value of the optimum
}

var heights = [4]float64{1, 1.2, 3, 3.2}

var hartmanns = map[string]hartmann{
	"d3": {
		width:  [4][]float64{{3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}},
		centre: [4][]float64{{3689, 1170, 2673}, {4699, 4387, 7470}, {1091, 8732, 5547}, {381, 5743, 8828}},
		best:   -3.86278214782076,
	},
	"d6": {
		width: [4][]float64{
			{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14},
			{3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14},
		},
		centre: [4][]float64{
			{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991},
			{2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381},
		},
		best: -3.32236801141551,
	},
}

// value returns the function with hills lower by bias.
func (f *hartmann) value(x []float64, bias float64) float64 {
	sum := 0.0
	for k, height := range heights {
		d := 0.0
		for i, v := range x {
			r := v - f.centre[k][i]/1e4
			d += float64(f.width[k][i] * r * r)
		}
		sum += float64((height - bias) * math.Exp(-d))
	}
	return -sum
}

// hartmannSteps is the fidelity: before the last step the hills are lower, all
// by the same, so that at first the lower ones are valleys, and the value has
// noise that makes it worse.
var hartmannSteps = study.Fidelity{Step: "step", Min: 1, Max: 81}

// flaws are how wrong the first step is: by how much the hills are lower, as in
// K. Kandasamy, G. Dasarathy, J. Schneider and B. Póczos, "Multi-fidelity
// Bayesian optimisation with continuous approximations", ICML 2017, whose 0.1
// hardly matters, and the standard deviation of the noise, of which the
// absolute value is added.
var flaws = map[string]struct{ bias, noise float64 }{
	"good": {0.5, 0.1}, "moderate": {2, 0.5}, "bad": {3.5, 2},
}

// hartmannProblem is a Hartmann function of which early steps show little.
type hartmannProblem struct {
	base
	hartmann
	bias, noise float64
}

func openHartmann(_ *Library, name string, _ []int, words []string) (Problem, error) {
	f, ok := hartmanns[words[0]]
	flaw, known := flaws[words[1]]
	if !ok || !known {
		return nil, fmt.Errorf("the dimensions are d3 and d6, the first steps good, moderate or bad, not %s and %s", words[0], words[1])
	}
	ps := make([]space.Param, len(f.width[0]))
	for i := range ps {
		ps[i] = space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: 0, High: 1}
	}
	s, err := space.New(space.Spec{Params: ps})
	if err != nil {
		return nil, err
	}
	steps := hartmannSteps
	p := &hartmannProblem{
		base:     base{name: name, space: s, objectives: value, fidelity: &steps},
		hartmann: f, bias: flaw.bias, noise: flaw.noise,
	}
	p.judged(p, f.best, false)
	return p, nil
}

// Evaluate implements [Problem]. How wrong it is falls with the logarithm of
// the step, to nothing at the last.
func (p *hartmannProblem) Evaluate(c space.Config, fidelity float64, r *rand.Rand) (Outcome, error) {
	wrong := 0.0
	if fidelity > 0 {
		wrong = 1 - math.Log(fidelity)/math.Log(hartmannSteps.Max)
	}
	y := p.value(coordinates(c), wrong*p.bias)
	if wrong > 0 {
		y += wrong * p.noise * math.Abs(r.NormFloat64())
	}
	return Outcome{Values: []float64{y}}, nil
}

// True implements [Problem].
func (p *hartmannProblem) True(c space.Config) (Outcome, error) { return p.Evaluate(c, 0, nil) }
