package suggesttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// check returns what is wrong with an answer, nil where nothing is.
func (s suite) check(r suggest.Request, ps []suggest.Proposal, err error) error {
	h := r.History
	exhausted := errors.Is(err, suggest.ErrExhausted)
	if err != nil && !exhausted {
		return fmt.Errorf("error: %w", err)
	}
	if len(ps) > r.N {
		return fmt.Errorf("%d proposals for %d wanted", len(ps), r.N)
	}
	if len(ps) == 0 && !exhausted && h.OpenLen() == 0 {
		return errors.New("no proposal, not exhausted, and no trial is open: the study hangs")
	}
	part, bad := new(suggest.Part).Of(r)
	if bad != nil {
		return bad
	}
	finite := !h.Space.Open() && finite(part)
	held := make(map[string]bool)
	if finite {
		for t := range h.All() {
			if t.Config.Agrees(r.Fixed) {
				held[t.Config.Key()] = true
			}
		}
		for _, c := range r.Beside {
			held[c.Key()] = true
		}
	}
	for i, p := range ps {
		if err := Valid(h.Space, p.Config); err != nil {
			return fmt.Errorf("proposal %d, %v: %w", i, p.Config, err)
		}
		if !p.Config.Agrees(r.Fixed) {
			return fmt.Errorf("proposal %d, %v, does not have the fixed values %v", i, p.Config, r.Fixed)
		}
		if p.Note != "" && !json.Valid([]byte(p.Note)) {
			return fmt.Errorf("proposal %d: note %q is not JSON", i, p.Note)
		}
		if finite {
			if held[p.Config.Key()] {
				return fmt.Errorf("proposal %d, %v, is in the history, beside the request or proposed twice", i, p.Config)
			}
			held[p.Config.Key()] = true
		}
	}
	if !exhausted || s.o.Ends {
		return nil
	}
	if !finite {
		return errors.New("exhausted in a space that is infinite or open")
	}
	if size, ok := part.Finite(10_000); ok && len(held) < size {
		return fmt.Errorf("exhausted with %d of %d configurations", len(held), size)
	}
	return nil
}

// Valid returns why c may not be proposed in s, nil where it may: every active
// parameter has a value of its own kind within its bounds and on its grid, no
// inactive one has any, and the constraints hold.
func Valid(s *space.Space, c space.Config) error {
	if c.Space() != s {
		return errors.New("it is not of the request's space")
	}
	closed := s
	if s.Open() { // where Config would let parameters be missing
		spec := s.Spec()
		spec.Open = false
		var err error
		if closed, err = space.New(spec); err != nil {
			return err
		}
	}
	again, err := closed.Config(c.Map())
	if err != nil {
		return err
	}
	for i := range s.Len() {
		v := c.At(i)
		if v != again.At(i) {
			return fmt.Errorf("%s is %v, which is not as the space writes it, %v", s.Param(i).Name, v, again.At(i))
		}
		if x := v.AsFloat(); v.IsNumber() && s.Param(i).IsNumeric() && (math.IsNaN(x) || math.IsInf(x, 0)) {
			return fmt.Errorf("%s is %v", s.Param(i).Name, v)
		}
	}
	return s.Check(c)
}

func finite(s *space.Space) bool {
	for i := range s.Len() {
		if _, ok := s.Param(i).Count(); !ok {
			return false
		}
	}
	return true
}

// answer is what Suggest returned.
type answer struct {
	ps  []suggest.Proposal
	err error
}

// same returns how two answers differ, nil where they do not. Configurations
// may be of different spaces, if those are alike.
func same(a, b answer) error {
	if (a.err == nil) != (b.err == nil) || a.err != nil && a.err.Error() != b.err.Error() {
		return fmt.Errorf("error %v, before %v", b.err, a.err)
	}
	if len(a.ps) != len(b.ps) {
		return fmt.Errorf("%d proposals, before %d", len(b.ps), len(a.ps))
	}
	for i := range a.ps {
		if a.ps[i].Config.Key() != b.ps[i].Config.Key() {
			return fmt.Errorf("proposal %d is %v, before %v", i, b.ps[i].Config, a.ps[i].Config)
		}
		if a.ps[i].Note != b.ps[i].Note {
			return fmt.Errorf("note of proposal %d is %s, before %s", i, b.ps[i].Note, a.ps[i].Note)
		}
	}
	return nil
}

// restart returns the history of a study whose definition and events went
// through a store and back: nothing in it is shared with the original.
func restart(def *study.Definition, events []study.Event) (*study.History, error) {
	again := func(s *space.Space) (*space.Space, error) {
		b, err := s.MarshalJSON()
		if err != nil {
			return nil, err
		}
		return space.Parse(b)
	}
	copied := *def
	s, err := again(def.Space)
	if err != nil {
		return nil, err
	}
	copied.Space = s
	events = append([]study.Event(nil), events...)
	for i := range events {
		e := &events[i]
		switch e.Kind {
		case study.EventQueued:
			e.Config, err = s.ParseConfig(e.Config.AppendJSON(nil))
		case study.EventExtended:
			s, err = again(e.Space)
			e.Space = s
		}
		if err != nil {
			return nil, err
		}
	}
	log, err := Replay(&copied, events)
	if err != nil {
		return nil, err
	}
	return log.Book.History(), nil
}

// forecasts checks the outlook that two instances give, of which the first has
// just answered r and the second was never asked.
func forecasts(asked, fresh suggest.Suggester, r suggest.Request) error {
	f, ok := asked.(suggest.Forecaster)
	if !ok || len(r.History.Objectives) != 1 {
		return nil
	}
	ctx := context.Background()
	o, known := f.Forecast(ctx, r)
	if !known {
		return nil
	}
	finite := func(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }
	if !finite(o.Gain) || !finite(o.Noise) || !(o.Regret >= 0) {
		return fmt.Errorf("the outlook is %+v", o)
	}
	if again, known := f.Forecast(ctx, r); !known || again != o {
		return fmt.Errorf("the outlook is %+v, asked again %+v (%v)", o, again, known)
	}
	if other, known := fresh.(suggest.Forecaster).Forecast(ctx, r); !known || other != o {
		return fmt.Errorf("the outlook is %+v, without a suggestion before %+v (%v)", o, other, known)
	}
	return nil
}

// estimates checks what an estimator believes of a few configurations.
func estimates(s suggest.Suggester, h *study.History) error {
	e, ok := s.(suggest.Estimator)
	if !ok {
		return nil
	}
	for i := range 5 {
		c, err := h.Space.Sample(study.Stream(5, i, "estimate"))
		if err != nil {
			return nil // too tight for draws
		}
		mean, se, ok := e.Estimate(h, c)
		if !ok {
			continue
		}
		if len(mean) != len(h.Objectives) || len(se) != len(h.Objectives) {
			return fmt.Errorf("estimate of %d means and %d errors for %d objectives", len(mean), len(se), len(h.Objectives))
		}
		for k := range mean {
			if math.IsNaN(mean[k]) || math.IsInf(mean[k], 0) || !(se[k] >= 0) || math.IsInf(se[k], 0) {
				return fmt.Errorf("estimate %v ± %v at %v", mean[k], se[k], c)
			}
		}
		mean2, se2, _ := e.Estimate(h, c)
		for k := range mean {
			if mean[k] != mean2[k] || se[k] != se2[k] {
				return fmt.Errorf("estimate at %v is %v ± %v, before %v ± %v", c, mean2, se2, mean, se)
			}
		}
	}
	return nil
}
