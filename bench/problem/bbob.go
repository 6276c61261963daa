package problem

import (
	"fmt"

	"github.com/afina-hpo/afina/bench/bbob"
	"github.com/afina-hpo/afina/space"
)

func openBBOB(_ *Library, name string, n []int, _ []string) (Problem, error) {
	f, err := bbob.New(n[0], n[1], n[2])
	if err != nil {
		return nil, err
	}
	return fromFunction(name, f, func(int) int { return 0 })
}

func openMixed(_ *Library, name string, n []int, _ []string) (Problem, error) {
	f, err := bbob.NewMixed(n[0], n[1], n[2])
	if err != nil {
		return nil, err
	}
	return fromFunction(name, f, func(i int) int { return bbob.Levels(i, n[1]) })
}

// fromFunction is the problem of a function whose variable i has so many
// levels, or is continuous in [-5, 5].
func fromFunction(name string, f *bbob.Function, levels func(i int) int) (Problem, error) {
	ps := make([]space.Param, f.Dimension())
	for i := range ps {
		ps[i] = space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: -5, High: 5}
		if n := levels(i); n > 0 {
			ps[i].Kind, ps[i].Low, ps[i].High = space.Int, 0, float64(n-1)
		}
	}
	s, err := space.New(space.Spec{Params: ps})
	if err != nil {
		return nil, err
	}
	p := &exact{base: base{name: name, space: s, objectives: value}}
	p.eval = func(c space.Config) Outcome { return Outcome{Values: []float64{f.Eval(coordinates(c))}} }
	_, best := f.Best()
	p.judged(p, best, true)
	return p, nil
}

// coordinates returns the values of a flat numeric space.
func coordinates(c space.Config) []float64 {
	x := make([]float64, c.Space().Len())
	for i := range x {
		x[i] = c.At(i).AsFloat()
	}
	return x
}
