package bo

import (
	"math"
	"strings"

	"github.com/afina-hpo/afina/num/warp"
	"github.com/afina-hpo/afina/space"
)

// shape is how an objective is learned beside its hyperparameters: what is
// compared by how well the losses predict one another, because nothing else
// says it.
type shape struct {
	kind warp.Kind // of the map of the losses
	// bent is set where the scales of the numbers are clearly other than those
	// of the space: a rate whose best values are all in the first hundredth of
	// its range, because nobody said that its scale is logarithmic.
	bent bool
}

// Whether scales are other than those of the space is asked from so many trials
// on, and of no more than so many of the first ones. It is so where the logarithm
// of the density of the losses is larger by bentGain with a prior of the warps as
// wide as bentPrior: a wide prior costs where scales are right, and has to earn
// that. In studies with steps it is not asked: all rows change with every report,
// and it would be asked each time.
const (
	bentFrom  = 8
	bentMost  = 120
	bentGain  = 6
	bentPrior = 0.75
)

// bend lets the scales of b's numbers be learned: as far as they like where
// they are clearly other ones, and else a little, once there are trials enough
// to tell.
func (m *model) bend(b *belief, s shape) {
	switch {
	case !m.o.bend:
	case s.bent:
		b.data.Warped, b.prior.Warp = m.enc.warped, bentPrior
	case len(b.data.Y) >= 10+3*len(m.enc.warped):
		b.data.Warped = m.enc.warped
	}
}

// choose finds the shape of each objective: the one under which a process
// predicts each loss best from the others. That is the largest leave-one-out
// predictive density of the losses themselves, which makes maps comparable: it
// is the density of what is mapped, times the slope of the map.
func (m *model) choose(mark, objectives int) {
	mark = choosing(mark)
	if mark == m.chosen && len(m.shapes) == objectives {
		return
	}
	m.chosen, m.shapes = mark, m.shapesBy(mark, objectives)
}

// shapesBy is choose by the first mark rows.
func (m *model) shapesBy(mark, objectives int) []shape {
	able := m.o.bend && m.enc.step < 0 && len(m.enc.warped) > 0
	late := able && mark > bentMost
	if late && len(m.early) != objectives {
		m.early = m.shapesBy(bentMost, objectives)
	}
	shapes := make([]shape, objectives)
	for k := range shapes {
		s := &shapes[k]
		s.kind = m.o.warps[0]
		b, values := m.gather(quantity{lossOf, k}, mark)
		if late && m.early[k].bent {
			s.bent = true
			m.bend(&b, *s)
		}
		ask := able && !late && len(values) >= bentFrom
		if len(m.o.warps) == 1 && !ask {
			continue
		}
		most := m.compare(&b, values, math.Inf(-1), s)
		if ask && !math.IsInf(most, -1) {
			bent := shape{bent: true}
			m.bend(&b, bent)
			if m.compare(&b, values, most+bentGain, &bent) > most+bentGain {
				*s = bent
			}
		}
	}
	return shapes
}

// compare sets s to the kind of map under which the values are most likely, if
// that is more likely than least, and returns how likely it is.
func (m *model) compare(b *belief, values []float64, least float64, s *shape) float64 {
	for _, kind := range m.o.warps {
		if v, ok := m.density(b, kind, values); ok && v > least {
			least, s.kind = v, kind
		}
	}
	return least
}

// crowded is how much of a learned scale the tenth at an end of a number's range
// has to have for the note to speak of it.
const crowded = 0.3

// scales names the numbers on a linear scale of which the first loss is learned
// on a clearly other one, with the end of their range that matters; "" where
// there is none.
func (m *model) scales() string {
	if len(m.shapes) == 0 || !m.shapes[0].bent {
		return ""
	}
	var out []string
	p := m.losses[0].members[0]
	for _, j := range m.enc.warped {
		switch q := m.cube.Space().Param(j); {
		case q.Scale != space.Linear:
		case p.Warped(j, 0.1) > crowded:
			out = append(out, q.Name+" at its low end")
		case 1-p.Warped(j, 0.9) > crowded:
			out = append(out, q.Name+" at its high end")
		}
	}
	return strings.Join(out, ", ")
}
