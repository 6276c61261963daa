package foresight

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// Standing is where a trial stands and where it is expected to end.
type Standing struct {
	// Rung is the highest rung that the trial has reached; -1 where there is
	// none, or what it had there is no finite number.
	Rung int
	// Mean and SD are the expected loss at the last rung, and how far off that
	// usually is; 0 for a trial that is there. Losses are turned so that less is
	// better, and the worse half of those on a rung is compressed.
	Mean, SD float64

	at []float64 // the losses on rungs 0 to Rung, +Inf where not finite
}

// Model is what the trials of a study say of how far each will get.
type Model struct {
	steps  []float64
	trials []Standing
	links  []link  // from each rung but the last to the next
	scales []scale // of the losses on each rung
}

// Loss returns the loss on the highest rung reached, which is one.
func (s Standing) Loss() float64 { return s.at[s.Rung] }

// On returns the loss on rung k, false where the trial has not got there or had
// no finite one.
func (s Standing) On(k int) (float64, bool) {
	if !s.measured(k) {
		return 0, false
	}
	return s.at[k], true
}

// New returns what the trials of h say, at the rungs steps, see [Steps]. The
// first objective counts. The time is O(n log n) for n trials.
func New(h *study.History, steps []float64) *Model {
	m := &Model{steps: steps, links: make([]link, len(steps)-1), scales: make([]scale, len(steps))}
	for t := range h.All() {
		m.trials = append(m.trials, stand(h.Objectives[0], t, steps))
	}
	m.learn()
	for i := range m.trials {
		m.carry(&m.trials[i])
	}
	return m
}

// stand returns the losses of t on the rungs that it has reached.
func stand(o study.Objective, t *study.Trial, steps []float64) Standing {
	s := Standing{Rung: -1}
	if t.State == study.Failed || t.State == study.Infeasible || !t.Feasible() {
		return s
	}
	last := len(steps) - 1
	for i := range t.Reports {
		top := len(s.at)
		for top <= last && t.Reports[i].Step >= steps[top]*(1-1e-9) {
			top++
		}
		if top == len(s.at) {
			continue
		}
		// The first report of all may be beyond several rungs.
		for len(s.at) < top-1 {
			s.at = append(s.at, math.Inf(1))
		}
		x, ok := o.Value(t.Reports[:i+1])
		s.at = append(s.at, loss(o, x, ok))
	}
	if (t.State == study.Complete || t.Estimated) && len(t.Values) > 0 {
		// Programs may end early, or report nothing on the way.
		for len(s.at) < last {
			s.at = append(s.at, math.Inf(1))
		}
		s.at = append(s.at[:last], loss(o, t.Values[0], true))
	}
	if top := len(s.at) - 1; top >= 0 && !math.IsInf(s.at[top], 0) {
		s.Rung = top
	}
	return s
}

// largest bounds what counts as a value, so that squares and their sums are
// finite.
const largest = 1e100

// loss returns the loss of a value, +Inf where it is none.
func loss(o study.Objective, x float64, ok bool) float64 {
	if !ok || !(math.Abs(x) <= largest) {
		return math.Inf(1)
	}
	return o.Loss(x)
}

// learn fits the links, from the lowest up.
func (m *Model) learn() {
	lists := make([][]float64, len(m.steps))
	for k := range lists {
		for i := range m.trials {
			if s := &m.trials[i]; s.measured(k) {
				lists[k] = append(lists[k], s.at[k])
			}
		}
		slices.Sort(lists[k])
		m.scales[k] = fitScale(lists[k])
	}
	spread := 0.0 // the variance of all trials, as if all had reached the rung
	var x, y []float64
	for k := range m.links {
		if spread == 0 {
			x = x[:0]
			for _, v := range lists[k] {
				x = append(x, m.scales[k].at(v))
			}
			_, spread = moments(x)
		}
		x, y = x[:0], y[:0]
		for i := range m.trials {
			if s := &m.trials[i]; s.measured(k) && s.measured(k+1) {
				x, y = append(x, s.at[k]), append(y, s.at[k+1])
			}
		}
		told := agreement(x, y, lists[k], k == 0)
		for i := range x {
			x[i], y[i] = m.scales[k].at(x[i]), m.scales[k+1].at(y[i])
		}
		m.links[k] = fitLink(x, y, spread, told)
		spread = m.links[k].pass(spread)
	}
}

// measured reports whether the trial has a finite loss on rung k.
func (s *Standing) measured(k int) bool { return s.Rung >= k && !math.IsInf(s.at[k], 0) }

// carry takes a trial up along the lines.
func (m *Model) carry(s *Standing) {
	if s.Rung < 0 {
		return
	}
	s.Mean = m.scales[s.Rung].at(s.at[s.Rung])
	for _, l := range m.links[s.Rung:] {
		s.Mean = float64(l.slope*s.Mean) + l.shift
	}
	s.SD = m.Learned(s.Rung, len(m.links))
}

// Len returns the number of trials.
func (m *Model) Len() int { return len(m.trials) }

// Trial returns where trial number n stands.
func (m *Model) Trial(n int) Standing { return m.trials[n] }

// Link returns how well the order of the trials on rung k agrees with that on
// the next: a correlation of ranks, shrunk towards what is usual. K is not the
// last rung.
func (m *Model) Link(k int) float64 { return m.links[k].told }

// Known reports whether any trial has losses on rung k and the next.
func (m *Model) Known(k int) bool { return m.links[k].pairs > 0 }

// Told returns how well the order on rung k agrees with that at the end, from 0
// to 1: the product of the links above it.
func (m *Model) Told(k int) float64 {
	c := 1.0
	for _, l := range m.links[k:] {
		c *= math.Max(l.told, 0)
	}
	return c
}

// Learned returns the standard deviation of what becomes known of the end of a
// trial on rung k by the time it is on rung j.
func (m *Model) Learned(k, j int) float64 {
	v := 0.0
	for i := k; i < len(m.links); i++ {
		l := m.links[i]
		v = float64(l.slope * l.slope * v)
		if i < j {
			v += l.variance
		}
	}
	return math.Sqrt(v)
}

// Best returns the trial with the least expected loss, of equals the earlier;
// -1 where none has any.
func (m *Model) Best() int {
	best := -1
	for i := range m.trials {
		if s := &m.trials[i]; s.Rung >= 0 && (best < 0 || s.Mean < m.trials[best].Mean) {
			best = i
		}
	}
	return best
}
