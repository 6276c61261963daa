package bo

import "math"

// The trust region of D. Eriksson et al., "Scalable global optimization via
// local Bayesian optimization", NeurIPS 2019: its side in the unit cube at the
// beginning and at most, and below which it begins anew; after so many
// improvements in a row it doubles, and after as many failures as there are
// parameters (four at least) it halves.
const (
	regionFirst     = 0.8
	regionMost      = 1.6
	regionLeast     = 1.0 / 128
	regionSuccesses = 3
	regionFailures  = 4
)

// region returns the side of the trust region: a function of what the trials
// in their order have improved.
func (m *model) region() float64 {
	length, best := regionFirst, math.Inf(1)
	successes, failures := 0, 0
	most := max(regionFailures, m.cube.Len())
	for i := range m.rows {
		r := &m.rows[i]
		if r.again > 0 {
			continue // the region is about new configurations
		}
		switch {
		case r.other:
			continue
		case r.whole() && r.loss[0] < best:
			best = r.loss[0]
			successes, failures = successes+1, 0
		default:
			successes, failures = 0, failures+1
		}
		switch {
		case successes == regionSuccesses:
			length, successes = math.Min(2*length, regionMost), 0
		case failures == most:
			length, failures = length/2, 0
		}
		if length < regionLeast {
			length, best = regionFirst, math.Inf(1)
		}
	}
	return length
}
