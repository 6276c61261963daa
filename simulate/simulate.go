package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Program is the behaviour of one trial's program: a learning curve and what
// goes wrong with it.
type Program struct {
	// Value is the objective at a step, the same whenever it is reached; it
	// may be NaN or infinite.
	Value func(step float64) float64
	// More are the objectives after the first.
	More []func(step float64) float64
	// End is its last step; 0 means the fidelity's maximum, or 10. Every is
	// the distance between its reports; 0 means 1. It reports at multiples of
	// Every, at End and where it may go no further.
	End, Every float64
	// Duration is the virtual time a step takes; 0 means 1.
	Duration float64
	// Time, if set, says instead how long it takes from one step to another.
	// Startup is what every attempt takes before its first step.
	Time    func(from, to float64) float64
	Startup float64
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
	// Loose lets a trial be paused at its last step: no scheduler can know of a
	// program that ends before the fidelity does. Resumed it ends at once.
	Loose bool
	// Copied, if set, says the same of a trial that begins with the checkpoint
	// of another.
	Copied func(n int, c space.Config, from study.Copy) Program
	// Suggest, if set, proposes the configuration of trial n, which is to run
	// as ordered; else it is drawn at random. [ErrExhausted] says that there is none any more,
	// [ErrWait] that there is none now.
	Suggest func(h *study.History, n int, o schedule.Order) (suggest.Proposal, error)
	// Resource and Time end the schedule when so many units are paid or the
	// virtual clock gets there; 0: never. What runs then is cancelled.
	Resource, Time float64
}

// ErrWait is what [Setup.Suggest] returns to be asked again when a trial has
// ended.
var ErrWait = errors.New("a trial has to end first")

// ErrExhausted is what [Setup.Suggest] returns when nothing is left to try.
var ErrExhausted = errors.New("there is nothing left to try")

// Result is what became of a simulated schedule.
type Result struct {
	Log    *study.Log
	Events []study.Event
	// Paid is the units of resource used, in all and by each trial, those of
	// lost attempts and repeated steps included. Clock is the virtual time at
	// the end.
	Paid   float64
	PaidBy []float64
	Clock  float64
	// Busy is the virtual time that workers had something to do, summed over
	// them.
	Busy    float64
	Resumes int
	Judged  int
	// Done says that the scheduler said so.
	Done bool
}

// Problem returns what the scheduler of a simulation is told when it is made.
func (d Setup) Problem() schedule.Problem {
	return schedule.Problem{
		Space: d.Space, Objectives: d.objectives(), Fidelity: d.Fidelity,
		Parallel: max(d.Workers, 1), Trials: d.Trials, Seed: d.Seed,
	}
}

func (d Setup) objectives() []study.Objective {
	if d.Objectives == nil {
		return []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}}
	}
	return d.Objectives
}

// Definition returns the definition of the study that is simulated.
func (d Setup) Definition() *study.Definition {
	return &study.Definition{
		ID: "simulation", Name: "simulation", Space: d.Space, Objectives: d.objectives(),
		Fidelity: d.Fidelity, Seed: d.Seed, Parallel: max(d.Workers, 1), Stop: study.Stop{Trials: d.Trials},
	}
}

// maxEvents ends a simulation that goes round in circles.
const maxEvents = 5_000_000

// Run runs a schedule to its end: every trial that was started has ended
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
func Run(s schedule.Scheduler, d Setup) (*Result, error) {
	m := New(s, d)
	return m.Result(), m.Run()
}

// New prepares a schedule; see [Run].
func New(s schedule.Scheduler, d Setup) *Simulation {
	if d.Space == nil {
		d.Space = Unit()
	}
	return &Simulation{setup: d, scheduler: s, result: &Result{Log: study.NewLog(d.Definition())}}
}

// Unit returns a space of one float x in [0, 1].
func Unit() *space.Space {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}}})
	if err != nil {
		panic("simulate: " + err.Error())
	}
	return s
}

// Simulation is a schedule on a virtual clock.
type Simulation struct {
	setup     Setup
	scheduler schedule.Scheduler
	result    *Result
	running   []attempt
	trials    []trial
	exhausted bool
	paired    study.Paired
}

// Result returns what has become of it up to now. It changes while Run runs.
func (m *Simulation) Result() *Result { return m.result }

// trial is what is known of a trial beside the log.
type trial struct {
	program    Program
	checkpoint float64 // the step that a resumed program goes on from
	granted    float64 // the largest Until
	lost       bool
}

// attempt is a trial on a worker.
type attempt struct {
	trial  int
	number int
	begin  float64 // step it began at
	at     float64 // step it has reached
	next   float64 // step of the next report
	due    float64 // when that will be
	took   float64 // since the report before, or the start
}

// Run runs it to its end; see [Run]. It is called once.
func (m *Simulation) Run() error {
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
		if m.spent() {
			return m.cut()
		}
		if len(m.result.Events) > maxEvents {
			return fmt.Errorf("no end after %d events", maxEvents)
		}
	}
}

// order asks the scheduler what a free slot does, as the engine asks.
func (m *Simulation) order() schedule.Order {
	h := m.result.Log.Book.History()
	if c, is := m.scheduler.(schedule.Closer); is && (m.exhausted || h.Len() >= m.setup.Trials) {
		return c.Close(h)
	}
	return m.scheduler.Next(h)
}

// spent reports whether a budget is.
func (m *Simulation) spent() bool {
	d := &m.setup
	return d.Resource > 0 && m.result.Paid >= d.Resource || d.Time > 0 && m.result.Clock >= d.Time
}

// cut cancels what runs.
func (m *Simulation) cut() error {
	for _, a := range m.running {
		if err := m.end(study.Event{Kind: study.EventEnded, Trial: a.trial, Attempt: a.number, State: study.Cancelled}); err != nil {
			return err
		}
	}
	m.running = nil
	return nil
}

// fill asks what a free slot does and does it; true means to wait.
func (m *Simulation) fill() (wait bool, err error) {
	book := m.result.Log.Book
	o := m.order()
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
		if book.Len() >= m.setup.Trials || m.exhausted && o.Config.IsZero() {
			return true, nil
		}
		err := m.start(o)
		if errors.Is(err, ErrWait) {
			m.exhausted = len(m.running) == 0
			return true, nil
		}
		return false, err
	case schedule.Resume:
		return false, m.resume(o)
	}
	return false, fmt.Errorf("order with unknown action %d", o.Action)
}

func (m *Simulation) checkUntil(o schedule.Order) error {
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

func (m *Simulation) start(o schedule.Order) error {
	n := m.result.Log.Book.Len()
	if err := m.checkUntil(o); err != nil {
		return err
	}
	c, from, note := o.Config, 0.0, ""
	var copied *study.Copy
	if c.IsZero() {
		var err error
		if m.setup.Suggest != nil {
			var p suggest.Proposal
			p, err = m.setup.Suggest(m.result.Log.Book.History(), n, o)
			c, note = p.Config, p.Note
		} else {
			c, err = m.setup.Space.Sample(study.Stream(m.setup.Seed, n, study.PurposeSuggest))
		}
		if errors.Is(err, ErrExhausted) {
			m.exhausted = true
			return nil
		}
		if err != nil {
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
			copied = &study.Copy{Trial: o.CopyFrom, Step: o.From}
		}
	}
	if from == 0 && o.From != 0 {
		return fmt.Errorf("new trial %d is to begin at step %v", n, o.From)
	}
	var p Program
	if copied != nil && m.setup.Copied != nil {
		p = m.setup.Copied(n, c, *copied)
	} else {
		p = m.setup.Program(n, c)
	}
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
		Origin: &study.Origin{Method: "simulated", Stream: n, Note: note}, Until: o.Until, Bracket: o.Bracket, Copy: copied})
	if err != nil {
		return err
	}
	return m.lease(n, 1, from)
}

func (m *Simulation) resume(o schedule.Order) error {
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
func (m *Simulation) lease(n, number int, from float64) error {
	a := attempt{trial: n, number: number, begin: from, at: from, due: m.result.Clock, took: m.trials[n].program.Startup}
	m.plan(&a)
	m.running = append(m.running, a)
	return m.apply(study.Event{Kind: study.EventStarted, Trial: n, Attempt: number, Worker: fmt.Sprintf("w%d", n)})
}

// plan sets when and where a reports next.
func (m *Simulation) plan(a *attempt) {
	p := m.trials[a.trial].program
	a.next = (math.Floor(a.at/p.Every+1e-9) + 1) * p.Every
	a.next = math.Min(a.next, p.End)
	if until := m.result.Log.Book.Trial(a.trial).Until; until > 0 {
		a.next = math.Min(a.next, until)
	}
	switch {
	case a.next <= a.at:
	case p.Time != nil:
		a.took += p.Time(a.at, a.next)
	default:
		a.took += (a.next - a.at) * p.Duration
	}
	a.due += a.took
}

// step carries out the report that is due first, of several the lowest
// trial's.
func (m *Simulation) step() error {
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
func (m *Simulation) report(a *attempt) (over bool, err error) {
	k := &m.trials[a.trial]
	p := k.program
	m.result.Clock = a.due
	m.result.Busy += a.took
	a.took = 0
	m.result.Paid += a.next - a.at
	m.result.PaidBy[a.trial] += a.next - a.at
	a.at = a.next
	if err := m.apply(study.Event{Kind: study.EventReported, Trial: a.trial, Attempt: a.number, Step: a.at, Values: m.measure(p, a.at)}); err != nil {
		return false, err
	}
	if p.LoseAt > 0 && a.at >= p.LoseAt && !k.lost {
		k.lost = true
		return true, m.end(study.Event{Kind: study.EventRequeued, Trial: a.trial, Attempt: a.number,
			Failure: &study.Failure{Class: study.ClassLost}})
	}
	end := study.Event{Kind: study.EventEnded, Trial: a.trial, Attempt: a.number}
	if p.FailAt > 0 && a.at >= p.FailAt {
		end.State, end.Failure = study.Failed, &study.Failure{Class: study.ClassExit, Exit: 1}
		return true, m.end(end)
	}
	h := m.result.Log.Book.History()
	t := h.Trial(a.trial)
	m.result.Judged++
	v := m.scheduler.Judge(h, t)
	xs, has, finite := values(h.Objectives, t.Reports)
	switch {
	case v == study.VerdictPrune:
		end.State = study.Pruned
		if h.Fidelity.Sampled() {
			xs, has = m.paired.Estimate(h, t)
		}
		if has {
			end.Objectives = xs
		}
		return true, m.end(end)
	case v == study.VerdictPause && a.at >= p.End && !m.setup.Loose:
		return false, fmt.Errorf("trial %d is paused at its last step, %v", a.trial, a.at)
	case v == study.VerdictPause:
		k.checkpoint = a.at
		if p.Forgetful {
			k.checkpoint = 0
		}
		return true, m.end(study.Event{Kind: study.EventPaused, Trial: a.trial, Attempt: a.number})
	case v != study.VerdictContinue:
		return false, fmt.Errorf("verdict %q on trial %d at step %v", v, a.trial, a.at)
	case a.at >= p.End:
		switch {
		case !has || unsampled(h, t):
			end.State, end.Failure = study.Failed, &study.Failure{Class: study.ClassNoMetric}
		case !finite:
			end.State, end.Failure = study.Failed, &study.Failure{Class: study.ClassNonFinite}
		default:
			end.State, end.Objectives = study.Complete, xs
		}
		return true, m.end(end)
	case t.Until > 0 && a.at >= t.Until:
		return false, fmt.Errorf("trial %d is told to go on at step %v, which is as far as it may go", a.trial, a.at)
	}
	return false, nil
}

// measure returns what p reports at a step.
func (m *Simulation) measure(p Program, step float64) study.Metrics {
	values := map[string]float64{"other": 0}
	for i, o := range m.setup.objectives() {
		switch {
		case p.Mute:
		case i == 0:
			values[o.Metric] = p.Value(step)
		default:
			values[o.Metric] = p.More[i-1](step)
		}
	}
	return study.MakeMetrics(values)
}

// values returns what the objectives make of some reports, whether all of them
// are there, and whether they are finite.
func values(objectives []study.Objective, reports []study.Report) (xs []float64, has, finite bool) {
	has, finite = true, true
	for _, o := range objectives {
		x, ok := o.Value(reports)
		has = has && ok
		finite = finite && !math.IsNaN(x) && !math.IsInf(x, 0)
		xs = append(xs, x)
	}
	return xs, has, finite
}

// unsampled reports whether t lacks one of the study's samples.
func unsampled(h *study.History, t *study.Trial) bool {
	if !h.Fidelity.Sampled() {
		return false
	}
	for _, o := range h.Objectives {
		if _, missing := study.Unsampled(t, o, int(h.Fidelity.Max)); missing {
			return true
		}
	}
	return false
}

// end applies an event that ends the attempt of a running trial.
func (m *Simulation) end(e study.Event) error {
	meter := study.MeterOf(m.result.Log.Book.Trial(e.Trial))
	e.Paid = meter.Units()
	return m.apply(e)
}

func (m *Simulation) apply(e study.Event) error {
	e.At = time.Unix(0, int64(m.result.Clock*1e9)).UTC()
	if err := m.result.Log.Apply(&e); err != nil {
		return fmt.Errorf("%s trial %d: %w", e.Kind, e.Trial, err)
	}
	m.result.Events = append(m.result.Events, e)
	return nil
}
