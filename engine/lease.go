package engine

import (
	"slices"

	"github.com/afina-hpo/afina/study"
)

// waiter is a lease request that is not answered yet.
type waiter struct {
	leaseInput
	wish wish
	why  study.GrantState // what pump found of it
	also []any            // who sent the same request again meanwhile
	late string           // why what the request brought back does not count
	got  []study.Assignment
}

// lease notes a request; pump serves it and settle answers it.
func (s *state) lease(in leaseInput) {
	want, err := s.base, s.baseErr
	if len(in.fix) > 0 {
		want, err = s.wishOf(in.fix)
	}
	if err != nil {
		s.answer(in.ref, nil, err)
		return
	}
	late := ""
	if in.ended != nil {
		if err := s.finished(*in.ended); err != nil {
			if in.strict {
				s.answer(in.ref, nil, err)
				return
			}
			late = err.Error()
		}
	}
	if in.request != "" {
		k := requestKey{in.worker, in.request}
		if got, ok := s.requests.granted[k]; ok {
			g := s.regrant(got)
			g.Late = late
			s.answer(in.ref, g, nil)
			return
		}
		for _, w := range s.waiting {
			if w.worker == in.worker && w.request == in.request {
				w.also = append(w.also, in.ref)
				return
			}
		}
	}
	s.waiting = append(s.waiting, &waiter{leaseInput: in, wish: want, late: late})
}

// regrant repeats the answer to a request that was answered before: the
// trials of it that are still running.
func (s *state) regrant(got []study.Ticket) study.Grant {
	g := study.Grant{Trials: []study.Assignment{}, State: study.GrantRunning}
	for _, k := range got {
		l := s.leases[k.Trial]
		if l == nil || l.ticket != k {
			continue
		}
		if a, err := s.assignment(s.log.Book.Trial(k.Trial), l); err == nil {
			g.Trials = append(g.Trials, a)
		}
	}
	return g
}

// cancel answers a request that is given up with what it has got by now. One
// that has been answered, or that somebody else still waits for, stays.
func (s *state) cancel(in cancelInput) {
	for _, w := range s.waiting {
		if w.ref != in.of && !slices.Contains(w.also, in.of) {
			continue
		}
		if len(w.also) == 0 {
			s.drop(w)
			return
		}
		if i := slices.Index(w.also, in.of); i >= 0 {
			w.also = slices.Delete(w.also, i, i+1)
		} else {
			w.ref, w.also = w.also[0], w.also[1:]
		}
		s.answer(in.of, study.Grant{Trials: []study.Assignment{}, State: study.GrantWaiting}, nil)
		return
	}
}

// drop answers a request with what it has got, and forgets it.
func (s *state) drop(w *waiter) {
	i := slices.Index(s.waiting, w)
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.grantTo(w, study.GrantWaiting)
}

// next returns the first request of a group that wants more trials, or nil.
func (s *state) next(group string) *waiter {
	for _, w := range s.waiting {
		if len(w.got) < w.n && w.wish.group == group {
			return w
		}
	}
	return nil
}

// wanted returns how many trials the requests of a group want.
func (s *state) wanted(group string) int {
	n := 0
	for _, w := range s.waiting {
		if w.wish.group == group {
			n += w.n - len(w.got)
		}
	}
	return n
}

// settle answers the requests that have all they want, and those that can get
// no more now for the reason that pump has found. With ended the study has.
func (s *state) settle(ended bool) {
	if len(s.waiting) == 0 {
		return
	}
	keep := s.waiting[:0]
	for _, w := range s.waiting {
		why := w.why
		if why == study.GrantExhausted && (len(s.leases) > 0 || s.line.len() > 0) {
			why = study.GrantWaiting // a trial that is not over may come back
		}
		if ended && why != study.GrantExhausted {
			why = study.GrantStopped
		}
		final := why == study.GrantExhausted || why == study.GrantStopped
		switch {
		case len(w.got) == w.n:
			s.grantTo(w, study.GrantRunning)
		case why != "" && (len(w.got) > 0 || !w.wait || final):
			s.grantTo(w, why)
		default:
			keep = append(keep, w)
		}
	}
	clear(s.waiting[len(keep):])
	s.waiting = keep
}

// grantTo answers a request with what it has got.
func (s *state) grantTo(w *waiter, why study.GrantState) {
	g := study.Grant{Trials: w.got, State: why, Late: w.late}
	if g.Trials == nil {
		g.Trials = []study.Assignment{}
	} else if w.request != "" {
		s.requests.note(requestKey{w.worker, w.request}, w.got)
	}
	s.answer(w.ref, g, nil)
	for _, ref := range w.also {
		s.answer(ref, g, nil)
	}
}

// requests remembers which trials were handed out for the newest requests that
// have a name, so that one that is repeated, because its answer was lost on
// the way, gets the same trials. It does not outlive the process: then the
// leases of the lost answer run out.
type requests struct {
	granted map[requestKey][]study.Ticket
	order   []requestKey // a ring once it is full
	oldest  int
}

type requestKey struct{ worker, request string }

// maxRequests is how many requests are remembered: minutes of work for a
// thousand workers, in a few megabytes.
const maxRequests = 1 << 15

func (r *requests) note(k requestKey, got []study.Assignment) {
	if r.granted == nil {
		r.granted = map[requestKey][]study.Ticket{}
	}
	if len(r.order) < maxRequests {
		r.order = append(r.order, k)
	} else {
		delete(r.granted, r.order[r.oldest])
		r.order[r.oldest] = k
		r.oldest = (r.oldest + 1) % maxRequests
	}
	tickets := make([]study.Ticket, len(got))
	for i, a := range got {
		tickets[i] = a.Ticket
	}
	r.granted[k] = tickets
}
