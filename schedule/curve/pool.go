package curve

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

const (
	// window is how many complete curves the prior is made of: the latest.
	window = 64
	// maxPoints is how many points of a curve are fitted, spread evenly over
	// the logarithm of the step: more would cost time and tell little.
	maxPoints = 32
	// scaleCurves is how many complete curves set the units: the first ones.
	scaleCurves = 5
	// minReports is how many reports a curve has at least that is fitted.
	minReports = 3
)

// pool is what complete curves say of those that are not.
type pool struct {
	max, min float64 // of the fidelity

	last   *study.History
	done   int // ended trials that were looked at
	shift  float64
	scale  float64
	recent []finished // the latest complete ones, oldest first
	count  int        // complete ones in all
	best   float64    // loss of the best complete one; +Inf: none

	stale  bool
	priors [len(families)]prior
	noise  float64
	weight float64 // of a residual, by how much they hang together
}

// finished is a complete curve with its fits, which are made when they are
// needed.
type finished struct {
	reports []report
	fits    *fits
}

type fits [len(families)]fit

// update follows the study to h.
func (p *pool) update(h *study.History) {
	if !h.Continues(p.last) {
		*p = pool{max: p.max, min: p.min, best: math.Inf(1)}
	}
	p.last = h
	o := h.Objectives[0]
	for ; p.done < h.EndedLen(); p.done++ {
		t := h.Ended(p.done)
		if t.State != study.Complete {
			continue
		}
		rs := clean(o, t.Reports)
		if len(rs) < minReports {
			continue
		}
		p.count++
		p.best = math.Min(p.best, o.Loss(t.Values[0]))
		p.stale = true
		if len(p.recent) == window {
			p.recent = slices.Delete(p.recent, 0, 1)
		}
		p.recent = append(p.recent, finished{reports: rs})
		if p.count == scaleCurves {
			p.setUnits()
		}
	}
}

// setUnits chooses the units: the middle of what the first curves reported is
// 0, and 1 is half of the width of most of it.
func (p *pool) setUnits() {
	var all []float64
	for _, f := range p.recent {
		for _, r := range f.reports {
			all = append(all, r.loss)
		}
	}
	slices.Sort(all)
	at := func(q float64) float64 { return all[int(q*float64(len(all)-1))] }
	p.shift, p.scale = at(0.5), (at(0.9)-at(0.1))/2
	if !(p.scale > 0) || math.IsInf(p.scale, 0) {
		p.scale = 1
	}
}

func (p *pool) unit(loss float64) float64 { return (loss - p.shift) / p.scale }

// weak is the prior of a curve of which only the ends are known.
func weak(m *family, s samples) *prior {
	n := len(s.ys) - 1
	pr := prior{mean: vec{s.ys[n], s.ys[0] - s.ys[n], m.center[0], m.center[1]}}
	pr.precision[0][0], pr.precision[1][1] = 1, 0.25
	for i := 2; i < m.n; i++ {
		pr.precision[i][i] = 1 / (m.width[i-2] * m.width[i-2])
	}
	return &pr
}

// refresh makes the priors of the fitted curves.
func (p *pool) refresh() {
	if !p.stale {
		return
	}
	p.stale = false
	for i := range p.recent {
		if f := &p.recent[i]; f.fits == nil {
			s := p.samples(f.reports)
			f.fits = new(fits)
			for k := range families {
				f.fits[k] = families[k].solve(s, weak(&families[k], s), 0, 1)
			}
		}
	}
	for i := range families {
		p.priors[i] = p.prior(i)
	}
	var noises, lags []float64
	for _, f := range p.recent {
		best := f.fits[0]
		for _, g := range f.fits[1:] {
			if g.rss < best.rss {
				best = g
			}
		}
		noises, lags = append(noises, best.noise), append(lags, best.lag)
	}
	slices.Sort(noises)
	slices.Sort(lags)
	p.noise = noises[len(noises)/2]
	lag := math.Max(0, math.Min(0.9, lags[len(lags)/2]))
	p.weight = (1 - lag) / (1 + lag)
}

// shrinkage is how many curves the weak covariance counts for.
const shrinkage = 2

// prior returns the mean and the precision of a family's parameters over the
// fitted curves, drawn a little to a weak one.
func (p *pool) prior(i int) prior {
	m := &families[i]
	var pr prior
	n := 0.0
	for _, f := range p.recent {
		if f.fits[i].ok {
			n++
			for a := range m.n {
				pr.mean[a] += f.fits[i].theta[a]
			}
		}
	}
	for a := range m.n {
		pr.mean[a] /= math.Max(n, 1)
	}
	covariance := mat{}
	for _, f := range p.recent {
		if !f.fits[i].ok {
			continue
		}
		for a := range m.n {
			for b := range m.n {
				covariance[a][b] += float64((f.fits[i].theta[a] - pr.mean[a]) * (f.fits[i].theta[b] - pr.mean[b]))
			}
		}
	}
	widths := vec{1, 1, m.width[0], m.width[1]}
	for a := range m.n {
		covariance[a][a] += shrinkage * widths[a] * widths[a]
		for b := range m.n {
			covariance[a][b] /= n + shrinkage
		}
	}
	var ok bool
	if pr.precision, ok = inverse(&covariance, m.n); !ok || n == 0 {
		pr = prior{mean: vec{0, 1, m.center[0], m.center[1]}}
		for a := range m.n {
			pr.precision[a][a] = 1 / (widths[a] * widths[a])
		}
	}
	return pr
}

// report is a step with a loss.
type report struct{ step, loss float64 }

// clean returns the reports that have a finite value, as losses.
func clean(o study.Objective, reports []study.Report) []report {
	out := make([]report, 0, len(reports))
	for _, r := range reports {
		if x, ok := r.Values.Get(o.Metric); ok && !math.IsNaN(x) && !math.IsInf(x, 0) && r.Step > 0 {
			out = append(out, report{r.Step, o.Loss(x)})
		}
	}
	return out
}

// samples turns reports into units, and thins them out.
func (p *pool) samples(rs []report) samples {
	s := samples{first: math.Log(p.min / p.max)}
	keep := func(r report) {
		s.xs = append(s.xs, math.Min(0, math.Max(math.Log(r.step/p.max), s.first)))
		s.ys = append(s.ys, p.unit(r.loss))
	}
	if len(rs) <= maxPoints {
		for _, r := range rs {
			keep(r)
		}
		return s
	}
	from, to := math.Log(rs[0].step), math.Log(rs[len(rs)-1].step)
	next := 0
	for i, r := range rs {
		if slot := int((math.Log(r.step) - from) / (to - from) * (maxPoints - 1)); slot >= next || i == len(rs)-1 {
			keep(r)
			next = slot + 1
		}
	}
	return s
}

// chance returns the probability that a curve ends better than the best
// complete trial.
func (p *pool) chance(rs []report) float64 {
	p.refresh()
	s := p.samples(rs)
	n := float64(len(s.xs))
	var found fits
	var criteria [len(families)]float64
	least := math.Inf(1)
	for i := range families {
		found[i] = families[i].solve(s, &p.priors[i], p.noise, p.weight)
		criteria[i] = math.Inf(1)
		if found[i].ok {
			criteria[i] = families[i].criterion(found[i], n, p.weight)
		}
		least = math.Min(least, criteria[i])
	}
	if math.IsInf(least, 1) {
		return 1 // no family fits: nothing is known
	}
	sum, chance := 0.0, 0.0
	for i, f := range found {
		if !f.ok {
			continue
		}
		w := math.Exp((least - criteria[i]) / 2)
		sum += w
		chance += float64(w * math.Erfc((f.theta[0]-p.unit(p.best))/math.Sqrt(2*(f.variance+f.noise))) / 2)
	}
	return chance / sum
}
