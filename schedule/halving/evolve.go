package halving

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var promotingSetting = setting.Setting{Name: "promoting", Kind: setting.Int, Min: 1, Max: 1_000_000,
	Doc: "in how many brackets, from the first, trials go up; default: in one round of all different brackets"}

// DEHB returns the description of Hyperband for a search that breeds.
func DEHB() schedule.Method {
	list := []setting.Setting{reductionSetting, resumeSetting, hyperbandBrackets, promotingSetting}
	return schedule.Method{
		Name: "dehb", Version: "1", Rungs: true, Settings: list,
		Doc: "Hyperband that after its first round fills the higher rungs with new trials instead of promoted ones, for a search that breeds them from those below (Awad et al. 2021).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			o, err := readOptions("dehb", p, list, v)
			if err != nil {
				return nil, err
			}
			brackets, _ := v.Get(list, "brackets").AsInt()
			s := newRounds(p, o, hyperbandPlans(len(o.steps), int(brackets), o.reduction, p.Trials))
			s.promoting = len(s.plans)
			if n, ok := v.Get(list, "promoting").AsInt(); ok {
				s.promoting = int(n)
			}
			return s, nil
		},
	}
}

// evolves reports whether bracket b makes new trials for every rung.
func (s *rounds) evolves(b int) bool { return s.promoting > 0 && b > s.promoting }

// vacant returns the rung of an evolving bracket for which a trial is to be
// made now, counted from the bracket's first; -1 where there is none: the
// bracket is full, or some have yet to come to the rung below.
func (s *rounds) vacant(b int) int {
	p := s.plan(b)
	for i, size := range p.sizes {
		c := s.table.cell(b, p.first+i)
		if c.sent < size {
			return i
		}
		if c.busy > 0 {
			return -1
		}
	}
	return -1
}

// retire is the verdict on a trial of an evolving bracket, from which nobody
// goes up.
func retire(t *study.Trial) study.Verdict {
	if pauseAtUntil(t) == study.VerdictPause {
		return study.VerdictPrune
	}
	return study.VerdictContinue
}
