package bo

import (
	"math"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Where a study ends by time or money, a trial that costs less leaves more for
// others. So the logarithm of the cost has a process of its own, and its mean
// is taken from the acquisition in the proportion of what is left of the
// budget: the expected improvement for its cost at the beginning, and for
// itself at the end, when what is saved buys nothing any more (E. H. Lee et
// al., "Cost-aware Bayesian optimization", 2020, which calls it cost cooling).
const (
	// costPoints is how many trials the costs are learned from: the newest.
	costPoints = 200
	// costSpread is how far costs must be apart, as the standard deviation of
	// their logarithms, for them to matter.
	costSpread = 0.15
	costLeast  = 3 // trials
)

// costs is what a model knows of the costs of configurations.
type costs struct {
	budget   *suggest.Budget // nil: there is nothing to save
	trials   int             // the budget of trials; 0: none
	consumed int             // trials ended
	spent    float64
	z        []float64 // rows
	logs     []float64

	fitter   gp.Fitter
	theta    []float64
	mark     int
	process  *gp.Posterior // nil: costs are alike, or hardly known
	mean, sd float64       // of the logarithms
}

// restart forgets everything of another history.
func (c *costs) restart() {
	*c = costs{budget: c.budget, trials: c.trials}
}

// follow brings c up to date with h, whose trials m encodes.
func (c *costs) follow(h *study.History, m *memory) {
	if c.budget == nil || c.consumed == h.EndedLen() {
		return
	}
	x := make([]float64, m.cube.Len())
	for ; c.consumed < h.EndedLen(); c.consumed++ {
		t := h.Ended(c.consumed)
		cost, ok := c.budget.Of(t)
		if !ok {
			continue
		}
		c.spent += cost
		if cost = perStep(t, h.Fidelity, cost); !(cost > 0) {
			continue
		}
		m.cube.Encode(t.Config, x)
		c.z = append(c.z, make([]float64, m.enc.len())...)
		m.enc.put(x, c.z[len(c.z)-m.enc.len():])
		c.logs = append(c.logs, math.Log(cost))
	}
	c.learn(m)
}

// perStep returns what a trial that cost so much cost for a step of the
// fidelity, without one for the whole; 0 where that cannot be said: of a trial
// that failed or was ended before its first step.
func perStep(t *study.Trial, f *study.Fidelity, cost float64) float64 {
	switch paid := t.Paid(); {
	case t.State != study.Complete && (t.State != study.Pruned || f == nil):
		return 0
	case f == nil:
		return cost
	case paid > 0:
		return cost / paid
	case t.State == study.Complete:
		return cost / f.Max
	}
	return 0
}

// learn makes the process of the costs.
func (c *costs) learn(m *memory) {
	n := len(c.logs)
	c.process = nil
	if n < costLeast {
		return
	}
	data, mean, sd := c.data(m, max(0, n-costPoints), n)
	if c.mean, c.sd = mean, sd; !(sd >= costSpread) {
		return
	}
	prior := gp.DefaultPrior(float64(m.cube.Len()))
	// The hyperparameters are those of a number of trials, not of when they
	// were asked for last.
	if mark := due(n); mark != c.mark {
		first, _, _ := c.data(m, max(0, mark-costPoints), mark)
		theta, _, ok := c.fitter.Fit(&first, &prior, nil, gp.Effort{Evaluations: fitEvaluations, Starts: 1})
		if !ok {
			theta = gp.Mode(&first, &prior)
		}
		c.theta, c.mark = theta, mark
	}
	if p, ok := gp.New(&data, &prior, c.theta); ok {
		c.process = p
	}
}

// data returns the costs of a range of trials, standardised, with what by.
func (c *costs) data(m *memory, from, to int) (d gp.Data, mean, sd float64) {
	d = gp.Data{Kinds: m.enc.kinds, X: c.z[from*m.enc.len() : to*m.enc.len()], Y: make([]float64, to-from)}
	for _, v := range c.logs[from:to] {
		mean += v / float64(to-from)
	}
	for _, v := range c.logs[from:to] {
		sd += float64((v - mean) * (v - mean))
	}
	sd = math.Sqrt(sd / float64(max(to-from-1, 1)))
	for i, v := range c.logs[from:to] {
		d.Y[i] = (v - mean) / math.Max(sd, 1e-9)
	}
	return d, mean, sd
}

// value returns the logarithm of the cost at the row z, less its mean, times
// weight, and adds its gradient to g where that is not nil.
func (c *costs) value(a *acquisition, z, g []float64, weight float64) float64 {
	if g == nil {
		return float64(weight * c.sd * c.process.Mean(z))
	}
	mean, _ := c.process.PredictGrad(z, a.gm, a.gv)
	for i := range g {
		g[i] += float64(weight * c.sd * a.gm[i])
	}
	return float64(weight * c.sd * mean)
}

// left returns which part of the budget is left.
func (c *costs) left(h *study.History) float64 {
	used := c.spent / c.budget.Limit
	if c.trials > 0 {
		used = math.Max(used, float64(h.EndedLen())/float64(c.trials))
	}
	return math.Min(math.Max(1-used, 0), 1)
}
