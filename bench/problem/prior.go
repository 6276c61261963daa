package problem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// guess is how well a made-up user knows where the best configuration of a
// task is: in parts of each parameter's range.
type guess struct {
	off float64 // how far the mean of a prior is from there: normal, of this standard deviation
	by  float64 // and by so much on top, to the side where there is more room
	sd  float64 // of the prior
	// weight is how much more often than others the best of some choices is
	// drawn; below 1 it is another that is.
	weight float64
}

// guesses are good ones, weak ones, and ones where the best is three standard
// deviations out.
var guesses = map[string]guess{
	"good":  {off: 0.05, sd: 0.1, weight: 4},
	"weak":  {off: 0.15, sd: 0.3, weight: 2},
	"wrong": {by: 0.36, sd: 0.12, weight: 0.25},
}

// believed is a problem whose parameters have priors.
type believed struct {
	Problem
	name  string
	space *space.Space
}

func (b *believed) Name() string        { return b.name }
func (b *believed) Space() *space.Space { return b.space }

func (b *believed) Evaluate(c space.Config, fidelity float64, r *rand.Rand) (Outcome, error) {
	return b.Problem.Evaluate(c.In(b.Problem.Space()), fidelity, r)
}

func (b *believed) True(c space.Config) (Outcome, error) {
	return b.Problem.True(c.In(b.Problem.Space()))
}

// purposePrior is the random stream that guesses are made from.
const purposePrior = "bench/prior"

// cutPrior splits the name of a task with priors.
func cutPrior(name string) (kind, task string, ok bool) {
	rest, ok := strings.CutPrefix(name, "prior/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

func openPrior(l *Library, name, kind, task string) (Problem, error) {
	g, ok := guesses[kind]
	if !ok {
		return nil, fmt.Errorf("open task %q: the priors are good, weak or wrong, not %s", name, kind)
	}
	inner, err := l.Open(task)
	if err != nil {
		return nil, err
	}
	best, err := bestKnown(inner)
	if err != nil {
		return nil, fmt.Errorf("open task %q: %w", name, err)
	}
	spec := inner.Space().Spec()
	spec.Params = append([]space.Param(nil), spec.Params...)
	r := study.Stream(1, 0, purposePrior)
	for i := range spec.Params {
		g.believe(inner.Space(), i, &spec.Params[i], best.At(i), r)
	}
	s, err := space.New(spec)
	if err != nil {
		return nil, fmt.Errorf("open task %q: %w", name, err)
	}
	return &believed{inner, name, s}, nil
}

// believe gives p, parameter i, of which v is the best value, a prior.
func (g *guess) believe(s *space.Space, i int, p *space.Param, v space.Value, r *rand.Rand) {
	noise := r.NormFloat64()
	switch {
	case v.IsAbsent(), p.Scale == space.ReverseLog, p.IsNumeric() && p.Low == p.High:
		return
	case !p.IsNumeric():
		k := p.Index(v)
		if g.weight < 1 {
			k = (k + 1 + r.IntN(max(len(p.Choices)-1, 1))) % len(p.Choices)
		}
		if p.Kind == space.Bool {
			p.Kind = space.Choice // which can have weights
		}
		p.Weights = make([]float64, len(p.Choices))
		for j := range p.Weights {
			p.Weights[j] = 1
		}
		p.Weights[k] = math.Max(g.weight, 1/g.weight)
		return
	}
	u := s.EncodeParam(i, v)
	at := math.Min(math.Max(u+float64(g.off*noise), 0), 1)
	if u < 0.5 {
		at += g.by
	} else {
		at -= g.by
	}
	low, high := p.Low, p.High
	if p.Kind == space.Int { // every value owns as much
		low, high = low-0.5, high+0.5
	}
	p.Prior = space.Normal
	if p.Scale == space.Log {
		low, high = math.Log(math.Max(low, p.Low/2)), math.Log(high)
		p.Prior, p.Scale = space.LogNormal, space.Linear
	}
	p.Mean, p.SD = low+float64(at*(high-low)), g.sd*(high-low)
}

// bestKnown returns a good configuration: the best of some random ones,
// improved by small steps.
func bestKnown(p Problem) (space.Config, error) {
	const draws, steps = 1000, 1500
	r := study.Stream(0, 1, purposePrior)
	s := p.Space()
	var best space.Config
	least := math.Inf(1)
	u := make([]float64, s.Len())
	for n := range draws + steps {
		var c space.Config
		if n < draws || best.IsZero() {
			c = s.Random(r)
		} else {
			s.Encode(best, u)
			size := 0.3 * math.Pow(0.01, float64(n-draws)/steps)
			for i := range u {
				if u[i] != u[i] {
					u[i] = r.Float64()
				}
				if r.IntN(len(u)) < 2 {
					u[i] = math.Min(math.Max(u[i]+size*r.NormFloat64(), 0), 1)
					if !s.Param(i).IsNumeric() && r.IntN(4) == 0 {
						u[i] = r.Float64()
					}
				}
			}
			c = s.Decode(u)
		}
		if !s.Feasible(c) {
			continue
		}
		v, err := loss(p, c)
		if err != nil {
			return space.Config{}, err
		}
		if v < least {
			best, least = c, v
		}
	}
	if best.IsZero() {
		return best, fmt.Errorf("no configuration has a value")
	}
	return best, nil
}
