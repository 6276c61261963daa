package problem

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// The noise of the noisy problems, in parts of the distance of the optimum from
// the median of random configurations: everywhere alike, and that which grows
// with the distance of a configuration from the optimum, as that of real
// trainings does.
const (
	noiseEven    = 0.05
	noiseLow     = 0.02
	noiseGrowing = 0.2
)

// noisyPrefix is what the names of noisy problems begin with.
const noisyPrefix = "noisy/"

// noisy adds normal noise to the values of a problem.
type noisy struct {
	Problem
	name       string
	even, grow float64
}

// opener opens the problems of a family.
type opener func(l *Library, name string, n []int, words []string) (Problem, error)

// openNoisy opens problems as open does, and adds noise.
func openNoisy(open opener, even, grow float64) opener {
	return func(l *Library, name string, n []int, words []string) (Problem, error) {
		p, err := open(l, strings.TrimPrefix(name, noisyPrefix), n, words)
		if err != nil {
			return nil, err
		}
		if !p.Scale().Known() {
			return nil, fmt.Errorf("nobody knows how large the values of %s are", p.Name())
		}
		return &noisy{Problem: p, name: name, even: even, grow: grow}, nil
	}
}

// Name implements [Problem].
func (n *noisy) Name() string { return n.name }

// Fidelity implements [Problem].
func (n *noisy) Fidelity() *study.Fidelity { return nil }

// Evaluate implements [Problem].
func (n *noisy) Evaluate(c space.Config, _ float64, r *rand.Rand) (Outcome, error) {
	o, err := n.Problem.True(c)
	if err != nil || o.Crashed {
		return o, err
	}
	s := n.Scale()
	sd := n.even*(s.Reference-s.Best) + float64(n.grow*(o.Values[0]-s.Best))
	o.Values = []float64{o.Values[0] + sd*r.NormFloat64()}
	return o, nil
}
