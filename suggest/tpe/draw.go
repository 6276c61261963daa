package tpe

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// tries is how many times the wanted number of candidates is drawn before
// there are enough that may be proposed.
const tries = 10

// drawing draws and compares candidates. It holds the scratch space for that.
type drawing struct {
	space   *space.Space
	checked bool // candidates may be refused
	finite  bool
	taken   []string // keys of what this request has proposed, in a finite space

	u, best, trial []float64 // points of the unit cube
	x              []float64 // coordinates of a group
	way            []float64 // branches drawn from the prior
	baseL, baseG   []float64
	acc            []float64
	pick           []slot
	ids            []int32
	keys           heldKeys
}

// heldKeys tells which configurations a history holds.
type heldKeys interface{ Held(space.Config) bool }

// slot is a kernel with the sum of the weights up to and with it.
type slot struct {
	id, at int32
	sum    float64
}

func (d *drawing) begin(s *suggester, h *study.History) {
	d.space = h.Space
	d.finite = s.picker.Finite()
	d.checked = d.finite || len(h.Space.Spec().Constraints) > 0
	d.taken = d.taken[:0]
	d.keys = &s.keys
	if d.finite {
		s.keys.Begin(h)
	}
	n := h.Space.Len()
	d.u, d.best, d.trial = sized(d.u, n), sized(d.best, n), sized(d.trial, n)
}

// took notes a configuration that is proposed.
func (d *drawing) took(c space.Config) {
	if d.finite {
		d.taken = append(d.taken, c.Key())
	}
}

// propose draws a configuration: group after group, each by the best of a
// number of candidates given what was chosen before. It returns the logarithm
// of the ratio of the densities, summed over the groups, and false where no
// candidate may be proposed.
func (d *drawing) propose(s *suggester, rng *rand.Rand) (space.Config, float64, bool) {
	u := d.u
	for i := range u {
		u[i] = 0.5
	}
	gain, whole := 0.0, false
	for k, g := range s.groups {
		if g.conditional && d.space.Decode(u).At(g.own[0]).IsAbsent() {
			continue
		}
		got, ok := d.step(s, k, rng, whole)
		if !ok {
			return space.Config{}, 0, false
		}
		gain += got
		whole = d.checked
	}
	return d.space.Decode(u), gain, true
}

// step chooses the values of the k-th group and puts them into d.u. Where
// candidates may be refused, each is completed by one draw of all that follow,
// and the completion of the best stays in d.u: whole says that there is one
// from the step before, so that something allowed is there to fall back on.
func (d *drawing) step(s *suggester, k int, rng *rand.Rand, whole bool) (float64, bool) {
	g := s.groups[k]
	d.condition(g, d.u)
	best := math.Inf(-1)
	if whole {
		best = d.ratio(g, d.u)
		copy(d.best, d.u)
	}
	explore := g.branch && rng.Float64() < s.o.branches
	if explore {
		d.wander(g, rng)
	}
	found, most := 0, s.o.candidates
	if d.checked {
		most *= tries
	}
	for n := 0; n < most && found < s.o.candidates; n++ {
		copy(d.trial, d.u)
		from := d.sample(g, d.trial, rng)
		if explore {
			d.follow(g)
		}
		if d.checked && !d.allowed(s, g, k, from, rng) {
			continue
		}
		found++
		if r := d.ratio(g, d.trial); r > best || found == 1 && !whole {
			best = r
			d.best, d.trial = d.trial, d.best
		}
	}
	if found == 0 && !whole {
		return 0, false
	}
	best = d.refine(s, g, k, best, rng)
	copy(d.u, d.best)
	return best, true
}

// wander draws the values on which other parameters depend from the prior.
func (d *drawing) wander(g *group, rng *rand.Rand) {
	d.way = d.way[:0]
	for _, a := range g.axes[g.from:] {
		if a.branch {
			d.way = append(d.way, a.place[a.level(rng.Float64())])
		}
	}
}

// follow puts into d.trial what wander drew.
func (d *drawing) follow(g *group) {
	k := 0
	for _, a := range g.axes[g.from:] {
		if a.branch {
			d.trial[a.param] = d.way[k]
			k++
		}
	}
}

// allowed reports whether d.trial, once completed, may be proposed. Where
// constraints refuse it, it is moved towards the trial whose kernel it was
// drawn from, which obeyed them.
func (d *drawing) allowed(s *suggester, g *group, k int, from int32, rng *rand.Rand) bool {
	const halvings = 4
	for h := 0; ; h++ {
		d.complete(s, k, rng)
		c := d.space.Decode(d.trial)
		if d.space.Feasible(c) {
			return !d.finite || !d.keys.Held(c) && !slices.Contains(d.taken, c.Key())
		}
		if from == 0 || h == halvings {
			return false
		}
		d.approach(g, from, h > 0)
	}
}

// approach moves the values of d.trial half way towards the kernel in a slot;
// choices, too, become its.
func (d *drawing) approach(g *group, from int32, choices bool) {
	for j := g.from; j < len(g.axes); j++ {
		m := &g.below.dims[j]
		if m.kind == choice {
			if l := m.level[from]; choices && l > 0 {
				d.trial[m.param] = m.place[l-1]
			}
			continue
		}
		u := (d.trial[m.param] + m.mu[from]) / 2
		if m.kind == cells {
			u = m.place[m.axis.level(u)]
		}
		d.trial[m.param] = u
	}
}

// complete draws the groups after the k-th into d.trial.
func (d *drawing) complete(s *suggester, k int, rng *rand.Rand) {
	for _, g := range s.groups[k+1:] {
		if g.conditional && d.space.Decode(d.trial).At(g.own[0]).IsAbsent() {
			continue
		}
		for _, a := range g.axes[g.from:] {
			d.trial[a.param] = rng.Float64()
		}
	}
}

// condition computes what the kernels of g have to do with the values that are
// given, and from it the chance of each of the good ones to be drawn from.
func (d *drawing) condition(g *group, u []float64) {
	d.x = sized(d.x, len(g.axes))
	for j := range g.from {
		d.x[j] = u[g.axes[j].param]
	}
	d.baseL = g.below.given(d.x, d.baseL)
	d.baseG = g.above.given(d.x, d.baseG)
	d.pick = d.pick[:0]
	top := math.Inf(-1)
	for s, id := range g.below.ids {
		if s == 0 || id >= 0 {
			d.pick = append(d.pick, slot{id: id, at: int32(s)})
			top = math.Max(top, d.baseL[s])
		}
	}
	// In the order of trials, not of slots, which depend on the past.
	slices.SortFunc(d.pick, func(a, b slot) int { return int(a.id) - int(b.id) })
	sum := 0.0
	for i := range d.pick {
		sum += float64(g.below.wt[d.pick[i].at] * special.Exp(d.baseL[d.pick[i].at]-top))
		d.pick[i].sum = sum
	}
}

// sample draws the values of g into u and returns the slot of the kernel that
// they are drawn from.
func (d *drawing) sample(g *group, u []float64, rng *rand.Rand) int32 {
	q := rng.Float64() * d.pick[len(d.pick)-1].sum
	k, _ := slices.BinarySearchFunc(d.pick, q, func(s slot, q float64) int {
		if s.sum <= q {
			return -1
		}
		return 1
	})
	s := d.pick[min(k, len(d.pick)-1)].at
	p := g.below.parzen
	for j := g.from; j < len(p.dims); j++ {
		m := &p.dims[j]
		switch m.kind {
		case choice:
			u[m.param] = p.drawChoice(m, s, rng)
		case cells:
			u[m.param] = m.place[m.axis.level(drawNormal(m.mu[s], m.sigma[s], rng))]
		default:
			u[m.param] = drawNormal(m.mu[s], m.sigma[s], rng)
		}
	}
	return s
}

// drawChoice draws from the row of a kernel: its own value, or the prior's.
func (p *parzen) drawChoice(m *dim, s int32, rng *rand.Rand) float64 {
	if l := m.level[s]; l > 0 {
		if rng.Float64()*(1+p.lean(m)) < 1 {
			return m.place[l-1]
		}
	}
	q := rng.Float64()
	for k, share := range m.share {
		if q -= share; q < 0 {
			return m.place[k]
		}
	}
	return m.place[len(m.place)-1]
}

// drawNormal draws from a normal distribution restricted to the unit interval,
// in which the mean lies: at worst, where a kernel as wide as the interval
// stands at its end, a third of the draws is within.
func drawNormal(mu, sigma float64, rng *rand.Rand) float64 {
	for range 1000 {
		if x := mu + float64(sigma*rng.NormFloat64()); x >= 0 && x <= 1 {
			return x
		}
	}
	return mu
}

// ratio returns the logarithm of how much denser the good trials are at u than
// the bad ones, over the values of g.
func (d *drawing) ratio(g *group, u []float64) float64 {
	for j := g.from; j < len(g.axes); j++ {
		d.x[j] = u[g.axes[j].param]
	}
	n := max(len(d.baseL), len(d.baseG))
	d.acc = sized(d.acc, n)
	return g.below.at(d.x, d.baseL, d.acc) - g.above.at(d.x, d.baseG, d.acc)
}

// refine looks for something better next to the best candidate: steps in all
// numbers at once, which get smaller where they do not help.
func (d *drawing) refine(s *suggester, g *group, k int, best float64, rng *rand.Rand) float64 {
	scale := 0.1
	for range s.o.refine {
		copy(d.trial, d.best)
		for _, a := range g.axes[g.from:] {
			if a.kind == choice {
				continue
			}
			u := d.trial[a.param] + float64(scale*rng.NormFloat64())
			u = math.Min(math.Max(u, 0), 1)
			if a.kind == cells {
				u = a.place[a.level(u)]
			}
			d.trial[a.param] = u
		}
		if d.checked && !d.allowed(s, g, k, 0, rng) {
			continue
		}
		if r := d.ratio(g, d.trial); r > best {
			best = r
			d.best, d.trial = d.trial, d.best
			scale *= 1.5
		} else {
			scale = math.Max(scale*0.85, 1e-3)
		}
	}
	return best
}

// sized returns a slice of length n, b where it is long enough.
func sized(b []float64, n int) []float64 {
	if cap(b) < n {
		return make([]float64, n, n+n/2)
	}
	return b[:n]
}
