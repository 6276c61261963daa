package engine

import (
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

// state is everything known of one study while it runs: the log, and what
// lives only as long as the process. It belongs to one goroutine.
type state struct {
	log     *study.Log
	sched   schedule.Scheduler
	made    maker
	samples *study.SampleOrder // in their order; nil: steps are none
	paired  study.Paired
	// version is the scheduler's; copies says that it makes copies of trials.
	version string
	copies  bool

	leases   map[int]*lease // of the running trials
	soonest  time.Time      // no lease ends before; zero: none ends
	line     line           // the queued trials
	waiting  []*waiter      // in order of arrival
	requests requests

	asking    bool   // a suggestion is being made that somebody waits for
	early     *early // one that nobody waits for yet
	starved   int    // EndedLen at which the suggester had nothing to say; -1
	exhausted string // why no trial will ever be made again; ""
	enough    string // why a new trial is not worth it; ""
	// base is the wish of requests that bring no values of their own, or why
	// they cannot be served. usedUp and dry are exhausted and starved of the
	// groups of others, which the study does not end for.
	base    wish
	baseErr error
	usedUp  map[string]bool
	dry     map[string]int
	ending  *ending
	// took is how long the last suggestion took, usual how many trials the
	// requests wanted then (and of what wish), most how many have run at once: what is expected
	// of the next request. The early suggestion made last was for prepared
	// trials made and ended.
	took        time.Duration
	usual, most int
	usualWish   wish
	prepared    [2]int
	// extra is the queued and running trials that were added when the budget
	// was spent already: they run all the same, and nothing else does (over)
	// until they have ended.
	extra map[int]bool
	over  bool
	// comparing: the configurations of the final comparison are being chosen;
	// reopened: that, or a part of it, was just begun; compared: when nothing
	// was missing of it; finals: how many of its runs have not ended; decided:
	// it had been begun when the study was opened, unchanged.
	comparing, reopened, decided bool
	compared                     [2]int
	finals                       int

	opened      time.Time // when the study was set running last
	spentBefore time.Duration
	noted       time.Time // when the time spent was stored last
	leaseTTL    time.Duration

	tally
	bill bill

	out effects // of the input being decided
	now time.Time
}

// maker is what stands in the origin of suggested trials.
type maker struct{ name, version string }

// lease is a trial in the hands of a worker.
type lease struct {
	ticket  study.Ticket
	worker  string
	expires time.Time // zero: never
	order   study.Verdict
	meter   study.Meter
}

// ending is why, and how, a study is coming to its end.
type ending struct {
	status study.Status
	reason string
	// handBack requeues trials that are told to stop, to be run again on
	// resumption, instead of cancelling them.
	handBack bool
}

// newState returns the state of a study that was just loaded, with the trials
// that were running when it was last closed leased to workers that have until
// the first deadline to show up.
func newState(log *study.Log, made maker, now time.Time, leaseTTL time.Duration) *state {
	s := &state{
		log: log, made: made, samples: study.OrderOf(log.Def),
		leases: map[int]*lease{}, extra: map[int]bool{},
		usedUp: map[string]bool{}, dry: map[string]int{},
		starved: -1, tally: newTally(log), bill: newBill(log),
		opened: now, spentBefore: log.Spent, leaseTTL: leaseTTL,
		now: now,
	}
	for _, n := range log.Book.Open() {
		t := log.Book.Trial(int(n))
		if t.Final() {
			s.finals++
		}
		switch t.State {
		case study.Queued:
			s.line.add(t)
		case study.Running:
			a := t.Attempt()
			s.hold(&lease{
				ticket: study.Ticket{Trial: t.Number, Attempt: a.Number},
				worker: a.Worker, expires: now.Add(leaseTTL), meter: study.MeterOf(t),
			})
		}
	}
	return s
}

// hold notes a lease.
func (s *state) hold(l *lease) {
	s.leases[l.ticket.Trial] = l
	s.most = max(s.most, len(s.leases))
	if !l.expires.IsZero() && (s.soonest.IsZero() || l.expires.Before(s.soonest)) {
		s.soonest = l.expires
	}
}

// release forgets a lease. The next that ends is looked for when soonest has
// come.
func (s *state) release(n int) {
	delete(s.leases, n)
	if len(s.leases) == 0 {
		s.soonest = time.Time{}
	}
}

// emit applies an event to the log and puts it among the effects. It returns
// the trial as it is now. An event that the log refuses is the fault of
// decide, which has to look first.
func (s *state) emit(e study.Event) *study.Trial {
	e.At = s.now
	switch e.Kind {
	case study.EventReported:
		s.meter(e.Trial, e.Step)
	case study.EventRequeued, study.EventPaused, study.EventEnded:
		if l := s.leases[e.Trial]; l != nil {
			e.Paid = l.meter.Units()
		}
	}
	before := s.log.Book.Trial(e.Trial)
	if err := s.log.Apply(&e); err != nil {
		panic("engine: " + err.Error())
	}
	if s.out.events == nil {
		s.out.events = make([]*study.Event, 0, 2) // a trial made and started
	}
	s.out.events = append(s.out.events, &e)
	switch e.Kind {
	case study.EventStatus:
		s.out.status = e.Status
		s.noted = s.now
		return nil
	case study.EventRedefined:
		s.bill = newBill(s.log)
		return nil
	}
	s.outdate()
	if e.Kind == study.EventExtended {
		return nil
	}
	t := s.log.Book.Trial(e.Trial)
	if e.Kind != study.EventQueued {
		s.bill.add(before, t)
	}
	switch e.Kind {
	case study.EventQueued:
		if t.Final() {
			s.finals++
		} else {
			s.created++
			s.decided = false
		}
		s.line.add(t)
	case study.EventGranted:
		s.line.add(t)
	case study.EventStarted:
		s.line.remove(t.Number)
	case study.EventRequeued:
		s.release(t.Number)
		s.line.add(t)
	case study.EventPaused:
		s.release(t.Number)
		delete(s.extra, t.Number)
	case study.EventEnded:
		s.release(t.Number)
		delete(s.extra, t.Number)
		s.line.remove(t.Number)
		if t.Final() {
			s.finals--
		}
		s.note(s.log, t)
	}
	return t
}

// meter counts what a running trial has used when it has come to step.
func (s *state) meter(n int, step float64) {
	m := &s.leases[n].meter
	before := m.Units()
	m.Report(s.log.Book.Trial(n), step)
	s.paid += m.Units() - before
}

func (s *state) answer(ref, val any, err error) {
	if ref != nil {
		s.out.replies = append(s.out.replies, reply{ref, val, err})
	}
}

// running reports whether trials may be handed out.
func (s *state) running() bool {
	return s.log.Status == study.StatusRunning && s.ending == nil
}

// spent is the wall time that the study has been running, over all
// resumptions.
func (s *state) spent() time.Duration { return s.spentBefore + s.now.Sub(s.opened) }
