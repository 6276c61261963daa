package tpe

import (
	"math"
	"slices"
)

// recent is how many of the newest trials have full weight where older ones
// count less.
const recent = 25

// weigh sets the weights of the kernels. gain, if not nil, has what each of
// the trials ids improved by, at least 0; without it they weigh alike, or the
// older ones less.
func (p *parzen) weigh(ids []int32, gain []float64, scratch []int32) []int32 {
	for i := range p.wt {
		p.wt[i] = 1
	}
	p.wt[0] = p.o.priorWeight
	if p.n == 0 {
		p.wt[0] = 1
	}
	switch {
	case gain != nil:
		p.weighByGain(ids, gain)
	case p.o.weights == weightsRecent && p.n >= recent:
		scratch = p.weighByAge(scratch)
	}
	top := max(slices.Max(p.wt), 1)
	for i, w := range p.wt {
		// Never nothing: the largest kernel has to count in the sum over them.
		p.wt[i] = max(w/top, 1e-9)
	}
	return scratch
}

// weighByGain makes weights proportional to gains; the prior weighs what an
// average trial does. Gains that are all 0 or too large to be added say
// nothing, and the weights stay alike.
func (p *parzen) weighByGain(ids []int32, gain []float64) {
	top, sum := slices.Max(gain), 0.0
	for _, g := range gain {
		sum += g / top
	}
	if !(top > 0) || math.IsInf(top, 0) || !(sum > 0) {
		return
	}
	mean := sum / float64(len(gain))
	for k, id := range ids {
		if s, ok := p.slots[id]; ok {
			p.wt[s] = gain[k] / top / mean
		}
	}
}

// weighByAge is Optuna's ramp: the newest trials weigh 1, the others from 1/n
// for the oldest up to 1.
func (p *parzen) weighByAge(scratch []int32) []int32 {
	scratch = scratch[:0]
	for s, id := range p.ids {
		if s > 0 && id >= 0 {
			scratch = append(scratch, id)
		}
	}
	slices.Sort(scratch)
	n, ramp := p.n, p.n-recent
	for k := range ramp {
		w := 1 / float64(n)
		if ramp > 1 {
			w += float64(k) * (1 - 1/float64(n)) / float64(ramp-1)
		}
		p.wt[p.slots[scratch[k]]] = w
	}
	return scratch
}
