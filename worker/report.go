package worker

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/afina-hpo/afina/harvest"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// newReader sets up the reading of the command's output.
func (t *trial) newReader() (*harvest.Reader, error) {
	def := t.w.opts.Definition
	format, err := harvest.ParseFormat(def.Report.Format)
	if err != nil {
		return nil, err
	}
	o := harvest.Options{Format: format, Each: t.reports.add, Warn: func(m string) { t.w.warn(t.a.Trial, "%s", m) }}
	for _, p := range def.Report.Patterns {
		o.Patterns = append(o.Patterns, harvest.Pattern{Metric: p.Metric, Regexp: p.Regex, Step: p.Step})
	}
	for _, obj := range def.Objectives {
		o.Want = append(o.Want, obj.Metric)
	}
	for _, c := range def.Outcomes {
		o.Want = append(o.Want, c.Names()...)
	}
	if c := def.Cost; c != nil && c.Metric != "" {
		o.Want = append(o.Want, c.Metric)
	}
	switch {
	case def.Report.Step != "":
		o.StepNames = []string{def.Report.Step}
	case def.Fidelity != nil && def.Fidelity.Step != "":
		o.StepNames = []string{def.Fidelity.Step}
	}
	if d := time.Duration(def.Command.Silence); d > 0 {
		t.silence = time.NewTimer(d)
	}
	return harvest.New(o)
}

// fan passes one stream of output to the reader of metrics, the log, and for
// errors to a short memory; and it resets the silence limit.
type fan struct {
	t      *trial
	stream *harvest.Stream
	tail   *tail
}

func (f *fan) Write(p []byte) (int, error) {
	if f.t.silence != nil {
		f.t.silence.Reset(time.Duration(f.t.w.opts.Definition.Command.Silence))
	}
	if f.tail != nil {
		f.tail.Write(p) // never fails
	}
	if _, err := f.t.log.Write(p); err != nil {
		f.t.w.warn(f.t.a.Trial, "its log is incomplete: %v", err)
	}
	return f.stream.Write(p)
}

// reporter sends what is measured to the queue, from a goroutine of its own so
// that the command's output is never held up by a durable write. What gathers
// meanwhile goes in one call.
type reporter struct {
	t     *trial
	ready chan struct{} // holds a token while there is something to send

	mu      sync.Mutex
	pending []study.Report
	closed  bool
	seen    map[string]float64 // last step of each metric
	last    float64            // last step that was said
	said    bool               // any step was said
	fixed   float64            // the step of all that the command says; 0: it has many
	unknown bool               // it said a sample that there is not
}

func newReporter(t *trial) *reporter {
	r := &reporter{t: t, ready: make(chan struct{}, 1), seen: map[string]float64{}, fixed: t.a.LevelStep}
	if t.each() {
		r.fixed, _ = t.w.samples.Step(t.sample)
	}
	return r
}

// add takes a sample. One without a step belongs to the last step that was
// said; where none ever was, the n-th value of a metric is its step n, counted
// from where the trial is resumed, which is enough to prune a program that
// knows no epochs.
func (r *reporter) add(s harvest.Sample) {
	values := make(map[string]float64, len(s.Values))
	for _, m := range s.Values {
		values[m.Name] = m.Value
	}
	step := s.Step
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.fixed > 0:
		step = r.fixed
	case r.t.w.samples != nil:
		if !r.sampled(s, values, &step) {
			return
		}
	case s.HasStep && !math.IsNaN(step) && !math.IsInf(step, 0):
		r.last, r.said = step, true
	case r.said:
		step = r.last
	default:
		step = r.t.a.Resume + 1
		for name := range values {
			step = max(step, r.seen[name]+1)
		}
	}
	for name := range values {
		r.seen[name] = step
	}
	r.push(study.Report{Step: step, Values: study.MakeMetrics(values), At: time.Now()})
}

// sampled finds the step of what a command says that runs many samples, false
// where it belongs to none: a value without a sample is that of the next one of
// those it was given, if no other was named, and what follows the last is a
// summary. The caller holds mu.
func (r *reporter) sampled(s harvest.Sample, values map[string]float64, step *float64) bool {
	samples := r.t.w.samples
	if s.HasStep {
		at, ok := samples.Step(value.FormatFloat(s.Step))
		if !ok {
			if !r.unknown {
				r.unknown = true
				r.t.w.warn(r.t.a.Trial, "it reports %s %s, which is none of the study's; say fidelity: { folds: 1..10 } where they do not begin at 0", r.t.w.opts.Definition.Fidelity.Step, value.FormatFloat(s.Step))
			}
			return false
		}
		*step, r.last, r.said = at, at, true
		return true
	}
	if r.said {
		for name := range values {
			if r.seen[name] == r.last { // it has that already
				delete(values, name)
			}
		}
		*step = r.last
		return len(values) > 0
	}
	k := 0
	for name := range values {
		if at, ok := r.seen[name]; ok {
			k = max(k, slices.Index(r.t.a.Samples, samples.Name(at))+1)
		}
	}
	if k >= len(r.t.a.Samples) {
		return false
	}
	*step, _ = samples.Step(r.t.a.Samples[k])
	return true
}

// push queues a report, merged into the one before where that has the same
// step. The caller holds mu.
func (r *reporter) push(rep study.Report) {
	if n := len(r.pending); n > 0 && r.pending[n-1].Step == rep.Step {
		r.pending[n-1].Values = r.pending[n-1].Values.With(rep.Values)
	} else {
		r.pending = append(r.pending, rep)
	}
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// close lets run return when everything is sent.
func (r *reporter) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

func (r *reporter) take() (batch []study.Report, closed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch, r.pending = r.pending, nil
	return batch, r.closed
}

// run sends until close, and passes verdicts on. A program that has nothing
// more to say ends without waiting for a verdict on its last words.
func (r *reporter) run(ctx context.Context) {
	for range r.ready {
		batch, closed := r.take()
		if len(batch) > 0 {
			v, err := r.t.w.opts.Queue.Report(ctx, r.t.a.Ticket, batch)
			switch {
			case study.CodeOf(err) == study.Fenced:
				r.t.order(study.VerdictStop)
			case err != nil:
				// The queue is gone; the beat notices, and says so.
				r.t.order(study.VerdictStop)
			default:
				r.t.order(v)
			}
		}
		if closed {
			return
		}
	}
}

// follower reads the metrics files that a program writes.
type follower struct {
	tails []*harvest.Tail
	warn  func(error)
	done  chan struct{}
}

func (t *trial) followFiles() *follower {
	f := &follower{done: make(chan struct{}), warn: func(err error) { t.w.warn(t.a.Trial, "its metrics file: %v", err) }}
	f.tails = append(f.tails, t.reader.Tail(filepath.Join(t.dir, command.MetricsFile)))
	if name := t.w.opts.Definition.Report.File; name != "" {
		if !filepath.IsAbs(name) {
			name = filepath.Join(t.w.dir, name)
		}
		f.tails = append(f.tails, t.reader.Tail(name))
	}
	return f
}

// run polls until ended, and once more then.
func (f *follower) run(ended <-chan struct{}) {
	defer close(f.done)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-tick.C:
		}
		for _, tail := range f.tails {
			if err := tail.Poll(context.Background()); err != nil {
				f.warn(err)
			}
		}
	}
	for _, tail := range f.tails {
		if err := tail.Close(); err != nil {
			f.warn(err)
		}
	}
}

func (f *follower) wait() { <-f.done }
