package bo

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/num/warp"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// Sizes beyond which points are left out: of what hyperparameters are fitted
// to, and of what is predicted from.
const (
	fitPoints   = 250
	modelPoints = 500
)

// ensemblePoints is up to how many points the hyperparameters are too
// uncertain for one vector of them.
const ensemblePoints = 60

func (m *model) fitPoints() int {
	if m.enc.step >= 0 {
		return stepFitPoints
	}
	return fitPoints
}

func (m *model) modelPoints() int {
	if m.enc.step >= 0 {
		return stepModelPoints
	}
	return modelPoints
}

// belief is what the processes of one quantity say: one member for each vector
// of hyperparameters.
type belief struct {
	quantity
	warp    lossMap   // of a loss
	unit    float64   // of a limit
	middle  float64   // the median loss: pruned trials count as no better
	data    gp.Data   // memory
	place   []int     // of each value among the points of data
	errors  []float64 // of each value, as reported, 0 for none; nil: no value has one
	usual   float64   // the usual error of a loss, as the processes learn it; 0: unknown
	trend   *trend    // of the noise with the loss; nil: none
	prior   gp.Prior
	base    *base // the mean of the processes, of a loss; nil: 0
	samples []gp.Sample
	members []*gp.Posterior
	weights []float64
	sizes   []int // of the members, from trials that have ended
	used    int   // rows of the memory that the members have seen
	whole   bool  // whether they have seen all
}

// quantity is what a belief is about.
type quantity struct {
	kind  quantityKind
	index int
}

type quantityKind uint8

const (
	lossOf quantityKind = iota
	limitOf
	success
)

// raw returns the quantity of a row, false where it has none.
func (q quantity) raw(r *row) (float64, bool) {
	switch {
	case q.kind == success && r.failed:
		return -1, true
	case q.kind == success:
		return 1, true
	case q.kind == lossOf && r.loss != nil:
		return r.loss[q.index], true
	case q.kind == limitOf && q.index < len(r.limits):
		return r.limits[q.index], true
	}
	return 0, false
}

// value returns what the processes learn of a row.
func (b *belief) value(r *row) (float64, bool) {
	v, ok := b.raw(r)
	switch b.kind {
	case lossOf:
		if r.pruned {
			v = math.Max(v, b.middle)
		}
		if ok {
			v = b.warp.at(v)
		}
	case limitOf:
		v = math.Asinh(v / b.unit) // 0 stays where it is
	}
	return v, ok
}

// learned returns what the processes learn of a row that is z in the encoding.
func (b *belief) learned(r *row, z []float64) (float64, bool) {
	v, ok := b.value(r)
	if ok && b.base != nil {
		v -= b.base.at(z)
	}
	return v, ok
}

// model is the processes of a history.
type model struct {
	memory
	o      *options
	fitter gp.Fitter

	mark   int     // rows that the hyperparameters were fitted to
	chosen int     // rows that the shapes were chosen by
	shapes []shape // of each objective
	early  []shape // by the first bentMost rows, once there are more
	losses []belief
	limits []belief
	safe   []belief // at most one: whether a configuration succeeds
	best   []int    // rows with the smallest losses, best first
	leader int      // row with the best mean, at the last step, of those that are feasible; -1: none
	end    []float64
	order  []int

	taught    *cube.Cube // for which the earlier studies were learned
	teachers  []*teacher
	consulted int         // rows that they were weighed by
	trust     [][]float64 // the weight of each, by objective
}

// ready reports whether there is something to learn from.
func (m *model) ready() bool { return m.sound >= 2 && m.enc.len() > 0 }

// able reports whether there are processes to ask: not before there are losses,
// and not where no process can be made of them.
func (m *model) able() bool {
	if !m.ready() || len(m.losses) == 0 {
		return false
	}
	for _, bs := range [][]belief{m.losses, m.limits, m.safe} {
		for i := range bs {
			if len(bs[i].members) == 0 {
				return false
			}
		}
	}
	return true
}

// due returns how many of n rows the hyperparameters are fitted to: all while
// they are few, then a number that is behind by two at most, and later by less
// than one in twenty.
func due(n int) int {
	mark := min(n, 24)
	for {
		step := max(3, mark/20)
		if mark+step > n {
			return mark
		}
		mark += step
	}
}

// choosing returns how many of n rows the map of the losses is chosen by: a
// number that grows by a third at a time.
func choosing(n int) int {
	mark := min(n, 6)
	for {
		step := max(1, mark/3)
		if mark+step > n {
			return mark
		}
		mark += step
	}
}

// learn brings the processes up to date with the memory.
func (m *model) learn() {
	mark := due(len(m.rows))
	if m.enc.step >= 0 {
		mark = len(m.rows)
		m.losses, m.chosen, m.consulted = nil, 0, 0 // all rows have changed
	}
	if mark != m.mark || m.losses == nil {
		m.fit(mark)
	}
	for _, bs := range [][]belief{m.losses, m.limits, m.safe} {
		for i := range bs {
			m.build(&bs[i])
		}
	}
	m.rank()
	m.lead()
}

// fit finds maps and hyperparameters for everything from the first mark rows.
func (m *model) fit(mark int) {
	m.mark = mark
	m.losses, m.limits, m.safe = nil, nil, nil
	rows := m.pick(mark, m.fitPoints())
	objectives, constraints, failed := 0, 0, false
	for _, i := range rows {
		r := &m.rows[i]
		objectives, constraints = max(objectives, len(r.loss)), max(constraints, len(r.limits))
		failed = failed || r.failed
	}
	m.choose(mark, objectives)
	m.teach()
	m.consult(mark, objectives)
	for k := range objectives {
		b, values := m.gather(quantity{lossOf, k}, mark)
		b.warp = fitMap(m.shapes[k].kind, values)
		b.usual = b.usualError(values)
		factors := b.factors(values)
		for i, v := range values {
			values[i] = b.warp.at(v)
		}
		b.fold(values, factors)
		m.bend(&b, m.shapes[k])
		if b.base = m.lesson(k); b.base != nil {
			d := m.enc.len()
			for i := range b.data.Y {
				b.data.Y[i] -= b.base.at(b.data.X[i*d : (i+1)*d])
			}
		}
		m.hyper(&b)
		m.incline(&b)
		m.losses = append(m.losses, b)
	}
	for k := range constraints {
		b, values := m.gather(quantity{limitOf, k}, mark)
		b.unit = usualSize(values)
		for i, v := range values {
			values[i] = math.Asinh(v / b.unit)
		}
		b.fold(values, nil)
		m.hyper(&b)
		m.limits = append(m.limits, b)
	}
	if failed {
		b, values := m.gather(quantity{kind: success}, mark)
		b.fold(values, nil)
		b.prior.Noise, b.prior.NoiseSD = math.Log(0.1), 1
		m.hyper(&b)
		m.safe = append(m.safe, b)
	}
}

// gather returns a belief with the points among the first mark rows that have
// the quantity, and the values of all of these rows, where those of pruned
// trials are no better than the median of the others. All of the belief, its
// prior too, is a function of these rows: what is found by fewer rows than the
// hyperparameters, and kept, must not hang on when it was looked for.
func (m *model) gather(q quantity, mark int) (belief, []float64) {
	b := belief{quantity: q, middle: math.Inf(-1), data: gp.Data{Kinds: m.enc.kinds}}
	rows := m.pick(mark, m.fitPoints())
	depth := 0
	for _, i := range rows {
		depth = max(depth, active(m.point(i)))
	}
	b.prior = gp.DefaultPrior(float64(depth))
	// With fewer trials than that the parabolas could be anything.
	if m.o.effects && q.kind == lossOf && m.enc.step < 0 && mark >= 3+len(m.enc.warped) {
		b.data.Effects = m.enc.single
	}
	var complete []float64
	values := m.collect(&b, rows, func(i int) (float64, bool) {
		r := &m.rows[i]
		v, ok := b.raw(r)
		if ok && !r.pruned {
			complete = append(complete, v)
		}
		return v, ok
	})
	if len(complete) == 0 || q.kind != lossOf {
		return b, values
	}
	slices.Sort(complete)
	b.middle = complete[len(complete)/2]
	k := 0
	for _, i := range rows {
		if _, ok := b.raw(&m.rows[i]); ok {
			if m.rows[i].pruned {
				values[k] = math.Max(values[k], b.middle)
			}
			k++
		}
	}
	return b, values
}

// hyper fits the hyperparameters of b to its data.
func (m *model) hyper(b *belief) {
	effort := gp.Effort{Evaluations: fitEvaluations, Starts: fitStarts}
	theta, _, ok := m.fitter.Fit(&b.data, &b.prior, nil, effort)
	if !ok {
		theta = gp.Mode(&b.data, &b.prior)
	}
	if n := len(b.data.Y); b.kind == lossOf && m.o.ensemble > 0 && !m.o.several && n <= ensemblePoints {
		r := rand.New(rand.NewPCG(uint64(n), uint64(b.index)))
		b.samples = m.fitter.Around(&b.data, &b.prior, theta, m.o.ensemble, r)
		return
	}
	b.samples = []gp.Sample{{Theta: theta, Weight: 1}}
}

// density is the logarithm of the leave-one-out predictive density of losses
// under a kind of map.
func (m *model) density(b *belief, kind warp.Kind, losses []float64) (float64, bool) {
	w, ok := warp.Fit(kind, losses)
	if !ok {
		return 0, false
	}
	mapped := make([]float64, len(losses))
	for i, v := range losses {
		mapped[i] = w.At(v)
	}
	b.warp = lossMap{warp: w}
	b.usual = b.usualError(losses)
	b.fold(mapped, b.factors(losses))
	slopes := make([]float64, len(b.data.Y))
	for i, v := range losses {
		if k := b.place[i]; b.data.Spare > 0 || slopes[k] == 0 { // else the first run alone counts
			slopes[k] += math.Max(w.LogSlope(v), -40)
		}
	}
	return m.predictive(b, b.data.Y, func(i int) float64 { return slopes[i] })
}

// predictive is the logarithm of the leave-one-out predictive density of the
// values ys at b's points, with what the runs of one configuration say of the
// noise, and with a term more for each point where slope is not nil.
func (m *model) predictive(b *belief, ys []float64, slope func(int) float64) (float64, bool) {
	b.data.Y = ys
	theta, _, ok := m.fitter.Fit(&b.data, &b.prior, nil, gp.Effort{Evaluations: 10, Starts: 1})
	if !ok {
		return 0, false
	}
	p, ok := gp.New(&b.data, &b.prior, theta)
	if !ok {
		return 0, false
	}
	n := len(ys)
	mean, variance := make([]float64, n), make([]float64, n)
	p.LeaveOneOut(mean, variance)
	sum := 0.0
	for i, y := range ys {
		z := y - mean[i]
		one := -float64(z*z)/(2*variance[i]) - math.Log(variance[i])/2
		if slope != nil {
			one += slope(i)
		}
		sum += one
	}
	if b.data.Spare > 0 {
		sum -= float64(float64(b.data.Spare)*math.Log(p.Noise()))/2 + b.data.Squares/(2*p.Noise())
	}
	return sum, true
}

// build makes the members of b, or adds what is new to them.
func (m *model) build(b *belief) {
	n := len(m.rows)
	if b.members != nil && b.whole && n <= m.modelPoints() && !m.repeated(b.used) {
		for ; b.used < n; b.used++ {
			v, ok := b.learned(&m.rows[b.used], m.row(b.used))
			if !ok {
				continue
			}
			for k, p := range b.members {
				p.Extend(m.row(b.used), v, b.factor(&m.rows[b.used])*b.leaning(m.row(b.used)))
				b.sizes[k] = p.Len()
			}
		}
		return
	}
	b.members, b.sizes, b.weights = nil, nil, nil
	b.used, b.whole = n, n <= m.modelPoints()
	var factors []float64
	values := m.collect(b, m.pick(n, m.modelPoints()), func(i int) (float64, bool) {
		r := &m.rows[i]
		v, ok := b.learned(r, m.row(i))
		if ok && b.usual > 0 {
			factors = append(factors, b.factor(r))
		}
		return v, ok
	})
	b.fold(values, factors)
	b.lean()
	for _, t := range b.samples {
		if p, ok := gp.New(&b.data, &b.prior, t.Theta); ok {
			b.members, b.sizes = append(b.members, p), append(b.sizes, p.Len())
			b.weights = append(b.weights, t.Weight)
		}
	}
}

// pick returns which of the first n rows are used where at most most can be:
// the better third of them by the first loss, and the newest. It is valid until
// the next call.
func (m *model) pick(n, most int) []int {
	m.order = m.order[:0]
	if n <= most {
		for i := range n {
			m.order = append(m.order, i)
		}
		return m.order
	}
	m.order = m.smallest(m.order, n, most/3, func(i int) (float64, bool) {
		r := &m.rows[i]
		if !r.whole() {
			return 0, false
		}
		return r.loss[0], true
	})
	slices.Sort(m.order)
	// The newest of the others, going back.
	kept := len(m.order)
	for i, k := n-1, kept-1; len(m.order) < most; i-- {
		if k >= 0 && m.order[k] == i {
			k--
			continue
		}
		m.order = append(m.order, i)
	}
	slices.Sort(m.order)
	return m.order
}

// smallest appends to dst, which is empty, those of the first n rows that have
// a loss with the smallest ones, most of them at most, best first; of equals
// the earlier.
func (m *model) smallest(dst []int, n, most int, loss func(i int) (float64, bool)) []int {
	losses := make([]float64, 0, most)
	for i := range n {
		l, ok := loss(i)
		if !ok {
			continue
		}
		if len(dst) == most {
			if l >= losses[most-1] {
				continue
			}
			dst, losses = dst[:most-1], losses[:most-1]
		}
		k, _ := slices.BinarySearchFunc(losses, l, func(other, l float64) int {
			if other <= l {
				return -1
			}
			return 1
		})
		dst, losses = slices.Insert(dst, k, i), slices.Insert(losses, k, l)
	}
	return dst
}

// lead finds the row whose predicted loss is best.
func (m *model) lead() {
	m.leader = -1
	if !m.able() {
		return
	}
	least := math.Inf(1)
	for _, i := range m.top(leaders) {
		if v := m.losses[0].mean(m.final(i)); v < least {
			least, m.leader = v, i
		}
	}
}

// final returns the row of the configuration of row i at the last step; it is
// valid until the next call.
func (m *model) final(i int) []float64 {
	m.end = append(m.end[:0], m.row(i)...)
	if m.enc.step >= 0 {
		m.end[m.enc.step] = 1
	}
	return m.end
}

// leaders is among how many rows, by their losses, the one with the best mean
// is looked for.
const leaders = 30

// top returns the complete, feasible rows with the smallest losses, at most
// most and at most [leaders]. Of a configuration that was run again it has the
// first row, by the mean.
func (m *model) top(most int) []int { return m.best[:min(most, len(m.best))] }

// rank finds the rows that top returns.
func (m *model) rank() {
	m.best = m.smallest(m.best[:0], len(m.rows), leaders, func(i int) (float64, bool) {
		if m.rows[i].again > 0 || !m.rows[i].whole() {
			return 0, false
		}
		return m.average(i), true
	})
}

// front returns the complete, feasible rows that no other dominates, at most
// the newest most of them.
func (m *model) front(most int) []int {
	var rows []int
	var losses [][]float64
	for i := range m.rows {
		if r := &m.rows[i]; r.whole() {
			rows, losses = append(rows, i), append(losses, r.loss)
		}
	}
	first := pareto.Front(losses)
	slices.Sort(first)
	out := make([]int, 0, most)
	for _, k := range first[max(0, len(first)-most):] {
		out = append(out, rows[k])
	}
	return out
}

// mean is the mean of the members at a row of the encoding.
func (b *belief) mean(z []float64) float64 {
	sum, whole := 0.0, 0.0
	for k, p := range b.members {
		sum += b.weights[k] * p.Mean(z)
		whole += b.weights[k]
	}
	return sum/whole + b.base.at(z)
}

// usualSize returns what nine tenths of the values are at most, by size: the
// unit of an outcome constraint. Trials come to lie close to the boundary, and
// with a smaller unit its two sides would be all that there is to learn.
func usualSize(values []float64) float64 {
	sizes := make([]float64, 0, len(values))
	for _, v := range values {
		if v != 0 {
			sizes = append(sizes, math.Min(math.Abs(v), math.MaxFloat64))
		}
	}
	if len(sizes) == 0 {
		return 1
	}
	slices.Sort(sizes)
	return sizes[len(sizes)*9/10]
}
