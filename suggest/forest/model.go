package forest

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/forest"
	"github.com/afina-hpo/afina/num/special"
)

const (
	// maxDraws bounds the rows of a tree: beyond it more data would make a
	// suggestion slower and hardly better.
	maxDraws = 4096
	// leastSD keeps the predicted standard deviation away from 0, on a scale
	// where that of the losses is 1.
	leastSD = 1e-4
	// leastOK is the smallest probability of success: no region is given up
	// altogether.
	leastOK = 0.02
	// incumbents is how many of the best trials the best mean is looked for
	// among.
	incumbents = 500
)

// model is the forests of a history: of the ended trials in base, and with
// pending trials added to them in full.
type model struct {
	memory
	o *options

	target target
	y      []float64 // on the scale of target, one a row; then the believed
	best   []int32   // sound rows by y, the first few of them
	loss   []float64 // scratch
	spare  []float64

	base, full forest.Forest
	okay       forest.Forest
	eta        float64 // the best mean; NaN: no trial is sound
	present    *forest.Forest

	means, variances, fine []float64
}

// enough reports whether there is something to learn from.
func (m *model) enough() bool { return m.rows.Len() >= 2 }

// learn fits the forests of the ended trials, if there is something new.
func (m *model) learn() {
	n := m.rows.Len()
	m.rank()
	m.base.Fit(m.rows, m.y[:n], m.options(uint64(m.consumed), n))
	m.present = &m.base
	if m.bad > 0 {
		o := m.options(uint64(m.consumed)+1<<32, m.labels.Len())
		o.MinLeaf = max(o.MinLeaf, 2)
		m.okay.Fit(m.labels, m.ok, o)
	}
}

func (m *model) options(seed uint64, n int) forest.Options {
	return forest.Options{
		Trees: m.o.trees, MinSplit: 2, MinLeaf: m.o.minLeaf, Share: m.o.columns, Bootstrap: true,
		Rows: min(n, maxDraws), RandomSplit: m.o.randomSplit, Seed: seed,
	}
}

// rank puts the losses on their scale and finds the best rows.
func (m *model) rank() {
	n := m.rows.Len()
	m.loss = m.loss[:0]
	for _, l := range m.losses {
		if !l.pruned {
			m.loss = append(m.loss, l.value)
		}
	}
	floor := math.Inf(-1) // of pruned trials
	if k := len(m.loss); k > 0 {
		slices.Sort(m.loss)
		floor = m.loss[k/2]
	}
	m.loss = m.loss[:0]
	for _, l := range m.losses {
		v := l.value
		if l.pruned {
			if v = math.Max(v, floor); math.IsNaN(v) {
				v = floor
			}
			if math.IsInf(v, 0) {
				v = 0
			}
		}
		m.loss = append(m.loss, v)
	}
	m.y = slices.Grow(m.y[:0], n)[:n]
	m.spare = m.target.learn(m.loss, m.o.transform, m.y, m.spare)
	m.best = m.best[:0]
	for i, l := range m.losses {
		if l.sound && !l.pruned {
			m.best = append(m.best, int32(i))
		}
	}
	slices.SortFunc(m.best, func(a, b int32) int {
		switch {
		case m.y[a] < m.y[b]:
			return -1
		case m.y[a] > m.y[b]:
			return 1
		}
		return int(a - b)
	})
	m.best = m.best[:min(len(m.best), incumbents)]
}

// believe fits the forest anew with the pending points, one behind the other,
// as rows. Without any the forest stays that of the ended trials.
func (m *model) believe(points []float64, seed uint64) {
	n, d := m.rows.Len(), m.cube.Len()
	m.present = &m.base
	if d > 0 && len(points) > 0 {
		k := len(points) / d
		m.y = slices.Grow(m.y[:n], k)[:n+k]
		m.spare = slices.Grow(m.spare[:0], k)[:k]
		m.base.PredictAll(points, m.y[n:], m.spare)
		if m.o.liar == pendingWorst {
			worst := slices.Max(m.y[:n])
			for i := range k {
				m.y[n+i] = worst
			}
		}
		for i := range k {
			m.rows.Append(points[i*d : (i+1)*d])
		}
		o := m.options(seed, n+k)
		m.full.Fit(m.rows, m.y, o)
		m.rows.Truncate(n)
		m.y = m.y[:n]
		m.present = &m.full
	}
	m.eta = math.NaN()
	for _, row := range m.best {
		m.rows.Row(int(row), m.point)
		if mean, _ := m.present.Predict(m.point); !(mean >= m.eta) {
			m.eta = mean
		}
	}
}

// score writes the acquisition of len(out) points, one behind the other: the
// logarithm of the expected improvement times the probability of success.
func (m *model) score(points []float64, out []float64) {
	k := len(out)
	if cap(m.means) < k {
		m.means, m.variances, m.fine = make([]float64, k), make([]float64, k), make([]float64, k)
	}
	means, variances, fine := m.means[:k], m.variances[:k], m.fine[:k]
	if math.IsNaN(m.eta) {
		clear(out) // nothing to improve on yet: look for success alone
	} else {
		m.present.PredictAll(points, means, variances)
		for i := range out {
			sd := math.Max(math.Sqrt(variances[i]), leastSD)
			out[i] = math.Log(sd) + special.LogEI((m.eta-means[i])/sd)
		}
	}
	if m.bad > 0 {
		m.okay.PredictAll(points, fine, variances)
		for i, p := range fine {
			out[i] += math.Log(math.Max(p, leastOK))
		}
	}
}
