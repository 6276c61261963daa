package engine

import (
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// wish is what a request wants of the trials that it gets: values that some
// parameters have. Those that the request brings itself, contexts among them,
// bind all of its trials: one that waits for another attempt, or is paused, goes
// to who can run it. Those that the study has for all are those of new trials
// only; what was made before, or was given by hand, stays what it is.
type wish struct {
	own   map[string]space.Value // the request's
	fixed map[string]space.Value // the study's and the request's
	group string                 // equal for requests of the same wish; "" where own is empty
}

// accepts reports whether a trial of configuration c suits the request.
func (w *wish) accepts(c space.Config) bool { return w.group == "" || c.Agrees(w.own) }

// wishOf returns the wish of a request with its own values, or why it cannot
// be. Contexts that it leaves out are those of the study, or their defaults.
func (s *state) wishOf(own map[string]space.Value) (wish, error) {
	sp, def := s.log.Book.Space, s.log.Def
	if len(own) == 0 && len(def.Fix) == 0 && !s.contextual() {
		return wish{}, nil
	}
	w := wish{own: map[string]space.Value{}, fixed: map[string]space.Value{}}
	for name, v := range def.Fix {
		w.fixed[name] = v
	}
	for name, v := range own {
		w.own[name], w.fixed[name] = v, v
	}
	wrong := func(err error) error {
		return &study.Error{Code: study.Invalid, Message: "the fixed values cannot be", Err: err}
	}
	if _, err := sp.Hold(w.fixed); err != nil {
		return w, wrong(err)
	}
	added, err := study.GiveContexts(sp, w.fixed)
	if err != nil {
		return w, err
	}
	for _, name := range added {
		w.own[name] = w.fixed[name]
	}
	part, err := sp.Hold(w.fixed)
	if err != nil {
		return w, wrong(err)
	}
	for _, values := range []map[string]space.Value{w.own, w.fixed} {
		for name := range values { // as the space has them, so that 1 is 1.0
			if i := sp.Lookup(name); i >= 0 {
				values[name] = part.Param(i).Default
			}
		}
	}
	if err := possible(part, def.Seed); err != nil {
		return w, &study.Error{Code: study.Invalid, Message: "the fixed values leave nothing", Hint: "fix fewer values, or others", Err: err}
	}
	w.group = suggest.FixedKey(w.own)
	return w, nil
}

// contextual reports whether the space has contexts.
func (s *state) contextual() bool {
	return slices.ContainsFunc(s.log.Book.Space.Params(), func(p space.Param) bool { return p.Context })
}

// possible returns nil where a part of a space has a configuration that the
// constraints allow, as far as draws, and a look through a small space, tell.
func possible(part *space.Space, seed uint64) error {
	_, err := part.Sample(study.Stream(seed, 0, study.PurposeFill))
	if err == nil {
		return nil
	}
	const small = 10_000
	if _, finite := part.Finite(small); finite {
		for range part.Enumerate(func(i int) []space.Value {
			n, _ := part.Param(i).Count()
			values := make([]space.Value, n)
			for k := range values {
				values[k] = part.Param(i).Nth(k)
			}
			return values
		}) {
			return nil
		}
	}
	return err
}

// first returns the default configuration of new trials: with what the study
// fixes, and none where a context is not known before somebody asks.
func (s *state) first() (space.Config, bool) {
	sp := s.log.Book.Space
	part, err := sp.Hold(s.base.fixed)
	if err != nil || s.base.group != "" || s.baseErr != nil {
		return space.Config{}, false
	}
	c, ok := part.Default()
	if !ok {
		return space.Config{}, false
	}
	for p := range c.All() {
		if _, fixed := s.base.fixed[p.Name]; !fixed {
			return c.In(sp), true
		}
	}
	return space.Config{}, false // all is fixed, and nothing of it a default
}

// fill is [Fill] for a configuration given by hand: what it leaves out is what
// the study fixes, where that is something.
func (s *state) fill(n int, values map[string]space.Value) (space.Config, error) {
	sp := s.log.Book.Space
	rest := map[string]space.Value{}
	for name, v := range s.base.fixed {
		if _, given := values[name]; !given {
			rest[name] = v
		}
	}
	part, err := sp.Hold(rest)
	if err != nil {
		return space.Config{}, err
	}
	for i := range sp.Params() {
		p := sp.Param(i)
		_, given := values[p.Name]
		if _, fixed := rest[p.Name]; p.Context && !given && !fixed && p.Default.IsAbsent() {
			return space.Config{}, study.Errorf(study.Invalid, "say "+p.Name+" among the values", "the context %s has no value", p.Name)
		}
	}
	c, err := Fill(part, s.log.Def.Seed, n, values)
	if err != nil {
		return space.Config{}, err
	}
	return c.In(sp), nil
}

// imposed returns a scheduler's copy with what is fixed, where that can be.
func (s *state) imposed(w *wish, c space.Config) space.Config {
	if len(w.fixed) == 0 || c.Agrees(w.fixed) {
		return c
	}
	sp := s.log.Book.Space
	part, err := sp.Hold(w.fixed)
	if err != nil {
		return c
	}
	if d := part.Decode(part.Encode(c, nil)); part.Feasible(d) {
		return d.In(sp)
	}
	return c
}
