package gp

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/linalg"
	"github.com/afina-hpo/afina/num/special"
)

// jitter is added to the diagonal, relative to s², where the matrix would not
// be positive definite otherwise.
const jitter = 1e-10

// Data is what a process is fitted to.
type Data struct {
	// Kinds has one entry a column.
	Kinds []Kind
	// Warped are the columns that may be bent; numeric, with values in [0, 1].
	Warped []int
	// Effects are the numeric columns, with values in [0, 1], that may each do
	// something by themselves; none: the process is Matérn alone.
	Effects []int
	// X has the points, row after row.
	X []float64
	// Y has their values, with a mean near 0 and a standard deviation near 1.
	Y []float64
	// Factor multiplies the noise of each point (1 over the number of its
	// replicates, say); nil: 1.
	Factor []float64
	// Spare is how many more measurements there were than points, where Y has
	// means, and Squares the sum of their squared deviations from those. With
	// them the likelihood is that of all measurements, each a row of its own
	// (M. Binois, R. B. Gramacy and M. Ludkovski, "Practical heteroscedastic
	// Gaussian process modeling for large simulation experiments", J. Comp.
	// Graph. Stat. 27, 2018, lemma 3.1).
	Spare   int
	Squares float64
}

func (d *Data) layout() layout {
	return layout{kinds: d.Kinds, warped: d.Warped, shared: len(d.Effects) > 0}
}

func (d *Data) factor(i int) float64 {
	if d.Factor == nil {
		return 1
	}
	return d.Factor[i]
}

// objective is minus the logarithm of the posterior density of the
// hyperparameters, up to a constant, with the memory to compute it.
type objective struct {
	data  *Data
	prior *Prior
	lay   layout

	n, d    int
	columns []int           // numeric ones first
	numeric int             // how many are
	warps   []int           // of each numeric column its place among Warped, or -1
	lnx     []float64       // logarithms of the warped columns, n × len(Warped)
	dw      []float64       // their derivatives by ln a and ln b, once warped
	z       points          // scaled
	k       linalg.Triangle // covariances and their factor
	e       []float64       // their derivatives by r², then products with those
	r       []float64       // transposed inverse of the factor
	kinv    []float64       // four rows of the inverse of k
	alpha   []float64
	ones    []float64
	turn    []float64 // gradient by the numeric columns, n × numeric
	over    []float64 // inverses of the squared length scales, as columns
	x       []float64 // a point, and sums by column
	first   []float64
	second  []float64
	sums    []float64
	effects effects
	p       []float64 // covariances of the effects, zeros right of the diagonal
}

func (o *objective) reset(data *Data, prior *Prior) {
	o.data, o.prior, o.lay = data, prior, data.layout()
	o.n, o.d = len(data.Y), len(data.Kinds)
	o.columns, o.numeric = arrange(data.Kinds, o.columns)
	o.warps = o.warps[:0]
	for _, j := range o.columns[:o.numeric] {
		o.warps = append(o.warps, slices.Index(data.Warped, j))
	}
	n, d := o.n, o.d
	o.z.reset(d, o.numeric, n)
	o.k.Resize(n)
	room := o.k.Room()
	o.e, o.r, o.kinv = grow(o.e, room*room), grow(o.r, room*room), grow(o.kinv, 4*room)
	o.alpha, o.ones = grow(o.alpha, room), grow(o.ones, room)
	v := len(data.Warped)
	o.lnx, o.dw, o.turn = grow(o.lnx, n*v), grow(o.dw, 2*n*v), grow(o.turn, n*o.numeric)
	for k, j := range data.Warped {
		for i := range n {
			o.lnx[i*v+k] = logarithm(data.X[i*d+j])
		}
	}
	o.over, o.x, o.sums = grow(o.over, d), grow(o.x, d), grow(o.sums, d)
	o.first, o.second = grow(o.first, d), grow(o.second, d)
	o.effects.reset(data.Effects)
	if o.effects.on() {
		o.p = grow(o.p, n*room)
		clear(o.p)
		for i := range n {
			o.effects.place(data.X[i*d : (i+1)*d])
			o.effects.keep(i)
			row := o.p[i*room : i*room+i&^3+4]
			o.effects.add(1, row)
			clear(row[i+1:])
		}
	}
}

// arrange returns the numbers of the columns, numeric ones first, in the memory
// of order, and how many are numeric.
func arrange(kinds []Kind, order []int) (columns []int, numeric int) {
	columns = order[:0]
	for j, kind := range kinds {
		if kind == Numeric {
			columns = append(columns, j)
		}
	}
	numeric = len(columns)
	for j, kind := range kinds {
		if kind == Nominal {
			columns = append(columns, j)
		}
	}
	return columns, numeric
}

func grow(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}

// scale computes the scaled coordinates of all points.
func (o *objective) scale(theta []float64) {
	v := len(o.data.Warped)
	for p, j := range o.columns {
		o.over[p] = special.Exp(-2 * theta[j])
		switch {
		case p >= o.numeric:
			for i := range o.n {
				*o.z.at(i, p) = o.data.X[i*o.d+j]
			}
		case o.warps[p] < 0:
			over := special.Exp(-theta[j])
			for i := range o.n {
				*o.z.at(i, p) = float64(o.data.X[i*o.d+j] * over)
			}
		default:
			k, over := o.warps[p], special.Exp(-theta[j])
			a, b := special.Exp(theta[o.lay.a(k)]), special.Exp(theta[o.lay.b(k)])
			for i := range o.n {
				w, _, da, db := kumaraswamyGrad(o.lnx[i*v+k], a, b)
				*o.z.at(i, p) = float64(w * over)
				o.dw[2*(i*v+k)], o.dw[2*(i*v+k)+1] = da, db
			}
		}
	}
}

// value returns the objective at theta and writes its gradient to g, unless
// that is nil. It is +Inf where the covariance is not positive definite. The
// time is that of n²/2 exponentials and of n³/2 multiplications, without the
// gradient of n³/6.
func (o *objective) value(theta, g []float64) float64 {
	n, room := o.n, o.k.Room()
	s2, single := o.lay.split(theta)
	noise := special.Exp(theta[o.lay.noise()])
	o.scale(theta)
	for i := range n {
		o.z.get(i, o.x)
		row := o.k.Row(i)
		o.z.distances(row, o.x, o.over)
		materns(row, o.e[i*room:], s2, o.prior.Mean)
		row[i] = float64(s2*(1+jitter)) + o.prior.Mean + float64(noise*o.data.factor(i))
		if o.effects.on() {
			linalg.Axpy(single, o.p[i*room:i*room+len(row)], row)
		}
	}
	if !o.k.Factor(0, 0) {
		return math.Inf(1)
	}
	clear(o.alpha[copy(o.alpha, o.data.Y):])
	o.k.Solve(o.alpha)
	nll := linalg.Dot4(o.alpha, o.alpha) / 2
	for i := range n {
		nll += math.Log(o.k.At(i, i))
	}
	spare := float64(o.data.Spare) / 2
	if o.data.Spare > 0 {
		nll += float64(spare*theta[o.lay.noise()]) + o.data.Squares/(2*noise)
	}
	if g == nil {
		return nll + o.lay.penalty(o.prior, theta, nil)
	}
	o.k.SolveT(o.alpha)

	clear(g)
	trace, curved := o.weigh()
	o.collect()
	for p, j := range o.columns {
		g[j] = -2 * o.sums[p]
		if p >= o.numeric {
			g[j] *= o.over[p]
		}
	}
	// tr(G ∂K/∂ln s²), of what is left of tr(G K) = n - yᵀα.
	g[o.lay.signal()] = (float64(n) - linalg.Dot4(o.alpha[:n], o.data.Y) -
		float64(noise*trace) - float64(o.prior.Mean*o.whole())) / 2
	g[o.lay.noise()] = noise * trace / 2
	if o.data.Spare > 0 {
		g[o.lay.noise()] += spare - o.data.Squares/(2*noise)
	}
	if o.effects.on() {
		// Of what s² scales, φ goes up by φ(1-φ) and the rest down.
		φ := single / (s2 + single)
		g[o.lay.share()] = float64(single*curved)/2 - float64(φ*g[o.lay.signal()])
	}
	for p, k := range o.warps {
		if k < 0 {
			continue
		}
		over, v := special.Exp(-theta[o.columns[p]]), len(o.data.Warped)
		for i := range n {
			t := 2 * float64(over*o.turn[i*o.numeric+p])
			g[o.lay.a(k)] += float64(t * o.dw[2*(i*v+k)])
			g[o.lay.b(k)] += float64(t * o.dw[2*(i*v+k)+1])
		}
	}
	return nll + o.lay.penalty(o.prior, theta, g)
}

// weigh multiplies e with G = K⁻¹ - ααᵀ and returns the traces of G with the
// factors of the noise and with the covariances of the effects.
func (o *objective) weigh() (noise, effects float64) {
	n, room := o.n, o.k.Room()
	o.k.InverseT(o.r)
	for i := range n {
		width := i&^3 + 4
		if i%4 == 0 {
			linalg.Gram4(o.kinv, o.r, room, i)
		}
		kinv, a := o.kinv[i%4*width:(i%4+1)*width], o.alpha[i]
		if o.effects.on() {
			p := o.p[i*room : i*room+width]
			effects += float64(2*(linalg.Dot4(kinv, p)-float64(a*linalg.Dot4(o.alpha[:width], p)))) -
				float64((kinv[i]-float64(a*a))*p[i])
		}
		e, alpha := o.e[i*room:(i+1)*room], o.alpha[:i]
		for j, b := range alpha {
			e[j] = float64((kinv[j] - float64(a*b)) * e[j])
		}
		clear(e[i:])
		noise += float64((kinv[i] - float64(a*a)) * o.data.factor(i))
	}
	return noise, effects
}

// whole returns the sum of all elements of G.
func (o *objective) whole() float64 {
	sum := 0.0
	for i := range o.ones {
		o.ones[i] = 0
		if i < o.n {
			o.ones[i] = 1
			sum += o.alpha[i]
		}
	}
	o.k.Solve(o.ones)
	return linalg.Dot4(o.ones, o.ones) - float64(sum*sum)
}

// collect sums up what e, the derivatives by r² of all pairs, says of the
// columns, and of every warped coordinate.
func (o *objective) collect() {
	n, room := o.n, o.k.Room()
	clear(o.sums)
	bend := len(o.data.Warped) > 0
	if bend {
		for i := range n {
			for j := range i {
				o.e[j*room+i] = o.e[i*room+j]
			}
		}
	}
	for i := range n {
		width := i&^3 + 4
		if bend {
			width = room
		}
		o.z.get(i, o.x)
		o.z.moments(o.first, o.second, o.e[i*room:i*room+width], o.x)
		linalg.Axpy(1, o.second, o.sums)
		if bend {
			copy(o.turn[i*o.numeric:(i+1)*o.numeric], o.first)
		}
	}
	if bend { // every pair was counted twice
		for c := range o.sums {
			o.sums[c] /= 2
		}
	}
}
