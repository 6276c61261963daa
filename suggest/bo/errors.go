package bo

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// A program that reports the standard error of its loss knows how much each
// measurement is worth compared with the others: the noise of a row is
// multiplied by the square of its error, over that of the usual one. How large
// the noise is altogether is still learned, because an error of folds or
// batches leaves out what another seed would change; and a program may as well
// report standard deviations. Rows without an error have the usual one.

// factorMost bounds by how much an error makes noise larger or smaller.
const factorMost = 25

// error returns the error reported with a row of a loss, 0 for none.
func (b *belief) error(r *row) float64 {
	if b.kind != lossOf || r.errors == nil {
		return 0
	}
	return r.errors[b.index]
}

// mapped returns the logarithm of an error of a loss after the map of the
// losses.
func (b *belief) mapped(loss, se float64) float64 {
	if b.warp.flat {
		return math.Log(se)
	}
	return math.Log(se) + math.Max(b.warp.warp.LogSlope(loss), -40)
}

// usualError returns the geometric mean of the errors of losses after the map,
// 0 where none were reported.
func (b *belief) usualError(losses []float64) float64 {
	sum, n := 0.0, 0
	for i, se := range b.errors {
		if se > 0 {
			sum += b.mapped(losses[i], se)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return special.Exp(sum / float64(n))
}

// factors returns what the noise of each loss collected is multiplied by, nil
// where it is 1.
func (b *belief) factors(losses []float64) []float64 {
	if b.usual == 0 || b.errors == nil {
		return nil
	}
	out := make([]float64, len(losses))
	for i, loss := range losses {
		out[i] = b.factorOf(loss, b.errors[i])
	}
	return out
}

// factor returns what the noise of a row is multiplied by.
func (b *belief) factor(r *row) float64 {
	se := b.error(r)
	if se == 0 || r.loss == nil {
		return 1
	}
	loss := r.loss[b.index]
	if r.pruned {
		loss = math.Max(loss, b.middle)
	}
	return b.factorOf(loss, se)
}

func (b *belief) factorOf(loss, se float64) float64 {
	if b.usual == 0 || se == 0 {
		return 1
	}
	f := special.Exp(2 * (b.mapped(loss, se) - math.Log(b.usual)))
	return math.Min(math.Max(f, 1.0/factorMost), factorMost)
}
