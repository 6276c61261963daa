// Package genetic is evolutionary search of one objective: configurations are
// bred from good ones by crossover and mutation.
//
// It assumes nothing of the space but that good configurations resemble each
// other, so it suits mixed and conditional spaces of many choices, cheap trials
// and large budgets. Where trials are few and dear a model-based method needs
// fewer of them; for several objectives there is package nsga.
//
// The one idea: a population is a function of the trials that have ended, in
// the order in which they did, and a child is a function of the population and
// the random stream of its trial's number. There are no generations to wait
// for, so any number of workers is kept busy, a late or surplus result is as
// good as any, and a restart goes on where it was.
//
// # Styles
//
// Elitist, the default, is a steady-state genetic algorithm: the population is
// the best trials so far, parents win tournaments in it, numbers are recombined
// by simulated binary crossover (Deb and Agrawal 1995), BLX-α (Eshelman and
// Schaffer 1993) or exchange and mutated polynomially, choices are exchanged
// and redrawn. The best is never lost, and results that are lucky stay too.
//
// Aging is regularised evolution (E. Real, A. Aggarwal, Y. Huang and Q. V. Le,
// "Regularized evolution for image classifier architecture search", AAAI 33,
// 4780–4789, 2019, algorithm 1): the population is the newest trials, good or
// bad, the best of a random sample is the parent, and one of its parameters is
// mutated. As every configuration has to prove itself again through its
// children, it copes with noise; the best trial itself is kept by the study.
//
// # Where it departs from the textbooks
//
// Trials that were enqueued, are the default configuration, or come from
// another method join the population like its own. Until as many trials
// as the population has places have ended or run, configurations are drawn
// from the prior; those that fail are replaced by further draws. Pruned trials
// rank behind all complete ones, violations of outcome constraints behind
// these; failed trials are no parents. A child equal to a parent is mutated
// once more; one that violates a constraint of the space is pulled towards its
// parent; where neither helps a configuration is drawn from the prior. A gene
// of a conditional parameter is inherited from the parent that has it.
package genetic

import (
	"context"
	"errors"
	"strconv"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// The styles and the recombinations of numbers.
const (
	styleElitist = "elitist"
	styleAging   = "aging"

	recombineSBX     = "sbx"
	recombineBlend   = "blend"
	recombineUniform = "uniform"
)

var settings = []setting.Setting{
	{Name: "style", Kind: setting.String, Default: value.String(styleElitist), Options: []string{styleElitist, styleAging},
		Doc: "Whether the population is the best trials so far, or the newest (regularised evolution)."},
	{Name: "population", Kind: setting.Int, Min: 2, Max: 10_000,
		Doc: "Trials that can be parents; default a tenth of the budget within 10 and 100, without a budget 50."},
	{Name: "tournament", Kind: setting.Int, Min: 1, Max: 10_000,
		Doc: "Random members of which the best becomes a parent: more of them are greedier; default 2, aging: a quarter of the population."},
	{Name: "crossover", Kind: setting.Float, Min: 0, Max: 1,
		Doc: "Probability that a child has two parents; default 0.9, aging: 0."},
	{Name: "recombination", Kind: setting.String, Default: value.String(recombineSBX), Options: []string{recombineSBX, recombineBlend, recombineUniform},
		Doc: "How numbers of two parents are combined: simulated binary, BLX-0.5 or exchange."},
	{Name: "crossover_eta", Kind: setting.Float, Default: value.Float(15), Min: 0, Max: 1000,
		Doc: "Distribution index of simulated binary crossover: children are closer to a parent for greater ones."},
	{Name: "mutation", Kind: setting.Float, Min: 0, Max: 1,
		Doc: "Probability of mutation for every parameter; default one over the number of active ones, aging: exactly one is mutated."},
	{Name: "mutation_eta", Kind: setting.Float, Default: value.Float(20), Min: 0, Max: 1000,
		Doc: "Distribution index of the mutation of numbers: steps are smaller for greater ones."},
}

// Method returns the description of evolutionary search.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "genetic",
		Version:  "1",
		Doc:      "Breeds configurations from good ones by crossover and mutation; for mixed and conditional spaces, cheap trials and large budgets (style aging: regularised evolution, Real et al. 2019).",
		Settings: settings,
		New:      newSuggester,
	}
}

func newSuggester(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
	if p.Objectives > 1 {
		return nil, study.Errorf(study.Invalid, "use the algorithm nsga",
			"the algorithm genetic has one objective, and the study has %d", p.Objectives)
	}
	whole := func(name string, otherwise int) int {
		if k, ok := v.Get(settings, name).AsInt(); ok {
			return int(k)
		}
		return otherwise
	}
	number := func(name string, otherwise float64) float64 {
		if x := v.Get(settings, name); x.IsNumber() {
			return x.AsFloat()
		}
		return otherwise
	}
	text := func(name string) string {
		s, _ := v.Get(settings, name).AsString()
		return s
	}
	size := 50
	if p.Trials > 0 {
		size = min(max(p.Trials/10, 10), 100)
	}
	s := &suggester{}
	s.population.size = whole("population", size)
	s.population.aging = text("style") == styleAging
	b := &s.breeder
	b.mutationEta = number("mutation_eta", 0)
	if s.population.aging {
		b.tournament = whole("tournament", max(s.population.size/4, 2))
		b.crossing = number("crossover", 0)
		b.mutating = number("mutation", mutateOne)
	} else {
		b.tournament = whole("tournament", 2)
		b.crossing = number("crossover", 0.9)
		b.mutating = number("mutation", mutateOneInMean)
	}
	switch text("recombination") {
	case recombineBlend:
		b.recombine = vary.Blended(0.5)
	case recombineUniform:
		b.recombine = vary.Uniform
	default:
		b.recombine = vary.Simulated(number("crossover_eta", 0))
	}
	return s, nil
}

type suggester struct {
	picker     distinct.Picker
	population population
	breeder    breeder
}

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of parameters and the size of a tournament; a
// trial that has ended since the last request costs the size of the
// population in the worst case.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	h := r.History
	s.population.update(h)
	s.picker.Begin(h, r.Beside...)
	open := h.OpenLen() + len(r.Beside)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		random := r.Rand(i)
		members := s.population.members
		// Open trials and the proposals before this one count as if they had
		// ended, so that asking for many or one by one is the same.
		if len(members) > 0 && len(members)+open+i >= s.population.size {
			if p, ok := s.breeder.breed(h, &s.population, random, s.picker.Take); ok {
				out = append(out, p)
				continue
			}
		}
		c, err := s.picker.Draw(ctx, random)
		if errors.Is(err, suggest.ErrExhausted) {
			return out, err
		}
		if err != nil {
			return nil, err
		}
		out = append(out, suggest.Proposal{Config: c})
	}
	return out, nil
}

// note says which trials the parents of a child were.
func note(parents []int) string {
	b := []byte(`{"genetic":{"parents":[`)
	for i, n := range parents {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, "]}}"...))
}
