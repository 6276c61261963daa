package analyze

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Belief is what a search algorithm believes of a configuration: the mean of
// every objective, in its own units, with its standard error; false where it
// believes nothing yet.
type Belief func(c space.Config) (mean, se []float64, ok bool)

// Measured is the complete trials of one configuration.
type Measured struct {
	// Trial is the best of them by the first objective, of the final comparison
	// only where there is no other.
	Trial *study.Trial
	// Runs is how many there are, Mean the average of their first objective.
	Runs    int
	Mean    float64
	squares float64 // sum of squared deviations from Mean
	first   int     // the first trial
}

// SE returns the standard error of the mean, NaN for a single run.
func (m Measured) SE() float64 {
	n := float64(m.Runs)
	return math.Sqrt(m.squares / (n - 1) / n)
}

// add takes one more trial, by Welford's recurrence.
func (m *Measured) add(o study.Objective, t *study.Trial) {
	x := t.Values[0]
	m.Runs++
	d := x - m.Mean
	m.Mean += d / float64(m.Runs)
	m.squares += float64(d * (x - m.Mean))
	if m.Trial == nil || !t.Final() && o.Better(x, m.Trial.Values[0]) {
		m.Trial = t
	}
}

// Replicates returns the trials that may be the best, those of equal
// configuration together, in order of their first trial. The time is linear in
// the number of trials.
func Replicates(h *study.History) []Measured { return replicates(h, counts) }

// replicates is [Replicates] for the trials that are wanted.
func replicates(h *study.History, wanted func(*study.Trial) bool) []Measured {
	var all []Measured
	place := map[string]int{}
	for t := range h.All() {
		if !wanted(t) {
			continue
		}
		key := t.Config.Key()
		i, ok := place[key]
		if !ok {
			i = len(all)
			place[key] = i
			all = append(all, Measured{first: t.Number})
		}
		all[i].add(h.Objectives[0], t)
	}
	return all
}

// RunsOf returns the trials with the configuration c that may be the best; its
// Trial is nil where there is none.
func RunsOf(h *study.History, c space.Config) Measured {
	var m Measured
	for t := range h.All() {
		if counts(t) && t.Config.Equal(c) {
			m.add(h.Objectives[0], t)
		}
	}
	return m
}

// Incumbent is the configuration that the evidence speaks for.
type Incumbent struct {
	Measured
	// Believed is the posterior mean of the first objective, BelievedSE its
	// standard error.
	Believed, BelievedSE float64
}

// minEvidence is how many complete trials it takes before the model's word is
// weighed against what was measured.
const minEvidence = 10

// maxBelieved is of how many configurations, the best measured, the belief is
// asked. Any that is further down would have had to be unlucky indeed.
const maxBelieved = 1000

// ByEvidence returns the configuration with the best believed mean among those
// that were evaluated: unlike the best value measured, that is not partly luck.
// It is false with several objectives, with fewer than ten complete trials, or
// where believe knows nothing. Of those whose belief is worse than the best by
// less than a tenth of its standard error the one measured best wins: so much is
// no evidence, and without noise the beliefs of the best trials differ by less.
func ByEvidence(h *study.History, believe Belief) (Incumbent, bool) {
	if len(h.Objectives) != 1 {
		return Incumbent{}, false
	}
	all, runs := Replicates(h), 0
	for _, m := range all {
		runs += m.Runs
	}
	return incumbent(h.Objectives[0], all, runs, believe)
}

// incumbent is [ByEvidence] among the configurations all, which it sorts, of a
// study with so many runs.
func incumbent(o study.Objective, all []Measured, runs int, believe Belief) (Incumbent, bool) {
	if runs < minEvidence {
		return Incumbent{}, false
	}
	slices.SortStableFunc(all, func(a, b Measured) int { return cmp.Compare(o.Loss(a.Mean), o.Loss(b.Mean)) })
	all = all[:min(len(all), maxBelieved)]
	incumbents := make([]Incumbent, len(all))
	best := 0
	for i, m := range all {
		mean, se, ok := believe(m.Trial.Config)
		if !ok {
			return Incumbent{}, false
		}
		incumbents[i] = Incumbent{m, mean[0], se[0]}
		if o.Better(mean[0], incumbents[best].Believed) {
			best = i
		}
	}
	for _, i := range incumbents {
		if o.Loss(i.Believed)-o.Loss(incumbents[best].Believed) <= slack(incumbents[best]) {
			return i, true
		}
	}
	return Incumbent{}, false
}

// slack is by how much a belief may be worse than the best without being less
// evidence: a tenth of the standard error of the best, and what rounding does.
func slack(best Incumbent) float64 {
	return best.BelievedSE/10 + 1e-9*math.Abs(best.Believed)
}

// ByRuns returns the configuration that its own runs speak for, for studies
// whose search algorithm believes nothing: that with the best mean, to which
// one standard error is added to its disadvantage, with the standard deviation
// of a run pooled over all configurations that have several. So one lucky run
// does not beat the mean of three. It is false with several objectives, and
// where no configuration was run again. Of equals the earlier wins.
func ByRuns(h *study.History) (Measured, bool) {
	if len(h.Objectives) != 1 {
		return Measured{}, false
	}
	all := Replicates(h)
	squares, spare := 0.0, 0
	for _, m := range all {
		squares, spare = squares+m.squares, spare+m.Runs-1
	}
	if spare == 0 {
		return Measured{}, false
	}
	sd := math.Sqrt(squares / float64(spare))
	o := h.Objectives[0]
	return slices.MinFunc(all, func(a, b Measured) int {
		cautious := func(m Measured) float64 { return o.Loss(m.Mean) + sd/math.Sqrt(float64(m.Runs)) }
		return cmp.Compare(cautious(a), cautious(b))
	}), true
}
