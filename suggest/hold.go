package suggest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Holder is a suggester that heeds [Request.Fixed]: it learns from all trials,
// whatever values they had, and searches only what is free.
type Holder interface {
	Suggester
	// Holds is there to tell holders from others.
	Holds()
}

// Holding returns s if it is a [Holder], else a suggester that heeds
// [Request.Fixed] by asking s about a study of its own: its space has the held
// values only, and its trials are those that agree with them. So whatever s
// promises of a study, of conditions, constraints and the end of a finite
// space, it keeps among the held values too. What s does not do is learn from
// trials with other values.
//
// An [Estimator] or [Forecaster] is not hidden by it: ask s itself, for what it
// believes does not hang on what is held.
func Holding(s Suggester) Holder {
	if h, ok := s.(Holder); ok {
		return h
	}
	return &holding{s: s}
}

type holding struct {
	s     Suggester
	parts []*part // used last first
}

// maxParts is how many parts are kept up to date rather than made anew: about
// as many as a study has contexts.
const maxParts = 32

// Holds implements [Holder].
func (h *holding) Holds() {}

// Suggest implements [Suggester].
func (h *holding) Suggest(ctx context.Context, r Request) ([]Proposal, error) {
	if len(r.Fixed) == 0 {
		return h.s.Suggest(ctx, r)
	}
	p, err := h.part(r.History, r.Fixed)
	if err != nil {
		return nil, err
	}
	ps, err := h.s.Suggest(ctx, p.request(r))
	for i := range ps {
		ps[i].Config = ps[i].Config.In(r.History.Space)
	}
	return ps, err
}

// part returns what of h agrees with fixed.
func (h *holding) part(of *study.History, fixed map[string]space.Value) (*part, error) {
	key := FixedKey(fixed)
	at := slices.IndexFunc(h.parts, func(p *part) bool { return p.key == key })
	var p *part
	if at >= 0 {
		p = h.parts[at]
		h.parts = slices.Delete(h.parts, at, at+1)
	} else {
		p = &part{key: key}
		h.parts = h.parts[:min(len(h.parts), maxParts-1)]
	}
	h.parts = slices.Insert(h.parts, 0, p)
	return p, p.follow(of, fixed)
}

// part is a study within a study: the trials that agree with some values, in
// the space of those values.
type part struct {
	key   string
	whole *space.Space
	space *space.Space
	last  *study.History
	book  *study.Book
	place map[int]int // in book, by number in the study
	made  int         // trials of the study that were looked at
	ended int         // trials that ended, in their order, likewise
}

// follow brings p up to date with h. The result is a function of h.
func (p *part) follow(h *study.History, fixed map[string]space.Value) error {
	if p.book == nil || h.Space != p.whole || !h.Continues(p.last) {
		held, err := h.Space.Hold(fixed)
		if err != nil {
			return &study.Error{Code: study.Invalid, Message: "the fixed values cannot be", Err: err}
		}
		p.whole, p.space = h.Space, held
		p.clear(h)
	}
	p.last = h
	if !p.advance(h, fixed) {
		// A configuration turned out otherwise than it was begun, so that its
		// trial may belong to another part now, and the numbers are others.
		p.clear(h)
		p.advance(h, fixed)
	}
	return nil
}

// request is r as a question about the part.
func (p *part) request(r Request) Request {
	one := r
	one.Fixed = nil
	one.History = p.book.History()
	one.First = one.History.Len() + r.First - r.History.Len()
	one.Beside = make([]space.Config, len(r.Beside))
	for i, c := range r.Beside {
		one.Beside[i] = c.In(p.space)
	}
	return one
}

func (p *part) clear(h *study.History) {
	p.book = study.NewBook(p.space, h.Objectives, h.Fidelity)
	p.place = map[int]int{}
	p.made, p.ended = 0, 0
}

// advance takes over what is new in h. It is false where a trial that was
// taken over has another configuration now.
func (p *part) advance(h *study.History, fixed map[string]space.Value) bool {
	for ; p.made < h.Len(); p.made++ {
		t := h.Trial(p.made)
		if t.Config.Agrees(fixed) {
			n := p.book.Len()
			p.place[t.Number] = n
			p.book.Put(&study.Trial{Number: n, State: study.Queued, Config: t.Config.In(p.space), Created: t.Created})
		}
	}
	put := func(t *study.Trial) bool {
		n, ok := p.place[t.Number]
		if !ok {
			return !t.Config.Agrees(fixed)
		}
		if !t.Config.Equal(p.book.Trial(n).Config) {
			return false
		}
		c := *t
		c.Number, c.Config, c.Copy = n, t.Config.In(p.space), nil
		p.book.Put(&c)
		return true
	}
	for ; p.ended < h.EndedLen(); p.ended++ {
		if !put(h.Ended(p.ended)) {
			return false
		}
	}
	for t := range h.Open() {
		put(t) // its configuration changes at its end, if ever
	}
	return true
}

// FixedKey returns a text that is the same exactly for equal fixed values, ""
// for none: JSON of an object, in the order of the names.
func FixedKey(fixed map[string]space.Value) string {
	if len(fixed) == 0 {
		return ""
	}
	b := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(fixed)) {
		if i > 0 {
			b = append(b, ',')
		}
		quoted, err := json.Marshal(name)
		if err != nil { // a string is always JSON
			panic(err)
		}
		b = append(append(b, quoted...), ':')
		b = fixed[name].AppendJSON(b)
	}
	return string(append(b, '}'))
}

// Part is the part of a space that requests hold, kept as long as they hold the
// same. The zero Part is ready to use; it is not safe for concurrent use.
type Part struct {
	key         string
	whole, part *space.Space
}

// Of returns the part of the space of r that r.Fixed leaves, which is the whole
// where nothing is fixed. An error has the code [study.Invalid].
func (p *Part) Of(r Request) (*space.Space, error) {
	whole := r.History.Space
	if len(r.Fixed) == 0 {
		return whole, nil
	}
	key := FixedKey(r.Fixed)
	if key == p.key && whole == p.whole {
		return p.part, nil
	}
	part, err := whole.Hold(r.Fixed)
	if err != nil {
		return nil, &study.Error{Code: study.Invalid, Message: "the fixed values cannot be", Err: err}
	}
	*p = Part{key, whole, part}
	return part, nil
}

// Forecast asks what h holds together, if it is a [Forecaster], with what is
// fixed.
func Forecast(ctx context.Context, h Holder, r Request) (Outlook, bool) {
	var of Suggester = h
	if one, ok := h.(*holding); ok {
		of = one.s
		if len(r.Fixed) > 0 {
			p, err := one.part(r.History, r.Fixed)
			if err != nil {
				return Outlook{}, false
			}
			r = p.request(r)
		}
	}
	if f, ok := of.(Forecaster); ok {
		return f.Forecast(ctx, r)
	}
	return Outlook{}, false
}
