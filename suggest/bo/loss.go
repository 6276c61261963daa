package bo

import (
	"cmp"

	"github.com/afina-hpo/afina/num/warp"
)

// lossMap maps losses to what the processes learn.
type lossMap struct {
	warp warp.Warp
	flat bool // all losses that it was made from are one
	only float64
}

// fitMap returns the map of the given kind, or a plain one where that does not
// apply to losses, which are at least one.
func fitMap(kind warp.Kind, losses []float64) lossMap {
	for _, k := range [...]warp.Kind{kind, warp.Identity} {
		if w, ok := warp.Fit(k, losses); ok {
			return lossMap{warp: w}
		}
	}
	return lossMap{flat: true, only: losses[0]} // others are better or worse, nothing more
}

func (m *lossMap) at(loss float64) float64 {
	if m.flat {
		return float64(cmp.Compare(loss, m.only))
	}
	return m.warp.At(loss)
}

// back is the inverse.
func (m *lossMap) back(z float64) float64 {
	if m.flat {
		return m.only
	}
	return m.warp.Inverse(z)
}
