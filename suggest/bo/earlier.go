package bo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

// An earlier study says where losses are likely to be low, not how low they
// are. So what is learned from it is a function: the predicted mean of a
// process of its own, on the scale of its own mapped losses, which is about the
// standard normal one. Weighted, it is the mean that the process of this study
// starts from; that process then learns what is left. The weight is what the
// trials of this study say: the one under which each is predicted best from the
// others, and nothing where no weight predicts clearly better than none (M.
// Feurer, B. Letham and E. Bakshy, "Scalable meta-learning for Bayesian
// optimization using ranking-weighted Gaussian process ensembles", 2018, weigh
// by ranks; Gaussian processes with a mean function: Rasmussen and Williams,
// section 2.7).

// earlierPoints is up to how many trials of an earlier study are learned.
const earlierPoints = 150

// trusts are the weights that are compared.
var trusts = [...]float64{0.25, 0.5, 0.75, 1, 1.25}

// proof is how much larger the logarithm of the density of what was measured
// must be with an earlier study than without.
const proof = 2.0

// weighingPoints is up to how many rows the weights are found anew: after that
// this study knows better. heeded is how many earlier studies count at once, at
// most. Both bound the time.
const (
	weighingPoints = 64
	heeded         = 3
)

// teacher is an earlier study, learned.
type teacher struct {
	name    string
	metrics []int // the belief about each objective of this study; -1: none
	ignored []int // columns that it knows nothing of
	m       model
}

// newTeacher learns e for the study of h; nil where there is too little.
func newTeacher(e *study.Earlier, h *study.History, o *options) *teacher {
	t := &teacher{name: e.Name}
	var objectives []study.Objective
	for _, o := range h.Objectives {
		k := slices.Index(e.Metrics, o.Metric)
		t.metrics = append(t.metrics, k)
	}
	for _, name := range e.Metrics {
		for _, o := range h.Objectives {
			if o.Metric == name {
				objectives = append(objectives, o)
			}
		}
	}
	if len(objectives) != len(e.Metrics) {
		return nil
	}
	points, known := warm.Points(e, h.Space)
	book := study.NewBook(h.Space, objectives, nil)
	for i, p := range points {
		state := study.Complete
		if p.Pruned {
			state = study.Pruned
		}
		book.Put(&study.Trial{Number: i, State: state, Config: p.Config, Values: p.Values})
	}
	own := *o
	own.ensemble, own.several, own.earlier = 0, len(objectives) > 1, nil
	t.m.o = &own
	t.m.memory.follow(book.History(), t.m.o.belief > 0)
	if !t.m.ready() {
		return nil
	}
	for i, ok := range known {
		if !ok {
			t.ignored = append(t.ignored, i)
		}
	}
	for i := range t.m.rows {
		t.blank(t.m.row(i))
	}
	t.thin(earlierPoints)
	t.m.learn()
	if !t.m.able() {
		return nil
	}
	return t
}

// thin leaves at most the given number of rows.
func (t *teacher) thin(most int) {
	m := &t.m
	if len(m.rows) <= most {
		return
	}
	var rows []row
	var xs, zs []float64
	m.sound = 0
	heads, more := map[int]int{}, map[int][]int{} // of each old head the new one
	for _, i := range m.pick(len(m.rows), most) {
		r := m.rows[i]
		if k, ok := heads[m.head(i)]; ok {
			r.again = k + 1
			more[k] = append(more[k], len(rows))
		} else {
			heads[m.head(i)], r.again = len(rows), 0
		}
		rows, xs, zs = append(rows, r), append(xs, m.point(i)...), append(zs, m.row(i)...)
		m.sound++
	}
	m.rows, m.x, m.z, m.first, m.more = rows, xs, zs, nil, more
}

// blank puts columns that the earlier study does not know to one value.
func (t *teacher) blank(z []float64) {
	for _, i := range t.ignored {
		z[i] = 0.5
		if t.m.enc.kinds[i] == gp.Nominal {
			z[i] = 0
		}
	}
}

// base is a mean function made of earlier studies.
type base struct {
	teachers []*teacher
	beliefs  []*belief // of each
	weights  []float64
	z, gm    []float64
	gv       []float64
}

// at returns the function at the row z. A nil base is 0 everywhere.
func (b *base) at(z []float64) float64 {
	if b == nil {
		return 0
	}
	sum := 0.0
	for k, t := range b.teachers {
		sum += float64(b.weights[k] * b.beliefs[k].members[0].Mean(b.row(t, z)))
	}
	return sum
}

// grad is at that adds its gradient to g.
func (b *base) grad(z, g []float64) float64 {
	if b == nil {
		return 0
	}
	sum := 0.0
	for k, t := range b.teachers {
		row := b.row(t, z)
		b.gm, b.gv = resize(b.gm, len(row)), resize(b.gv, len(row))
		mean, _ := b.beliefs[k].members[0].PredictGrad(row, b.gm, b.gv)
		sum += float64(b.weights[k] * mean)
		for _, i := range t.ignored {
			b.gm[i] = 0
		}
		for i, v := range b.gm {
			g[i] += float64(b.weights[k] * v)
		}
	}
	return sum
}

// row returns the row of t that z stands for: without the column of steps, and
// with what t does not know left blank. It is valid until the next call.
func (b *base) row(t *teacher, z []float64) []float64 {
	b.z = append(b.z[:0], z[:t.m.enc.len()]...)
	t.blank(b.z)
	return b.z
}

// teach learns the earlier studies, once for each space.
func (m *model) teach() {
	if len(m.o.earlier) == 0 || m.taught == m.cube {
		return
	}
	m.taught, m.teachers, m.consulted, m.trust = m.cube, nil, 0, nil
	for i := range m.o.earlier {
		if t := newTeacher(&m.o.earlier[i], m.last, m.o); t != nil {
			m.teachers = append(m.teachers, t)
		}
	}
}

// consult weighs the earlier studies for every objective, by so many of the
// first mark rows as the kinds of map are chosen by, as long as they are few.
func (m *model) consult(mark, objectives int) {
	if len(m.teachers) == 0 {
		return
	}
	mark = choosing(min(mark, weighingPoints))
	if mark == m.consulted && len(m.trust) == objectives {
		return
	}
	m.consulted, m.trust = mark, make([][]float64, objectives)
	shapes := m.shapes
	if m.chosen != mark { // there are more than are weighed by
		shapes = m.shapesBy(mark, objectives)
	}
	for k := range m.trust {
		b, values := m.gather(quantity{lossOf, k}, mark)
		if len(values) == 0 { // all of them failed
			m.trust[k] = make([]float64, len(m.teachers))
			continue
		}
		w := fitMap(shapes[k].kind, values)
		for i, v := range values {
			values[i] = w.at(v)
		}
		b.fold(values, nil)
		m.trust[k] = m.weigh(&b, b.data.Y)
	}
}

// lesson returns the mean function for objective k; nil: 0.
func (m *model) lesson(k int) *base {
	if len(m.teachers) == 0 {
		return nil
	}
	out := &base{}
	for i, w := range m.trust[k] {
		if t := m.teachers[i]; w > 0 {
			out.teachers, out.weights = append(out.teachers, t), append(out.weights, w)
			out.beliefs = append(out.beliefs, &t.m.losses[t.metrics[k]])
		}
	}
	if len(out.teachers) == 0 {
		return nil
	}
	return out
}

// learnedFrom says which earlier studies count and how much, of the first
// objective; "" where there are none.
func (m *model) learnedFrom() string {
	if len(m.teachers) == 0 || len(m.trust) == 0 {
		return ""
	}
	var parts []string
	for k, w := range m.trust[0] {
		switch t := m.teachers[k]; {
		case w > 0:
			parts = append(parts, fmt.Sprintf("%s counts %v", t.name, w))
		default:
			parts = append(parts, t.name+" is set aside")
		}
	}
	return strings.Join(parts, ", ")
}

// weigh returns the weight of each earlier study for b, with whose points come
// the mapped values left: of one after another, the one that predicts best
// first, as long as the next one is worth it.
func (m *model) weigh(b *belief, left []float64) []float64 {
	n, d := len(left), m.enc.len()
	weights := make([]float64, len(m.teachers))
	best, ok := m.predictive(b, left, nil)
	if !ok {
		return weights
	}
	said := make([][]float64, len(m.teachers))
	for k, t := range m.teachers {
		if t.metrics[b.index] < 0 {
			continue
		}
		one := base{teachers: []*teacher{t}, beliefs: []*belief{&t.m.losses[t.metrics[b.index]]}, weights: []float64{1}}
		for i := range n {
			said[k] = append(said[k], one.at(b.data.X[i*d:(i+1)*d]))
		}
	}
	rest := make([]float64, n)
	for range min(heeded, len(m.teachers)) {
		most, which, weight := best+proof, -1, 0.0
		for k := range m.teachers {
			if said[k] == nil || weights[k] > 0 {
				continue
			}
			for _, w := range trusts {
				for i := range rest {
					rest[i] = left[i] - float64(w*said[k][i])
				}
				if v, ok := m.predictive(b, rest, nil); ok && v > most {
					most, which, weight = v, k, w
				}
			}
		}
		if which < 0 {
			break
		}
		best, weights[which] = most, weight
		for i := range left {
			left[i] -= float64(weight * said[which][i])
		}
	}
	return weights
}
