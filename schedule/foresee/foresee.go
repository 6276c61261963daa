package foresee

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = []setting.Setting{
	{Name: "reduction", Kind: setting.Float, Default: value.Float(foresight.Reduction), Min: 1.5, Max: 100,
		Doc: "each rung is so many times as far as the one below"},
	{Name: "resume", Kind: setting.Bool, Default: value.Bool(false),
		Doc: "the program goes on from its checkpoint when its trial is promoted; else it begins again at step 0"},
	{Name: "share", Kind: setting.Float, Default: value.Float(0.7), Min: 0.05, Max: 0.95,
		Doc: "the part of the early steps that goes into the first rungs of trials; the rest is for going on"},
	{Name: "early", Kind: setting.Float, Default: value.Float(3), Min: 0, Max: 1e6,
		Doc: "the steps of so many whole trainings are early: then trials go on by what is foreseen, later by their ranks"},
	{Name: "finish", Kind: setting.Float, Default: value.Float(5), Min: 1, Max: 1e6,
		Doc: "of the steps of so many whole trainings one training of the best to the end is paid"},
}

// Method returns the description of promotion by what is foreseen.
func Method() schedule.Method {
	return schedule.Method{
		Name: "foresee", Version: "1", Rungs: true, Settings: settings,
		Doc: "Trains on whom most is to be gained at the end, as foreseen from how well early steps have told; learns at which step trials begin (after Swersky et al. 2014 and Li et al. 2022).",
		New: newScheduler,
	}
}

func newScheduler(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
	if n := len(p.Objectives); n != 1 {
		return nil, study.Errorf(study.Invalid, "use the scheduler asha, or one objective with the others as outcome constraints",
			"foresee expects the end of one objective, and the study has %d", n)
	}
	if !foresight.Usable(p.Objectives, p.Fidelity) {
		return nil, study.Errorf(study.Invalid, "add fidelity: { step: epoch, max: 81 } with the number of steps of a whole training (without a file --fidelity 81, in Go Fidelity(1, 81)), or use the schedule median",
			"foresee spreads steps of training over trials, and the study has no fidelity that says how many there are")
	}
	reduction := v.Get(settings, "reduction").AsFloat()
	s := &scheduler{
		steps:     foresight.Steps(*p.Fidelity, reduction),
		reduction: reduction,
		share:     v.Get(settings, "share").AsFloat(),
		early:     v.Get(settings, "early").AsFloat(),
		finish:    v.Get(settings, "finish").AsFloat(),
		trials:    p.Trials,
	}
	s.resume, _ = v.Get(settings, "resume").AsBool()
	return s, nil
}

// scheduler follows from the history alone; last and model are a cache.
type scheduler struct {
	steps         []float64 // of the rungs
	resume        bool
	share         float64
	early, finish float64 // in whole trainings
	reduction     float64 // one trial of so many goes on by rank
	trials        int     // the study's budget; 0: unknown

	last  *study.History
	model *foresight.Model
}

// top is the last rung.
func (s *scheduler) top() int { return len(s.steps) - 1 }

func (s *scheduler) follow(h *study.History) {
	if h != s.last {
		s.last, s.model = h, foresight.New(h, s.steps)
	}
}

// Next does what the package says. The time is that of a look at every trial:
// 50 µs at 100 of them.
func (s *scheduler) Next(h *study.History) schedule.Order {
	return s.next(h, s.trials > 0 && h.Len() >= s.trials)
}

// Close is Next for a study to which no trials are added.
func (s *scheduler) Close(h *study.History) schedule.Order { return s.next(h, true) }

func (s *scheduler) next(h *study.History, closed bool) schedule.Order {
	s.follow(h)
	v := s.look(h)
	switch {
	case len(v.waiting) == 0 || !closed && v.started < startup:
		return s.start(v)
	case closed && v.ahead(), v.lead < v.running && v.paid >= s.finish*s.steps[s.top()]*float64(v.whole+1):
		w := v.waiting[v.leader]
		if !s.resume {
			w.to = s.top() // to begin again at every rung would cost half as much again
		}
		return s.promote(h, w)
	case closed:
		return s.start(v)
	case v.paid >= s.early*s.steps[s.top()]:
		if w, ok := s.ranked(v); ok {
			return s.promote(h, w)
		}
		return s.start(v)
	case v.begun < float64(s.share*v.paid):
		return s.start(v)
	}
	return s.promote(h, s.worth(v))
}

// startup is how many trials start before one goes on.
const startup = 4

// The least agreement of the first rung with the second for trials to begin
// there, and of another with the one above: what to begin lower saves is worth
// less the more of it is only noise, and the first rung has to prove itself.
const (
	leastFirst = 0.6
	leastLater = 0.45
	// higher is how many trials there are to one that begins a rung higher.
	higher = 4
)

// first returns the rung that trials begin at.
func (s *scheduler) first(v *view) int {
	r := min(1, s.top())
	if r > 0 && s.model.Link(0) >= leastFirst {
		r = 0
	}
	if r == 1 && !s.model.Known(0) && v.started%higher == 0 && v.started > 0 {
		return 0 // programs that report nothing on the way
	}
	for r > 0 && r < s.top()-1 && s.model.Link(r) < leastLater {
		r++
	}
	if r < s.top()-1 && v.started%higher == higher-1 {
		r++
	}
	return r
}

func (s *scheduler) start(v *view) schedule.Order {
	r := s.first(v)
	return schedule.Order{Action: schedule.Start, CopyFrom: -1, Until: s.steps[r], Bracket: r + 1}
}

// promote lets a trial go on.
func (s *scheduler) promote(h *study.History, w waiting) schedule.Order {
	t := h.Trial(w.trial)
	o := schedule.Order{Action: schedule.Resume, Trial: w.trial, CopyFrom: -1, Until: s.steps[w.to], Bracket: t.Bracket}
	if s.resume {
		o.From = t.LastStep()
	}
	return o
}

// above returns the lowest rung that is farther than t was let go and has come,
// the number of rungs where there is none.
func (s *scheduler) above(t *study.Trial) int {
	k, _ := slices.BinarySearch(s.steps, math.Nextafter(max(t.Until, t.LastStep()), math.Inf(1)))
	return k
}

// Judge pauses a trial that has come as far as it may.
func (s *scheduler) Judge(_ *study.History, t *study.Trial) study.Verdict {
	if t.Bracket > 0 && t.Until > 0 && t.Until < s.steps[s.top()] && t.LastStep() >= t.Until {
		return study.VerdictPause
	}
	return study.VerdictContinue
}
