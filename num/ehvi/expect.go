package ehvi

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// buffer is what LogEHVI writes: levels, spans and boxes as one normal point
// sees them.
type buffer struct {
	levels []level
	spans  []side
	boxes  []float64 // logarithms of the expected improvements
}

func (b *Boxes) buffer() buffer {
	return buffer{
		levels: make([]level, len(b.levels)),
		spans:  make([]side, len(b.spans)),
		boxes:  make([]float64, b.Len()),
	}
}

// Clone returns boxes for another goroutine: the same ones, which both share,
// with buffers of their own.
func (b *Boxes) Clone() *Boxes {
	c := *b
	c.work = b.buffer()
	return &c
}

// LogEHVI returns the logarithm of the expected [Boxes.Improvement] of a point
// whose objectives are independent and normal with the given means and standard
// deviations. Where gradMean and gradSD are not nil it writes the derivatives
// of that logarithm there; either may be nil without the other.
//
// The means must be finite and the standard deviations positive. The answer is
// exact to about 1e-14 of itself, or absolutely where that is more, and finite
// as long as the squares of the distances in standard deviations are; where
// they are not, far behind the front, it is -Inf and the gradients are 0. Any
// NaN, and any standard deviation that is not positive, makes answer and
// gradients NaN.
//
// It allocates nothing, but writes to the buffers of b: see [Boxes.Clone]. The
// time is that of an exponential for each box, and of about five for each point
// and objective: some 10 µs for 50 points of three objectives.
func (b *Boxes) LogEHVI(mean, sd, gradMean, gradSD []float64) float64 {
	m := len(b.reference)
	b.check(len(mean))
	b.check(len(sd))
	for j, s := range sd {
		if !(s > 0) || math.IsNaN(mean[j]) {
			fill(gradMean, math.NaN())
			fill(gradSD, math.NaN())
			return math.NaN()
		}
		b.see(j, mean[j], s)
	}
	fill(gradMean, 0)
	fill(gradSD, 0)
	top := math.Inf(-1)
	for i := range b.work.boxes {
		sum := 0.0
		for _, s := range b.sides[i*m : (i+1)*m] {
			sum += b.work.spans[s].log
		}
		b.work.boxes[i] = sum
		top = max(top, sum)
	}
	if math.IsInf(top, 0) {
		return top
	}
	total := 0.0
	for i, l := range b.work.boxes {
		share := special.Exp(l - top)
		total += share
		if share == 0 {
			continue
		}
		for j, s := range b.sides[i*m : (i+1)*m] {
			if gradMean != nil {
				gradMean[j] += share * b.work.spans[s].mean
			}
			if gradSD != nil {
				gradSD[j] += share * b.work.spans[s].sd
			}
		}
	}
	for j := range gradMean {
		gradMean[j] /= total
	}
	for j := range gradSD {
		gradSD[j] /= total
	}
	return top + math.Log(total)
}

func fill(to []float64, x float64) {
	for j := range to {
		to[j] = x
	}
}

// see computes the levels and spans of objective j.
func (b *Boxes) see(j int, mean, sd float64) {
	for at := b.start[j]; at < b.start[j+1]; at++ {
		b.work.levels[at] = levelAt((b.levels[at] - mean) / sd)
	}
	logSD := math.Log(sd)
	for at := b.first[j]; at < b.first[j+1]; at++ {
		s := b.spans[at]
		high := &b.work.levels[s.high]
		var i integral
		if s.low < 0 {
			i = integral{phi: high.phi, density: high.density, ei: high.ei}
		} else {
			i = between(&b.work.levels[s.low], high, s.width/sd)
		}
		b.work.spans[at] = i.side(sd, logSD+high.scale)
	}
}

// side is what one objective adds to a box: the logarithm of the expected
// length that the point dominates of a span, and its derivatives.
type side struct{ log, mean, sd float64 }
