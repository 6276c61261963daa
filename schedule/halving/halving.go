package halving

import (
	"math"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var inf = math.Inf(1)

var (
	reductionSetting = setting.Setting{Name: "reduction", Kind: setting.Float, Default: value.Float(3), Min: 1.5, Max: 100,
		Doc: "one trial of so many goes on to the next rung, which is so many times as far"}
	resumeSetting = setting.Setting{Name: "resume", Kind: setting.Bool, Default: value.Bool(false),
		Doc: "the program goes on from its checkpoint when its trial is promoted; else it begins again at step 0"}
	modeSetting = setting.Setting{Name: "mode", Kind: setting.String, Options: []string{"promotion", "stopping"},
		Doc: "promotion pauses every trial at every rung; stopping lets it run on while it is in the top; default: promotion with resume, else stopping"}
	trialsSetting = setting.Setting{Name: "trials", Kind: setting.Int, Min: 1, Max: 1_000_000,
		Doc: "how many trials a bracket begins with; default: so many that one gets to the end, and at most the study's"}
	hyperbandBrackets = setting.Setting{Name: "brackets", Kind: setting.Int, Min: 1, Max: 100,
		Doc: "how many different brackets take turns, the one that begins with the least resource first; default: all there are"}
	asyncBrackets = setting.Setting{Name: "brackets", Kind: setting.Int, Default: value.Int(1), Min: 1, Max: 100,
		Doc: "how many of the lowest rungs trials begin at, in Hyperband's proportion"}
)

// Halving returns the description of successive halving.
func Halving() schedule.Method {
	list := []setting.Setting{reductionSetting, resumeSetting, trialsSetting}
	return schedule.Method{
		Name: "halving", Version: "1", Rungs: true, Settings: list,
		Doc: "Trains many trials a little, and the best third of them three times as long, again and again (Jamieson & Talwalkar 2016).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			o, err := readOptions("halving", p, list, v)
			if err != nil {
				return nil, err
			}
			rungs := len(o.steps)
			n := math.Ceil(math.Pow(o.reduction, float64(rungs-1)) - 1e-9)
			if p.Trials > 0 {
				n = min(n, float64(p.Trials))
			}
			if set, ok := v.Get(list, "trials").AsInt(); ok {
				n = float64(set)
			}
			return newRounds(p, o, []plan{makePlan(int(min(n, 1e6)), 0, rungs, o.reduction)}), nil
		},
	}
}

// Hyperband returns the description of Hyperband.
func Hyperband() schedule.Method {
	list := []setting.Setting{reductionSetting, resumeSetting, hyperbandBrackets}
	return schedule.Method{
		Name: "hyperband", Version: "1", Rungs: true, Settings: list,
		Doc: "Successive halving in brackets that begin with less or more resource, for curves of which nobody knows how early they tell (Li et al. 2018).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			o, err := readOptions("hyperband", p, list, v)
			if err != nil {
				return nil, err
			}
			brackets, _ := v.Get(list, "brackets").AsInt()
			return newRounds(p, o, hyperbandPlans(len(o.steps), int(brackets), o.reduction, p.Trials)), nil
		},
	}
}

// ASHA returns the description of asynchronous successive halving.
func ASHA() schedule.Method {
	list := []setting.Setting{reductionSetting, resumeSetting, modeSetting, asyncBrackets}
	return schedule.Method{
		Name: "asha", Version: "1", Rungs: true, Settings: list,
		Doc: "Successive halving without waiting, for any number of workers; pauses and promotes trials, or stops them (Li et al. 2020).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			o, err := readOptions("asha", p, list, v)
			if err != nil {
				return nil, err
			}
			if mode, ok := v.Get(list, "mode").AsString(); ok {
				o.pause = mode == "promotion"
				if !o.pause && p.Fidelity.Levels != nil {
					return nil, study.Errorf(study.Invalid, "use mode: promotion", "asha stops trials on their way, and a program that is run with a level reports nothing on it")
				}
			}
			brackets, _ := v.Get(list, "brackets").AsInt()
			return newAsync(p, o, int(brackets), false), nil
		},
	}
}

// PASHA returns the description of progressive ASHA.
func PASHA() schedule.Method {
	list := []setting.Setting{reductionSetting, resumeSetting}
	return schedule.Method{
		Name: "pasha", Version: "1", Rungs: true, Settings: list,
		Doc: "ASHA that raises the largest resource only while the ranking of the best still changes (Bohdal et al. 2023).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			o, err := readOptions("pasha", p, list, v)
			if err != nil {
				return nil, err
			}
			o.pause = true
			return newAsync(p, o, 1, true), nil
		},
	}
}

// options are what all have in common.
type options struct {
	steps     []float64 // of the rungs
	reduction float64
	resume    bool // a promoted trial goes on from its checkpoint
	pause     bool // trials pause at every rung
	trials    int  // the study's budget; 0: unknown
}

// from returns the step that a promoted trial goes on from.
func (o options) from(t *study.Trial) float64 {
	if o.resume {
		return t.LastStep()
	}
	return 0
}

// spent reports whether the study's budget of trials is used up.
func (o options) spent(h *study.History) bool { return o.trials > 0 && h.Len() >= o.trials }

func readOptions(name string, p schedule.Problem, list []setting.Setting, v setting.Values) (options, error) {
	if p.Fidelity == nil || !(p.Fidelity.Max > p.Fidelity.Min && p.Fidelity.Min > 0) {
		return options{}, study.Errorf(study.Invalid, "add fidelity: { step: epoch, max: 81 } with the number of steps of a whole training (without a file --fidelity 81, in Go Fidelity(1, 81)), or use the schedule median",
			"%s spreads steps of training over trials, and the study has no fidelity that says how many there are", name)
	}
	resume, _ := v.Get(list, "resume").AsBool()
	resume = resume || p.Fidelity.Sampled() // a sample that was run is not run again
	o := options{reduction: v.Get(list, "reduction").AsFloat(), resume: resume, pause: resume || p.Fidelity.Levels != nil, trials: p.Trials}
	o.steps = foresight.Steps(*p.Fidelity, o.reduction)
	return o, nil
}

func newAsync(p schedule.Problem, o options, brackets int, capped bool) *async {
	rungs := len(o.steps)
	return &async{o: o, table: newTable(o.steps, len(p.Objectives), false), shares: shares(rungs, min(brackets, rungs), o.reduction), capped: capped}
}

func newRounds(p schedule.Problem, o options, plans []plan) *rounds {
	return &rounds{o: o, table: newTable(o.steps, len(p.Objectives), true), plans: plans}
}
