package bo

import (
	"context"
	"math"

	"github.com/afina-hpo/afina/suggest"
)

// doubt is the probability with which the bound of the regret may be wrong.
const doubt = 0.1

// Forecast implements [suggest.Forecaster]. The gain is the largest expected
// improvement; the regret is the distance of the lowest lower confidence bound
// of the space from the lowest upper one of what was tried, with the width of
// A. Makarova et al., "Automatic termination for hyperparameter optimization",
// AutoML 2022: β = 2 ln(d t² π² / 6δ) / 5. Both are found by the search that
// finds suggestions, so that they are a little too small rather than too
// large. It looks at one objective alone.
func (s *suggester) Forecast(ctx context.Context, r suggest.Request) (suggest.Outlook, bool) {
	s.follow(r.History)
	m := &s.model
	if s.hold(r) != nil {
		return suggest.Outlook{}, false
	}
	defer s.release()
	if ctx.Err() != nil || !m.able() || len(m.losses) != 1 || m.leader < 0 {
		return suggest.Outlook{}, false
	}
	rng := r.Rand(0)
	a := s.acquisition(r, rng)
	a.fade, a.cool = 0, 0 // what is expected, not what was believed or is paid
	s.search.begin(m, &a, &s.held, rng)
	s.search.run(s.effort(), s.around(rng))
	if len(s.search.pool) == 0 {
		return suggest.Outlook{}, false
	}
	b := &m.losses[0]
	mean, sd := s.predict(0, m.point(m.leader))
	out := suggest.Outlook{
		Gain:  s.gain(s.search.pool[0].value),
		Noise: spread(b.warp.back, mean, math.Sqrt(s.noise())),
	}
	d, t := float64(m.cube.Len()), float64(len(m.rows))
	width := math.Sqrt(2 * math.Log(d*t*t*math.Pi*math.Pi/(6*doubt)) / 5)
	a.kind, a.width = bound, width
	s.search.begin(m, &a, &s.held, rng)
	s.search.run(s.effort(), s.around(rng))
	least := mean - width*sd
	if len(s.search.pool) > 0 {
		mean, sd := s.predict(0, s.search.pool[0].x)
		least = math.Min(least, mean-width*sd)
	}
	cautious := math.Inf(1)
	for _, i := range m.top(leaders) {
		mean, sd := s.predict(0, m.point(i))
		cautious = math.Min(cautious, mean+width*sd)
	}
	out.Regret = math.Max(b.warp.back(cautious)-b.warp.back(least), 0)
	return out, true
}
