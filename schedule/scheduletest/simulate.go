package scheduletest

import (
	"fmt"
	"math"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Program is the behaviour of one trial's program: a learning curve and what
// goes wrong with it.
type Program struct {
	// Value is the objective at a step, the same whenever it is reached; it
	// may be NaN or infinite.
	Value func(step float64) float64
	// End is its last step; 0 means the fidelity's maximum, or 10. Every is
	// the distance between its reports; 0 means 1. It reports at multiples of
	// Every, at End and where it may go no further.
	End, Every float64
	// Duration is the virtual time a step takes; 0 means 1.
	Duration float64
	// FailAt is the step at which the trial fails, after reporting it; 0:
	// never. LoseAt is the step at which its first attempt that gets there is
	// lost; the next begins where that one began.
	FailAt, LoseAt float64
	// Mute reports another metric instead of the objective.
	Mute bool
	// Forgetful programs have no checkpoints: resumed, they begin at step 0
	// and pay again.
	Forgetful bool
}

// Setup describes a simulated schedule. Trials and Program are needed.
type Setup struct {
	Space      *space.Space      // nil: one float x in [0, 1]
	Objectives []study.Objective // nil: minimize "loss"
	Fidelity   *study.Fidelity
	Seed       uint64
	Workers    int // 0 means 1
	// Trials is how many trials are started at most. Where the scheduler
	// wants one more, the slot stays free.
	Trials int
	// Program says how trial n behaves, whose configuration is c. It must be
	// a function of its arguments.
	Program func(n int, c space.Config) Program
}

// Result is what became of a simulated schedule.
type Result struct {
	Log    *study.Log
	Events []study.Event
	// Paid is the units of resource used, in all and by each trial, those of
	// lost attempts and repeated steps included. Clock is the virtual time at
	// the end.
	Paid    float64
	PaidBy  []float64
	Clock   float64
	Resumes int
	Judged  int
	// Done says that the scheduler said so.
	Done bool
}

// Problem returns what the scheduler of a simulation is told when it is made.
func (d Setup) Problem() schedule.Problem {
	return schedule.Problem{
		Objectives: d.objectives(), Fidelity: d.Fidelity,
		Parallel: max(d.Workers, 1), Trials: d.Trials, Seed: d.Seed,
	}
}

func (d Setup) objectives() []study.Objective {
	if d.Objectives == nil {
		return []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}}
	}
	return d.Objectives
}

func (d Setup) definition() *study.Definition {
	return &study.Definition{
		ID: "simulation", Name: "simulation", Space: d.Space, Objectives: d.objectives(),
		Fidelity: d.Fidelity, Seed: d.Seed, Parallel: max(d.Workers, 1), Stop: study.Stop{Trials: d.Trials},
	}
}

// maxEvents ends a simulation that goes round in circles.
const maxEvents = 5_000_000

// Simulate runs a schedule to its end: every trial that was started has ended
// or stays paused, and no more is to be started. The same setup and scheduler
// give the same result, event for event. The error is the first order or
// verdict that cannot be carried out or breaks the contract:
//
//   - only a paused trial is resumed, from no later than its checkpoint, and
//     with an Until beyond all that it had before (each promotion once);
//   - Until lies beyond From and not beyond the fidelity;
//   - a trial that has reached its Until is not told to go on, so that it
//     never uses more than it was granted;
//   - a trial at its last step is not paused;
//   - while no trial runs there is no waiting (nothing starves).
func Simulate(s schedule.Scheduler, d Setup) (*Result, error) {
	if d.Space == nil {
		d.Space = unit()
	}
	m := &simulation{setup: d, scheduler: s, result: &Result{Log: study.NewLog(d.definition())}}
	return m.result, m.run()
}

func unit() *space.Space {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}}})
	if err != nil {
		panic("scheduletest: " + err.Error())
	}
	return s
}

type simulation struct {
	setup     Setup
	scheduler schedule.Scheduler
	result    *Result
	running   []attempt
	trials    []trial
}

// trial is what the simulation knows of a trial beyond its history.
type trial struct {
	program    Program
	checkpoint float64 // largest step that can be resumed from
	granted    float64 // largest Until so far
	lost       bool    // LoseAt is over
}

// attempt is a trial on a worker.
type attempt struct {
	trial  int
	number int
	begin  float64 // step it began at
	at     float64 // step it has reached
	next   float64 // step of the next report
	due    float64 // when that will be
}

func (m *simulation) run() error {
	workers := max(m.setup.Workers, 1)
	for {
		waiting := false
		for len(m.running) < workers && !m.result.Done && !waiting {
			var err error
			if waiting, err = m.fill(); err != nil {
				return fmt.Errorf("after %d events: %w", len(m.result.Events), err)
			}
		}
		if len(m.running) == 0 {
			return nil
		}
		if err := m.step(); err != nil {
			return fmt.Errorf("after %d events: %w", len(m.result.Events), err)
		}
		if len(m.result.Events) > maxEvents {
			return fmt.Errorf("no end after %d events", maxEvents)
		}
	}
}

// fill asks what a free slot does and does it; true means to wait.
func (m *simulation) fill() (wait bool, err error) {
	book := m.result.Log.Book
	o := m.scheduler.Next(book.History())
	switch o.Action {
	case schedule.Done:
		m.result.Done = true
		return false, nil
	case schedule.Wait:
		if len(m.running) == 0 && book.Len() < m.setup.Trials {
			return false, fmt.Errorf("the scheduler waits while no trial runs and only %d of %d are started", book.Len(), m.setup.Trials)
		}
		return true, nil
	case schedule.Start:
		if book.Len() >= m.setup.Trials {
			return true, nil
		}
		return false, m.start(o)
	case schedule.Resume:
		return false, m.resume(o)
	}
	return false, fmt.Errorf("order with unknown action %d", o.Action)
}

func (m *simulation) checkUntil(o schedule.Order) error {
	switch {
	case math.IsNaN(o.From) || math.IsNaN(o.Until) || o.From < 0 || o.Until < 0 || math.IsInf(o.From, 0) || math.IsInf(o.Until, 0):
		return fmt.Errorf("order from step %v until %v", o.From, o.Until)
	case o.Until != 0 && o.Until <= o.From:
		return fmt.Errorf("order from step %v until %v, which is nothing", o.From, o.Until)
	case m.setup.Fidelity != nil && o.Until > m.setup.Fidelity.Max:
		return fmt.Errorf("order until step %v, beyond the fidelity's %v", o.Until, m.setup.Fidelity.Max)
	}
	return nil
}

func (m *simulation) start(o schedule.Order) error {
	n := m.result.Log.Book.Len()
	if err := m.checkUntil(o); err != nil {
		return err
	}
	c, from := o.Config, 0.0
	if c.IsZero() {
		var err error
		if c, err = m.setup.Space.Sample(study.Stream(m.setup.Seed, n, study.PurposeSuggest)); err != nil {
			return err
		}
	} else {
		if o.CopyFrom >= n || o.CopyFrom < -1 {
			return fmt.Errorf("trial %d is to copy trial %d, which does not exist", n, o.CopyFrom)
		}
		if _, err := m.setup.Space.Config(c.Map()); err != nil {
			return fmt.Errorf("configuration %v of trial %d: %w", c, n, err)
		}
		if err := m.setup.Space.Check(c); err != nil {
			return fmt.Errorf("configuration %v of trial %d: %w", c, n, err)
		}
		if o.CopyFrom >= 0 {
			if reached := m.result.Log.Book.Trial(o.CopyFrom).LastStep(); o.From > reached {
				return fmt.Errorf("trial %d is to copy trial %d at step %v, which has reached %v", n, o.CopyFrom, o.From, reached)
			}
			from = o.From
		}
	}
	if from == 0 && o.From != 0 {
		return fmt.Errorf("new trial %d is to begin at step %v", n, o.From)
	}
	p := m.setup.Program(n, c)
	if p.End == 0 {
		p.End = 10
		if m.setup.Fidelity != nil {
			p.End = m.setup.Fidelity.Max
		}
	}
	if p.Every == 0 {
		p.Every = 1
	}
	if p.Duration == 0 {
		p.Duration = 1
	}
	if p.Forgetful {
		from = 0
	}
	m.trials = append(m.trials, trial{program: p, checkpoint: from, granted: o.Until})
	m.result.PaidBy = append(m.result.PaidBy, 0)
	err := m.apply(study.Event{Kind: study.EventQueued, Trial: n, Config: c,
		Origin: &study.Origin{Method: "simulated", Stream: n}, Until: o.Until, Bracket: o.Bracket})
	if err != nil {
		return err
	}
	return m.lease(n, 1, from)
}

func (m *simulation) resume(o schedule.Order) error {
	t := m.result.Log.Book.Trial(o.Trial)
	if t == nil || t.State != study.Paused {
		return fmt.Errorf("trial %d cannot be resumed: it is not paused", o.Trial)
	}
	if err := m.checkUntil(o); err != nil {
		return err
	}
	k := &m.trials[o.Trial]
	switch {
	case o.From > t.LastStep():
		return fmt.Errorf("trial %d cannot go on from step %v: it has reached %v", o.Trial, o.From, t.LastStep())
	case k.granted == 0 || o.Until != 0 && o.Until <= k.granted:
		return fmt.Errorf("trial %d is promoted to step %v a second time: it had %v", o.Trial, o.Until, k.granted)
	}
	k.granted = o.Until
	m.result.Resumes++
	err := m.apply(study.Event{Kind: study.EventGranted, Trial: o.Trial, Resume: o.From, Until: o.Until, Bracket: o.Bracket})
	if err != nil {
		return err
	}
	return m.lease(o.Trial, len(t.Attempts)+1, math.Min(o.From, k.checkpoint))
}

// lease puts a trial on a worker.
func (m *simulation) lease(n, number int, from float64) error {
	a := attempt{trial: n, number: number, begin: from, at: from, due: m.result.Clock}
	m.plan(&a)
	m.running = append(m.running, a)
	return m.apply(study.Event{Kind: study.EventStarted, Trial: n, Attempt: number, Worker: fmt.Sprintf("w%d", n)})
}

// plan sets when and where a reports next.
func (m *simulation) plan(a *attempt) {
	p := m.trials[a.trial].program
	a.next = (math.Floor(a.at/p.Every+1e-9) + 1) * p.Every
	a.next = math.Min(a.next, p.End)
	if until := m.result.Log.Book.Trial(a.trial).Until; until > 0 {
		a.next = math.Min(a.next, until)
	}
	a.due += math.Max(0, a.next-a.at) * p.Duration
}

// step carries out the report that is due first, of several the lowest
// trial's.
func (m *simulation) step() error {
	k := 0
	for i, a := range m.running {
		if b := m.running[k]; a.due < b.due || a.due == b.due && a.trial < b.trial {
			k = i
		}
	}
	a := &m.running[k]
	over, err := m.report(a)
	if err != nil {
		return err
	}
	if !over {
		m.plan(a)
		return nil
	}
	n, next, begin := a.trial, a.number+1, a.begin
	m.running = append(m.running[:k], m.running[k+1:]...)
	if m.result.Log.Book.Trial(n).State == study.Queued { // lost
		return m.lease(n, next, begin)
	}
	return nil
}

// report lets a report, be judged, and end where it does.
func (m *simulation) report(a *attempt) (over bool, err error) {
	k := &m.trials[a.trial]
	p := k.program
	m.result.Clock = a.due
	m.result.Paid += a.next - a.at
	m.result.PaidBy[a.trial] += a.next - a.at
	a.at = a.next
	metric := study.Metric{Name: m.setup.objectives()[0].Metric}
	if p.Mute {
		metric.Name = "other"
	}
	metric.Value = p.Value(a.at)
	if err := m.apply(study.Event{Kind: study.EventReported, Trial: a.trial, Attempt: a.number, Step: a.at, Values: study.Metrics{metric}}); err != nil {
		return false, err
	}
	if p.LoseAt > 0 && a.at >= p.LoseAt && !k.lost {
		k.lost = true
		return true, m.apply(study.Event{Kind: study.EventRequeued, Trial: a.trial, Attempt: a.number,
			Failure: &study.Failure{Class: study.ClassLost}})
	}
	end := study.Event{Kind: study.EventEnded, Trial: a.trial, Attempt: a.number}
	if p.FailAt > 0 && a.at >= p.FailAt {
		end.State, end.Failure = study.Failed, &study.Failure{Class: study.ClassExit, Exit: 1}
		return true, m.apply(end)
	}
	h := m.result.Log.Book.History()
	t := h.Trial(a.trial)
	m.result.Judged++
	v := m.scheduler.Judge(h, t)
	x, has := h.Objectives[0].Value(t.Reports)
	switch {
	case v == study.VerdictPrune:
		end.State = study.Pruned
		if has {
			end.Objectives = []float64{x}
		}
		return true, m.apply(end)
	case v == study.VerdictPause && a.at >= p.End:
		return false, fmt.Errorf("trial %d is paused at its last step, %v", a.trial, a.at)
	case v == study.VerdictPause:
		k.checkpoint = a.at
		if p.Forgetful {
			k.checkpoint = 0
		}
		return true, m.apply(study.Event{Kind: study.EventPaused, Trial: a.trial, Attempt: a.number})
	case v != study.VerdictContinue:
		return false, fmt.Errorf("verdict %q on trial %d at step %v", v, a.trial, a.at)
	case a.at >= p.End:
		switch {
		case !has:
			end.State, end.Failure = study.Failed, &study.Failure{Class: study.ClassNoMetric}
		case math.IsNaN(x) || math.IsInf(x, 0):
			end.State, end.Failure = study.Failed, &study.Failure{Class: study.ClassNonFinite}
		default:
			end.State, end.Objectives = study.Complete, []float64{x}
		}
		return true, m.apply(end)
	case t.Until > 0 && a.at >= t.Until:
		return false, fmt.Errorf("trial %d is told to go on at step %v, which is as far as it may go", a.trial, a.at)
	}
	return false, nil
}

func (m *simulation) apply(e study.Event) error {
	e.At = time.Unix(0, int64(m.result.Clock*1e9)).UTC()
	if err := m.result.Log.Apply(&e); err != nil {
		return fmt.Errorf("%s trial %d: %w", e.Kind, e.Trial, err)
	}
	m.result.Events = append(m.result.Events, e)
	return nil
}
