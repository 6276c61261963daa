package warm

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// New sets up the method m for p, and where p has earlier studies lets their
// best configurations come first.
func New(m suggest.Method, p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
	s, err := m.New(p, v)
	if err != nil {
		return nil, err
	}
	return Start(p, s), nil
}

// Start returns a suggester that proposes the best configurations of the
// earlier studies of p among the first trials, and for the rest what inner
// does; inner itself where there is no earlier study. It can estimate and
// forecast if inner can.
func Start(p suggest.Problem, inner suggest.Suggester) suggest.Suggester {
	if len(p.Earlier) == 0 {
		return inner
	}
	s := &starter{inner: suggest.Holding(inner), earlier: p.Earlier, trials: p.Trials}
	e, estimates := inner.(suggest.Estimator)
	f, forecasts := inner.(suggest.Forecaster)
	switch {
	case estimates && forecasts:
		return struct {
			*starter
			suggest.Estimator
			suggest.Forecaster
		}{s, e, f}
	case estimates:
		return struct {
			*starter
			suggest.Estimator
		}{s, e}
	case forecasts:
		return struct {
			*starter
			suggest.Forecaster
		}{s, f}
	}
	return s
}

// starter is a suggester with configurations that come before its own.
type starter struct {
	inner   suggest.Holder
	earlier []study.Earlier
	trials  int                    // the budget; 0: unknown
	fixed   map[string]space.Value // of the request

	last  *study.History
	space *space.Space
	seeds []seed
	looked,
	ended int // trials of last that were looked at, and those that had ended
	others []float64 // losses of the ended trials that are not seeds, of one objective
}

// Inner returns the suggester that proposes the rest.
func (s *starter) Inner() suggest.Suggester { return s.inner }

// seed is a configuration of an earlier study.
type seed struct {
	config space.Config
	key    string
	study  string
	trial  int
	held   bool    // the history has it
	loss   float64 // once it has ended; NaN before
}

// note is what a trial's origin says of it. Names are plain words.
func (s *seed) note() string {
	b := value.String(s.study).AppendJSON([]byte(`{"by":"earlier","study":`))
	return string(strconv.AppendInt(append(b, `,"trial":`...), int64(s.trial), 10)) + "}"
}

// Holds implements [suggest.Holder]: a seed with other values than the fixed
// ones is passed over.
func (s *starter) Holds() {}

// Suggest implements [suggest.Suggester].
func (s *starter) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.fixed = r.Fixed
	s.follow(r.History)
	given := map[string]bool{}
	for _, c := range r.Beside {
		given[c.Key()] = true
	}
	var out []suggest.Proposal
	beside := slices.Clone(r.Beside)
	for len(out) < r.N {
		if next := s.next(r.First+len(out), given); next != nil {
			given[next.key] = true
			out = append(out, suggest.Proposal{Config: next.config, Note: next.note()})
			beside = append(beside, next.config)
			continue
		}
		// The method's turn, up to where the next seed stands.
		rest := r
		rest.First, rest.N, rest.Beside = r.First+len(out), 1, beside
		for rest.N < r.N-len(out) && s.next(rest.First+rest.N, given) == nil {
			rest.N++
		}
		ps, err := s.inner.Suggest(ctx, rest)
		for _, p := range ps {
			given[p.Config.Key()] = true
			out, beside = append(out, p), append(beside, p.Config)
		}
		if err != nil || len(ps) < rest.N {
			return out, err
		}
	}
	return out, nil
}

// next returns the seed that is to be trial number n, nil where there is none:
// every other trial is one, so that at any time there are at least as many that
// owe the earlier studies nothing.
func (s *starter) next(n int, given map[string]bool) *seed {
	used := 0
	for i := range s.seeds {
		d := &s.seeds[i]
		if d.held || given[d.key] {
			used++
			continue
		}
		if !d.config.Agrees(s.fixed) {
			continue
		}
		if n < 2*used || s.misled() {
			return nil
		}
		return d
	}
	return nil
}

// misled reports whether the seeds have turned out worse than other trials: one
// than all others, or the best of several than the median of two or more others.
// One that was unlucky has another chance when there are more to compare with.
func (s *starter) misled() bool {
	best, n := math.Inf(1), 0
	for i := range s.seeds {
		if loss := s.seeds[i].loss; loss == loss {
			best, n = math.Min(best, loss), n+1
		}
	}
	switch {
	case n == 0 || len(s.others) == 0 || n > 1 && len(s.others) == 1:
		return false
	case n == 1:
		return best > slices.Max(s.others)
	}
	sorted := slices.Sorted(slices.Values(s.others))
	return best > sorted[(len(sorted)-1)/2]
}

// follow brings s up to date with h.
func (s *starter) follow(h *study.History) {
	if h.Space != s.space || !h.Continues(s.last) {
		s.space, s.seeds = h.Space, choose(s.earlier, h.Space, h.Objectives, s.trials)
		s.looked, s.ended, s.others = 0, 0, nil
	}
	s.last = h
	if len(s.seeds) == 0 {
		return
	}
	of := func(t *study.Trial) *seed {
		key := t.Config.Key()
		for i := range s.seeds {
			if s.seeds[i].key == key {
				return &s.seeds[i]
			}
		}
		return nil
	}
	for ; s.looked < h.Len(); s.looked++ {
		if d := of(h.Trial(s.looked)); d != nil {
			d.held = true
		}
	}
	// Only the first trials decide whether the seeds mislead: later ones are
	// better anyway.
	for ; s.ended < min(h.EndedLen(), 4*len(s.seeds)); s.ended++ {
		t := h.Ended(s.ended)
		if t.State == study.Cancelled || len(h.Objectives) > 1 {
			continue
		}
		loss := math.Inf(1)
		if (t.State == study.Complete || t.State == study.Pruned) && len(t.Values) == 1 && t.Feasible() {
			if l := h.Objectives[0].Loss(t.Values[0]); l == l {
				loss = l
			}
		}
		if d := of(t); d == nil {
			s.others = append(s.others, loss)
		} else if !(d.loss <= loss) {
			d.loss = loss
		}
	}
}

// How the seeds are chosen: they are among the best tenth of the trials of
// their study, or among the best five, and at least so far apart, as a share of
// the space's diagonal.
const (
	bestShare = 10
	bestLeast = 5
	apart     = 0.12
)

// choose returns the seeds for the space s: of each earlier study in turn the
// best, then the second best, and so on, leaving out what is close to one
// chosen before, until they are half of what is tried before a model decides
// where trials is the budget, 0 for unknown.
func choose(earlier []study.Earlier, s *space.Space, objectives []study.Objective, trials int) []seed {
	most := max(1, suggest.Startup(s.Len(), trials, false)/2)
	type candidate struct {
		seed
		place int
	}
	var all []candidate
	for i := range earlier {
		e := &earlier[i]
		points, _ := Points(e, s)
		trials := make([]study.EarlierTrial, len(points))
		for k, p := range points {
			trials[k] = *p.EarlierTrial
		}
		order := rank(trials, goalsOf(e, objectives))
		for place, k := range order[:min(len(order), max(bestLeast, len(order)/bestShare))] {
			c := points[k].Config
			if s.Open() { // what a program may ask for needs a value
				c, _ = s.Complete(c.Map(), func(i int, _ *space.Param) space.Value { return usual(s, i) })
			}
			if !c.IsZero() && len(c.Map()) > 0 && s.Feasible(c) {
				all = append(all, candidate{seed{config: c, key: c.Key(), study: e.Name, trial: trials[k].Number, loss: math.NaN()}, place})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.place, b.place) })
	var out []seed
	least := apart * math.Sqrt(float64(s.Len()))
	for _, c := range all {
		if len(out) == most {
			break
		}
		if !slices.ContainsFunc(out, func(d seed) bool { return s.Distance(c.config, d.config) < least }) {
			out = append(out, c.seed)
		}
	}
	return out
}

// Of returns the name of the earlier study and the number of its trial that
// the note of a trial's origin says it was taken from, false where it was not.
func Of(o *study.Origin) (name string, trial int, ok bool) {
	if o == nil || !strings.HasPrefix(o.Note, `{"by":"earlier"`) {
		return "", 0, false
	}
	return parseNote(o.Note)
}
