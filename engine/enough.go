package engine

import "fmt"

// minPatience, with one more for every parameter, is how many trials without
// improvement it takes before a model is believed that says there is nothing
// to be gained: early on it may know too little to hope.
const minPatience = 5

// wantsForecast reports whether a stop rule wants to know what the method
// expects of more trials.
func (s *state) wantsForecast() bool {
	stop := &s.log.Def.Stop
	return (stop.Improvement > 0 || stop.Regret != nil) && s.sinceBest >= minPatience+s.log.Book.Space.Len()
}

// enoughBy returns why, by the outlook that came with a suggestion, a new
// trial is not worth it; "" where it is. It goes by what was known when the
// suggestion was asked for, which makes it a function of the history: a study
// that has ended so ends again when it is started once more.
func (s *state) enoughBy(in proposalsInput) string {
	o, stop := in.outlook, &s.log.Def.Stop
	if o == nil || in.err != nil {
		return ""
	}
	after := fmt.Sprintf(", and %d trials brought no improvement", in.order.idle)
	if worth := stop.Improvement; worth > 0 && o.Gain < worth {
		return fmt.Sprintf("one more trial is expected to gain %s, less than %s%s", few(o.Gain), few(worth), after)
	}
	switch l := stop.Regret; {
	case l == nil:
	case l.Auto && o.Regret == 0: // the noise may be 0, too: all trials alike
		return "nothing is likely to be better than the best" + after
	case l.Auto && o.Regret < o.Noise:
		return fmt.Sprintf("nothing is likely to be better than the best by more than %s, less than the noise of %s%s", few(o.Regret), few(o.Noise), after)
	case !l.Auto && o.Regret < l.Value:
		return fmt.Sprintf("nothing is likely to be better than the best by more than %s, less than %s%s", few(o.Regret), few(l.Value), after)
	}
	return ""
}

// few returns a number with as many digits as a sentence bears.
func few(x float64) string { return fmt.Sprintf("%.3g", x) }
