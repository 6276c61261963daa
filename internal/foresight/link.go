package foresight

import (
	"math"
	"slices"
)

// What is believed of a link, and how many trials that counts for. The first
// rung often tells nothing: what is measured there is the initial weights.
const (
	beliefFirst  = 0.5
	beliefLater  = 0.8
	beliefWeight = 4
	slopeWeight  = 2.0
	spreadWeight = 3.0
	steepest     = 3.0
	// mostSelected bounds the correction for selection: how much smaller the
	// variance of the places of those that went on is taken to be.
	mostSelected = 9.0
)

// link is the line from the losses on one rung to those on the next, with the
// variance around it.
type link struct {
	slope, shift, variance float64
	told                   float64 // the correlation of the ranks
	pairs                  int     // how many trials it was learned from
}

// pass returns the variance above the link where it is v below.
func (l link) pass(v float64) float64 { return float64(l.slope*l.slope*v) + l.variance }

// fitLink returns the line through the pairs of x and y, of which in all trials
// the first would have the variance spread, and whose ranks agree as told.
func fitLink(x, y []float64, spread, told float64) link {
	belief := math.Max(told, 0)
	l := link{slope: 1, told: told, pairs: len(x)}
	if len(x) == 0 {
		l.variance = spread * (1/math.Max(float64(belief*belief), 0.04) - 1)
		return l
	}
	n := float64(len(x) - 1)
	mx, vx := moments(x)
	my, vy := moments(y)
	sxx, sxy := float64(n*vx), 0.0
	for i := range x {
		sxy += float64((x[i] - mx) * (y[i] - my))
	}
	vx = (float64(n*vx) + float64(slopeWeight*spread)) / (n + slopeWeight)
	vy = (float64(n*vy) + float64(slopeWeight*spread)) / (n + slopeWeight)
	if vx > 0 {
		weight := slopeWeight * vx
		if n > 0 {
			weight = slopeWeight * sxx / n
		}
		if sxx+weight > 0 {
			slope := (sxy + float64(weight*belief*math.Sqrt(vy/vx))) / (sxx + weight)
			if slope == slope { // losses may be too far apart for any number
				l.slope = math.Min(math.Max(slope, 0), steepest)
			}
		}
	}
	l.shift = my - float64(l.slope*mx)
	rest := spreadWeight * (1 - float64(belief*belief)) * vy
	for i := range x {
		r := y[i] - l.shift - float64(l.slope*x[i])
		rest += float64(r * r)
	}
	l.variance = rest / (spreadWeight + n)
	return l
}

// agreement returns the correlation of the ranks of x and y, the losses of the
// same trials on two rungs, as it would be if all trials had gone on, whose
// losses on the lower rung are all, in order. It is shrunk towards what is
// believed of the first or of a later link.
func agreement(x, y, all []float64, first bool) float64 {
	belief := beliefLater
	if first {
		belief = beliefFirst
	}
	n := float64(len(x))
	if n < 2 {
		return belief
	}
	a, b := places(x, sorted(x)), places(y, sorted(y))
	ma, va := moments(a)
	mb, vb := moments(b)
	if !(va > 0 && vb > 0) {
		return belief
	}
	r := 0.0
	for i := range a {
		r += float64((a[i] - ma) * (b[i] - mb))
	}
	r /= (n - 1) * math.Sqrt(va*vb)
	// The places of all trials would be even between 0 and 1.
	_, v := moments(places(x, all))
	if u := math.Min(1.0/12/v, mostSelected); u > 1 {
		r *= math.Sqrt(u / (1 + float64(r*r*(u-1))))
	}
	return (float64(n*r) + beliefWeight*belief) / (n + beliefWeight)
}

func sorted(v []float64) []float64 { return slices.Sorted(slices.Values(v)) }

// places returns where the values stand among all, which are in order: from 0
// to 1, equal ones in the middle of their places.
func places(values, all []float64) []float64 {
	out := make([]float64, len(values))
	for i, x := range values {
		low, _ := slices.BinarySearch(all, x)
		high := low
		for high < len(all) && all[high] == x {
			high++
		}
		out[i] = float64(low+high) / 2 / float64(len(all))
	}
	return out
}

// moments returns mean and sample variance, 0 where there is none.
func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += float64((v - mean) * (v - mean))
	}
	return mean, variance / math.Max(float64(len(x)-1), 1)
}

// scale leaves the better half of some losses as it is and compresses the rest.
type scale struct{ middle, unit float64 }

// fitScale returns the scale of losses, which are in order.
func fitScale(losses []float64) scale {
	n := len(losses)
	if n == 0 {
		return scale{}
	}
	s := scale{middle: within(losses[(n-1)/2]/2 + losses[n/2]/2)}
	// How far, on average, the better ones are from the middle; where none is,
	// the worse ones.
	for _, side := range [...]float64{-1, 1} {
		count := 0.0
		for _, y := range losses {
			if d := side * (within(y) - s.middle); d > 0 {
				s.unit += d
				count++
			}
		}
		if count > 0 {
			s.unit /= count
			break
		}
	}
	return s
}

// at returns what a loss counts as: the order stays.
func (s scale) at(y float64) float64 {
	y = within(y)
	if y <= s.middle || !(s.unit > 0) {
		return y
	}
	return s.middle + float64(s.unit*math.Log1p(math.Min((y-s.middle)/s.unit, math.MaxFloat64)))
}

// within returns y, or what is beyond as far as squares are still numbers.
func within(y float64) float64 { return math.Min(math.Max(y, -1e140), 1e140) }
