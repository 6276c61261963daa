// Package distinct draws configurations that a study does not hold yet.
//
// In a finite space every suggester owes its study a new configuration each
// time, whatever became of the earlier ones, and an honest end when there is
// none left. That needs the same bookkeeping in each of them, and it is kept
// here: which configurations the history holds (brought up to date by the new
// trials alone), which ones this request has handed out already, and how to
// find the last few without drawing for ever.
//
// It is not a suggester and knows nothing of objectives. The one idea: what a
// [Picker] answers depends on the history, the configurations taken since
// [Picker.Begin] and the random numbers it is given; what it keeps beyond a
// request only saves work.
//
//	picker.Begin(r.History, r.Beside...)
//	for i := range r.N {
//		if c := myIdea(i); feasible(c) && picker.Take(c) { … }
//		c, err := picker.Draw(ctx, r.Rand(i)) // otherwise: any new one
//	}
//
// In an infinite space nothing is ever a duplicate: two equal draws have
// probability zero or next to it, and a continuous parameter need not be
// remembered. A space is infinite as soon as one parameter is.
package distinct

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

const (
	// Listed is the largest number of configurations of a space whose
	// remaining ones are chosen among uniformly.
	Listed = 10_000
	// rawTries is how many draws from the prior are made before the space is
	// looked at as a list.
	rawTries = 200
	// sampleTries is how many draws among the allowed configurations are made
	// in a space that is too large for a list.
	sampleTries = 50
	// maxLevels and maxWalk bound the walk through a large space.
	maxLevels = 100_000
	maxWalk   = 20_000_000
)

// Picker finds new configurations. The zero Picker is ready to use; it is not
// safe for concurrent use.
type Picker struct {
	space  *space.Space // what is drawn from
	whole  *space.Space // of the history, and of what is drawn
	finite bool
	keys   Keys
	taken  map[string]struct{} // handed out since Begin

	listed   bool           // list has been looked for
	list     []space.Config // every configuration, nil where there are too many
	listKeys []string
}

// Begin starts a request, with the configurations that others have proposed
// beside it taken: those taken for an earlier request count only if they are in
// h by now. The cost is that of the trials that are new since the last call,
// nothing in an infinite space.
func (p *Picker) Begin(h *study.History, beside ...space.Config) {
	p.BeginIn(h.Space, h, beside...)
}

// BeginIn is Begin for a request whose configurations are to lie in part, the
// space of the history or a part of it ([space.Space.Hold]).
func (p *Picker) BeginIn(part *space.Space, h *study.History, beside ...space.Config) {
	p.whole = h.Space
	if part != p.space {
		p.space = part
		p.finite = Finite(part)
		p.listed, p.list, p.listKeys = false, nil, nil
	}
	clear(p.taken)
	if !p.finite {
		return
	}
	p.keys.Begin(h)
	for _, c := range beside {
		p.take(c.Key())
	}
}

// Finite reports whether s has finitely many configurations, that is, whether
// every parameter has.
func Finite(s *space.Space) bool {
	for i := range s.Len() {
		if _, ok := s.Param(i).Count(); !ok {
			return false
		}
	}
	return true
}

// Finite reports whether the space of the present request is finite.
func (p *Picker) Finite() bool { return p.finite }

// Take reports whether c is new, neither in the history nor taken since Begin,
// and takes it. In an infinite space every configuration is new.
func (p *Picker) Take(c space.Config) bool {
	return !p.finite || p.take(c.Key())
}

func (p *Picker) take(key string) bool {
	if p.held(key) {
		return false
	}
	if p.taken == nil {
		p.taken = make(map[string]struct{})
	}
	p.taken[key] = struct{}{}
	return true
}

func (p *Picker) held(key string) bool {
	if p.keys.holds(key) {
		return true
	}
	_, ok := p.taken[key]
	return ok
}

// Draw returns and takes a new configuration that satisfies the constraints:
// drawn from the prior, given that it is new; where that does not succeed
// soon, uniformly among all that are left, if the space has at most [Listed];
// else the first in the order of [space.Space.Enumerate].
//
// The error is [suggest.ErrExhausted] where there is none left. An open space
// is never exhausted, because the program may reveal more of it: there the
// draw repeats what is known. Other errors say that the constraints leave too
// little to be found.
func (p *Picker) Draw(ctx context.Context, r *rand.Rand) (space.Config, error) {
	c, err := p.draw(ctx, r)
	if err != nil {
		return space.Config{}, err
	}
	return c.In(p.whole), nil
}

func (p *Picker) draw(ctx context.Context, r *rand.Rand) (space.Config, error) {
	if !p.finite {
		return sample(p.space, r)
	}
	for range rawTries {
		if c := p.space.Random(r); p.space.Feasible(c) && p.Take(c) {
			return c, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return space.Config{}, err
	}
	c, found, err := p.remaining(ctx, r)
	switch {
	case err != nil:
		return space.Config{}, err
	case found:
		return c, nil
	case p.space.Open():
		return sample(p.space, r)
	}
	return space.Config{}, suggest.ErrExhausted
}

func sample(s *space.Space, r *rand.Rand) (space.Config, error) {
	c, err := s.Sample(r)
	if err != nil {
		return space.Config{}, study.Errorf(study.Invalid, "", "draw a configuration: %v", err)
	}
	return c, nil
}

// remaining takes one of the configurations that are left.
func (p *Picker) remaining(ctx context.Context, r *rand.Rand) (c space.Config, found bool, err error) {
	if !p.listed {
		p.listed = true
		if _, ok := p.space.Finite(Listed); ok {
			err := walk(ctx, p.space, func(c space.Config) bool {
				p.list = append(p.list, c)
				p.listKeys = append(p.listKeys, c.Key())
				return true
			})
			if err != nil {
				p.listed, p.list, p.listKeys = false, nil, nil
				return space.Config{}, false, err
			}
			if p.list == nil {
				p.list = []space.Config{} // known to be empty
			}
		}
	}
	if p.list != nil {
		left := 0
		for _, key := range p.listKeys {
			if !p.held(key) {
				left++
			}
		}
		if left == 0 {
			return space.Config{}, false, nil
		}
		k := r.IntN(left)
		for i, key := range p.listKeys {
			if p.held(key) {
				continue
			}
			if k == 0 {
				p.take(key)
				return p.list[i], true, nil
			}
			k--
		}
	}
	for range sampleTries {
		c, err := p.space.Sample(r)
		if err != nil {
			break
		}
		if p.Take(c) {
			return c, true, nil
		}
	}
	// Each step of the walk is a configuration that the history holds, or the
	// answer, or one that the constraints refuse.
	err = walk(ctx, p.space, func(candidate space.Config) bool {
		if p.Take(candidate) {
			c, found = candidate, true
		}
		return !found
	})
	return c, found, err
}

// walk calls visit for the configurations of a finite space in the order of
// [space.Space.Enumerate] until it returns false. Parameters with very many
// values are walked in part, and the whole walk is bounded: a space that
// needs more cannot be exhausted in practice.
func walk(ctx context.Context, s *space.Space, visit func(space.Config) bool) error {
	levels := make([][]space.Value, s.Len())
	for i := range levels {
		n, _ := s.Param(i).Count()
		for k := range min(n, maxLevels) {
			levels[i] = append(levels[i], s.Param(i).Nth(k))
		}
	}
	var err error
	steps := 0
	for c := range s.Enumerate(func(i int) []space.Value {
		// The only place that is passed where constraints refuse everything:
		// without levels the walk comes to its end at once.
		if steps++; steps&1023 == 0 && err == nil {
			err = ctx.Err()
		}
		if steps > maxWalk && err == nil {
			err = study.Errorf(study.Invalid, "loosen the constraints or narrow the bounds",
				"no configuration that is not in the history was found in %d steps through the space", maxWalk)
		}
		if err != nil {
			return nil
		}
		return levels[i]
	}) {
		if err != nil {
			return err
		}
		if !visit(c) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("walk through the space: %w", err)
	}
	return nil
}
