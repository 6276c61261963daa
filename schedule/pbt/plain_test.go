package pbt

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/study"
)

// plain is a population that keeps nothing between questions: what a table
// must be equal to.
type plain struct{ *population }

// Next goes through the whole history.
func (s plain) Next(h *study.History) schedule.Order {
	members := s.members(h)
	for m, t := range members {
		if t == nil {
			return schedule.Order{Until: s.after(0), Bracket: m, CopyFrom: -1}
		}
	}
	busy := false
	ready := func(t *study.Trial) bool {
		switch t.State {
		case study.Running, study.Queued:
			busy = true
			return false
		}
		return t.State != study.Complete && t.Until < s.last
	}
	for at := 0.0; ; {
		behind := math.Inf(1) // the first step behind at at which somebody is ready
		for _, t := range members {
			if ready(t) && t.Until > at {
				behind = math.Min(behind, t.Until)
			}
		}
		if at = behind; math.IsInf(at, 1) || !s.enough(h, members, at) {
			break // who has come further has no more company
		}
		field := s.field(h, at)
		for _, t := range members {
			if len(field) == 0 || t.Until != at || !ready(t) {
				continue
			}
			if o := s.on(h, field, t); o.From < s.last {
				return o
			}
		}
	}
	if busy {
		return schedule.Order{Action: schedule.Wait}
	}
	return schedule.Order{Action: schedule.Done}
}

// members returns the present trial of each member, nil where it has none yet.
// Trials that run to their end, because somebody added them by hand when the
// population was full, are none.
func (s plain) members(h *study.History) []*study.Trial {
	members := make([]*study.Trial, s.size)
	for t := range h.All() {
		if s.member(t) {
			members[t.Bracket] = t
		}
	}
	return members
}

// standing is what a member's trial was at a step.
type standing struct {
	trial *study.Trial
	loss  float64 // +Inf where it is not a number
	step  float64 // at which it was measured: not before the step
}

// on says how the member whose present trial is t goes on, given how the field
// stands where it is.
func (s plain) on(h *study.History, field []standing, t *study.Trial) schedule.Order {
	part := int(s.quantile * float64(len(field)))
	if s.quantile > 0 && len(field) > 1 {
		part = max(part, 1)
	}
	i := slices.IndexFunc(field, func(x standing) bool { return x.trial == t })
	alive := t.State == study.Paused && i >= 0
	// A study that may make no more trials goes on with those it has.
	full := s.trials > 0 && h.Len()-cancelled(h) >= s.trials
	next := schedule.Order{Until: s.after(t.Until), Bracket: t.Bracket, CopyFrom: -1}
	if full && !alive {
		next.From = s.last
		return next
	}
	if alive && (full || i < len(field)-part || field[i].loss <= field[max(0, part-1)].loss) {
		next.Action, next.Trial, next.From = schedule.Resume, t.Number, field[i].step
		return s.beyond(next)
	}
	r := study.Stream(s.seed, h.Len(), purpose+":copy")
	best := field[r.IntN(max(1, part))]
	next.CopyFrom, next.From = best.trial.Number, best.step
	next.Config = s.explore(h, best.trial, best.step, h.Len())
	return s.beyond(next)
}

// cancelled returns how many trials do not count against a budget of trials.
func cancelled(h *study.History) int {
	n := 0
	for t := range h.All() {
		if t.State == study.Cancelled {
			n++
		}
	}
	return n
}

// enough reports whether enough members have come to step at for a comparison.
// Those that will never come count as if they had.
func (s plain) enough(h *study.History, members []*study.Trial, at float64) bool {
	n := 0
	come := make([]bool, s.size)
	for t := range h.All() {
		if !s.member(t) || come[t.Bracket] {
			continue
		}
		never := t.State == study.Complete || members[t.Bracket] == t && failed(t)
		if never || stands(t, at) {
			come[t.Bracket] = true
			n++
		}
	}
	return float64(n) >= s.quorum*float64(s.size)
}

func (s plain) member(t *study.Trial) bool {
	return t.Until > 0 && t.Bracket >= 0 && t.Bracket < s.size
}

// field returns the members' trials that have come to step at, best first.
func (s plain) field(h *study.History, at float64) []standing {
	field := make([]standing, 0, s.size)
	for t := range h.All() {
		if s.member(t) && stands(t, at) && !failed(t) {
			field = append(field, plainStand(h.Objectives[0], t, at))
		}
	}
	slices.SortStableFunc(field, func(a, b standing) int { return cmp.Compare(a.loss, b.loss) })
	return field
}

// plainStand returns what t, which has come to step at, was there: what it
// measured first at that step or behind it, or where that report had not the
// last before.
func plainStand(o study.Objective, t *study.Trial, at float64) standing {
	loss, step := math.Inf(1), 0.0
	for _, r := range t.Reports {
		if x, ok := r.Values.Get(o.Metric); ok {
			loss = o.Loss(x)
			if math.IsNaN(loss) {
				loss = math.Inf(1)
			}
		}
		if step = r.Step; step >= at {
			break
		}
	}
	return standing{t, loss, step}
}

func newPlain(t interface{ Fatal(...any) }, p schedule.Problem, s population) (*population, plain) {
	resume := func(h *study.History, of *study.Trial, at float64, n int) space.Config {
		return Perturb(h.Space, of.Config, 0.25, 1.2, study.Stream(p.Seed+uint64(of.Number), n, fmt.Sprint(at)))
	}
	s.explore, s.table, s.seed, s.trials, s.last = resume, table{size: s.size}, p.Seed, p.Trials, p.Fidelity.Max
	other := s
	return &s, plain{&other}
}

func sameOrder(a, b schedule.Order) bool {
	return a.Config.IsZero() == b.Config.IsZero() && a.Config.Equal(b.Config) &&
		a.Action == b.Action && a.Trial == b.Trial && a.From == b.From && a.Until == b.Until && a.Bracket == b.Bracket && a.CopyFrom == b.CopyFrom
}

// life is a study in which anything happens to trials, not only what a
// population is used to.
type life struct {
	*rapid.T
	book *study.Book
}

var happenings = []string{"report", "report", "report", "report", "again", "fail", "cancel", "lose", "complete", "prune", "by hand", "other bracket", "new book", "touch"}

// happen lets one thing happen; judge says what follows a report.
func (l *life) happen(judge func(*study.History, *study.Trial) study.Verdict) {
	what := rapid.SampledFrom(happenings).Draw(l.T, "what")
	switch what {
	case "by hand":
		l.add(study.Trial{Until: rapid.SampledFrom([]float64{0, 0, 3, 9}).Draw(l.T, "until"), Bracket: rapid.IntRange(-1, 6).Draw(l.T, "bracket")})
		return
	case "touch": // also what has ended is put again
		if l.book.Len() > 0 {
			t := *l.book.Trial(rapid.IntRange(0, l.book.Len()-1).Draw(l.T, "trial"))
			if t.State == study.Complete && rapid.Bool().Draw(l.T, "worse") {
				t.State = study.Failed
			}
			l.book.Put(&t)
		}
		return
	case "new book":
		b := study.NewBook(l.book.Space, l.book.Objectives, l.book.Fidelity)
		for n := range l.book.Len() {
			b.Put(l.book.Trial(n))
		}
		l.book = b
		return
	}
	open := l.book.Open()
	if len(open) == 0 {
		return
	}
	next := *l.book.Trial(int(rapid.SampledFrom(open).Draw(l.T, "trial")))
	t := &next
	switch what {
	case "other bracket":
		if rapid.IntRange(0, 4).Draw(l.T, "really") > 0 {
			return
		}
		t.Bracket = rapid.IntRange(-1, 6).Draw(l.T, "bracket")
	case "fail":
		t.State = study.Failed
	case "cancel":
		t.State = study.Cancelled
	case "complete":
		if t.State != study.Running {
			return
		}
		t.State = study.Complete
	case "prune":
		t.State = study.Pruned
	case "lose":
		if t.State == study.Running {
			t.State = study.Queued
		}
	default:
		l.report(t, what == "again", judge)
		return
	}
	l.book.Put(t)
}

// report lets t report, where it runs.
func (l *life) report(t *study.Trial, again bool, judge func(*study.History, *study.Trial) study.Verdict) {
	if t.State == study.Queued {
		t.State = study.Running
	}
	if t.State != study.Running {
		return
	}
	r := study.Report{Step: max(t.LastStep(), t.Resume) + rapid.SampledFrom([]float64{0.5, 1, 1, 2, 4}).Draw(l.T, "further")}
	r.Values = study.Metrics{{Name: "loss", Value: rapid.SampledFrom([]float64{0, 1, 2, 3, math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(l.T, "loss")}}
	if rapid.IntRange(0, 5).Draw(l.T, "metric") == 0 {
		r.Values[0].Name = "other"
	}
	switch {
	case again && len(t.Reports) > 0: // a step is measured once more
		t.Reports = slices.Clone(t.Reports)
		k := rapid.IntRange(0, len(t.Reports)-1).Draw(l.T, "step")
		r.Step = t.Reports[k].Step
		t.Reports[k] = r
	default:
		t.Reports = append(t.Reports, r)
	}
	l.book.Put(t)
	next := *t
	switch judge(l.book.History(), t) {
	case study.VerdictPause:
		next.State = study.Paused
	default:
		if next.LastStep() < l.book.Fidelity.Max {
			return
		}
		next.State = study.Complete
	}
	l.book.Put(&next)
}

// add makes a trial, that runs.
func (l *life) add(t study.Trial) {
	t.Number, t.State = l.book.Len(), study.Running
	if t.Config.IsZero() {
		c, err := l.book.Space.Sample(study.Stream(1, t.Number, "test"))
		if err != nil {
			l.Fatal(err)
		}
		t.Config = c
	}
	l.book.Put(&t)
}

// follow does what an order says.
func (l *life) follow(o schedule.Order) {
	switch o.Action {
	case schedule.Start:
		t := study.Trial{Config: o.Config, Until: o.Until, Bracket: o.Bracket}
		if !o.Config.IsZero() && o.CopyFrom >= 0 {
			t.Copy, t.Resume = &study.Copy{Trial: o.CopyFrom, Step: o.From}, o.From
		}
		l.add(t)
	case schedule.Resume:
		t := *l.book.Trial(o.Trial)
		t.State, t.Resume, t.Until, t.Bracket = study.Running, o.From, o.Until, o.Bracket
		l.book.Put(&t)
	}
}

// Whatever happens in a study, a population whose table follows it orders what
// one orders that goes through the whole history.
func TestTableFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &study.Fidelity{Min: 1, Max: 9}
		of := population{
			size:     rapid.IntRange(2, 6).Draw(t, "size"),
			interval: rapid.SampledFrom([]float64{0.7, 1, 2, 3.5}).Draw(t, "interval"),
			quantile: rapid.SampledFrom([]float64{0, 0.2, 0.5}).Draw(t, "quantile"),
			quorum:   rapid.SampledFrom([]float64{0, 0.3, 0.5, 0.9, 1}).Draw(t, "quorum"),
		}
		p := schedule.Problem{Fidelity: f, Seed: rapid.Uint64().Draw(t, "seed"), Trials: rapid.SampledFrom([]int{0, 6, 12}).Draw(t, "trials")}
		s, want := newPlain(t, p, of)
		objective := study.Objective{Metric: "loss", Goal: rapid.SampledFrom([]study.Goal{study.Minimize, study.Maximize}).Draw(t, "goal")}
		l := &life{T: t, book: study.NewBook(spacetest.Floats(2), []study.Objective{objective}, f)}
		var before []*study.History
		for range rapid.IntRange(10, 120).Draw(t, "events") {
			h := l.book.History()
			before = append(before, h)
			o := want.Next(h)
			if rapid.IntRange(0, 3).Draw(t, "heed") > 0 {
				l.follow(o)
			} else {
				l.happen(s.Judge)
			}
			switch rapid.IntRange(0, 9).Draw(t, "look") {
			case 0:
				continue // the table sees what comes next with what came now
			case 1: // and may be asked about the past
				h = rapid.SampledFrom(before).Draw(t, "past")
				o = want.Next(h)
			}
			if got := s.Next(h); !sameOrder(got, o) {
				t.Fatalf("after %d trials: %+v, want %+v", h.Len(), got, o)
			}
			fresh, _ := newPlain(t, p, of)
			if got := fresh.Next(h); !sameOrder(got, o) {
				t.Fatalf("a new one after %d trials: %+v, want %+v", h.Len(), got, o)
			}
		}
	})
}

// compared asks a population that goes through the whole history the same.
type compared struct {
	*population
	plain
	t *testing.T
}

func (c compared) Next(h *study.History) schedule.Order {
	got, want := c.population.Next(h), c.plain.Next(h)
	if !sameOrder(got, want) {
		c.t.Fatalf("after %d trials: %+v, want %+v", h.Len(), got, want)
	}
	return got
}

func (c compared) Judge(h *study.History, t *study.Trial) study.Verdict {
	return c.population.Judge(h, t)
}

// Whole schedules, with every kind of program, and one with more steps than
// levels are kept of.
func TestTableInSchedules(t *testing.T) {
	play := func(c scheduletest.Scenario, of population, workers int) {
		t.Run(fmt.Sprintf("%s, %d members, %d workers, quorum %v", c.Name, of.size, workers, of.quorum), func(t *testing.T) {
			d := scheduletest.Setup{
				Fidelity: &study.Fidelity{Min: 1, Max: 27}, Seed: 13, Workers: workers, Trials: 40, Loose: true,
				Program: func(n int, cfg space.Config) scheduletest.Program { return c.Program(n, cfg, 27) },
			}
			s, want := newPlain(t, d.Problem(), of)
			if _, err := scheduletest.Simulate(compared{s, want, t}, d); err != nil {
				t.Fatal(err)
			}
			if of.interval < 1 && len(s.table.levels) < maxLevels {
				t.Errorf("only %d levels", len(s.table.levels))
			}
		})
	}
	for _, c := range scheduletest.Scenarios() {
		play(c, population{size: 10, interval: 3, quantile: 0.2, quorum: 1}, 4)
		play(c, population{size: 10, interval: 3, quantile: 0.2, quorum: 0.6}, 16)
	}
	play(scheduletest.Scenarios()[0], population{size: 5, interval: 0.15, quantile: 0.4, quorum: 0}, 3)
}
