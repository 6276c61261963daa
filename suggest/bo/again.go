package bo

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/suggest"
)

// rivals is how many of the configurations tried, by the mean predicted for
// them, may run again.
const rivals = 8

// Repeat implements [suggest.Repeater]. A new configuration and one more run of
// an old one are worth the same thing, how much better the best predicted mean
// is expected to be afterwards: the knowledge gradient, see [gain], over the
// rivals and the new configuration, averaged over the hyperparameters. It knows
// both that a new one may be better than all, and that the best may have been
// lucky; where there is no noise, nothing is learned from a repeat.
//
// It compares with proposals that maximise the improvement alone: those of
// other rules look for something else than the best mean.
func (s *suggester) Repeat(ctx context.Context, r suggest.Request, p suggest.Proposal) (suggest.Again, bool) {
	if !strings.Contains(p.Note, `"rule":"`+improvement.String()+`"`) || ctx.Err() != nil {
		return suggest.Again{}, false
	}
	if s.begin(r) != nil {
		return suggest.Again{}, false
	}
	defer s.release()
	defer s.forget()
	m := &s.model
	if !m.able() || len(m.losses) != 1 || m.leader < 0 {
		return suggest.Again{}, false
	}
	s.believe()
	b := &m.losses[0]
	d := m.enc.len()
	heads := slices.Clone(m.top(leaders))
	heads = slices.DeleteFunc(heads, func(i int) bool { return m.rows[i].partial })
	if len(heads) == 0 {
		return suggest.Again{}, false
	}
	means := make(map[int]float64, len(heads))
	for _, i := range heads {
		means[i] = b.mean(m.final(i))
	}
	slices.SortStableFunc(heads, func(i, j int) int { return cmp.Compare(means[i], means[j]) })
	heads = heads[:min(len(heads), rivals)]
	k := len(heads) + 1
	xs := make([]float64, k*d)
	for i, h := range heads {
		copy(xs[i*d:(i+1)*d], m.final(h))
	}
	s.x = resize(s.x, m.cube.Len())
	m.cube.Encode(p.Config, s.x)
	m.enc.put(s.x, xs[(k-1)*d:])
	worth := make([]float64, k)
	mean, cov, slope := make([]float64, k), make([]float64, k*k), make([]float64, k)
	whole := 0.0
	for e, q := range b.members {
		q.Joint(xs, mean, cov)
		whole += b.weights[e]
		for i := range k {
			sd := math.Sqrt(cov[i*k+i] + q.Noise())
			for j := range k {
				slope[j] = cov[i*k+j] / sd
			}
			// What has not been tried cannot be what is reported.
			v := 0.0
			if i < k-1 {
				v = gain(mean[:k-1], slope[:k-1])
			} else {
				v = gain(mean, slope) + math.Max(slices.Min(mean[:k-1])-mean[k-1], 0)
			}
			worth[i] += float64(b.weights[e] * v)
		}
	}
	for i := range worth {
		worth[i] /= whole
	}
	worth[k-1] *= s.feasible(xs[(k-1)*d:])
	best := 0
	for i := range heads {
		if worth[i] > worth[best] {
			best = i
		}
	}
	leading := b.mean(m.final(m.leader))
	return suggest.Again{
		Trial: m.rows[heads[best]].number, Worth: worth[best], New: worth[k-1],
		Gain: math.Max(b.warp.back(leading)-b.warp.back(leading-worth[best]), 0),
	}, true
}

// feasible is the probability that the configuration at z succeeds and violates
// nothing.
func (s *suggester) feasible(z []float64) float64 {
	m := &s.model
	if len(m.limits)+len(m.safe) == 0 {
		return 1
	}
	a := acquisition{kind: feasibility}
	for i := range m.limits {
		a.limits = append(a.limits, m.limits[i].members)
	}
	if len(m.safe) > 0 {
		a.safe = m.safe[0].members[0]
	}
	a.reset(m.enc.len())
	return math.Exp(a.value(z, nil))
}
