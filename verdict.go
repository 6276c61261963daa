package afina

import (
	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/study"
)

// Answer says whether tuning has helped.
type Answer = analyze.Answer

// The answers of a [Verdict].
const (
	Helped    = analyze.Helped    // the winner is better than the default
	Harmed    = analyze.Harmed    // the default is at least as good
	Unclear   = analyze.Unclear   // the difference may be luck
	NoDefault = analyze.NoDefault // there is no default to compare with
)

// Verdict is the outcome of the comparison that [Final] asks for.
type Verdict struct {
	Answer Answer
	// Finalists are the configurations that were compared, the best first.
	Finalists []Finalist
	// Winner is the number, among the finalists, of the best that is not the
	// default; -1 where no run came to its end.
	Winner int
	// Waiting is how many runs have not ended yet.
	Waiting int
}

// Finalist is a configuration of a [Verdict]; see [analyze.Finalist] for the
// meaning of the numbers. Those that are not known are NaN.
type Finalist struct {
	// Result is the trial of the search; its value has been selected for being
	// good, and so is too good on average.
	Result  Result
	Default bool
	// Runs is how many runs have ended well, Mean their average with its
	// standard error.
	Runs int
	Mean Estimate
	// Gain is what it gains over the default on average, above 0 whatever the
	// goal; Low and High bound the true gains of all finalists at once with
	// 95 % probability.
	Gain, Low, High float64
}

// Final compares configurations when the search is over, whatever ended it: the
// top best ones and the default run again, so many times each, with the same
// seeds ([Trial.Seed]), beyond every bound of the study. [Study.Verdict] has the
// outcome, and Optimize returns the winner. It is for one objective.
func Final(top, runs int) Option {
	return func(o *options) {
		if top < 1 || runs < 2 {
			o.refuse("compare the best %d configurations in %d runs each: give at least 1 and 2", top, runs)
		}
		o.def.Final = &study.Final{Top: top, Runs: runs}
	}
}

// Verdict returns the outcome of the final comparison as far as it is known,
// false where none was begun.
func (s *Study) Verdict() (Verdict, bool) {
	j, ok := analyze.Judge(s.view().History)
	if !ok {
		return Verdict{}, false
	}
	v := Verdict{Answer: j.Answer, Winner: j.Winner, Waiting: j.Waiting}
	for _, f := range j.Finalists {
		v.Finalists = append(v.Finalists, Finalist{
			Result: newResult(f.Trial), Default: f.Default, Runs: f.Runs, Mean: Estimate{f.Mean, f.SE},
			Gain: f.Gain, Low: f.Low, High: f.High,
		})
	}
	return v, true
}

// winner returns the trial of the winner of the final comparison, nil where
// there is none.
func (s *Study) winner() *Result {
	if v, ok := s.Verdict(); ok && v.Winner >= 0 {
		return &v.Finalists[v.Winner].Result
	}
	return nil
}
