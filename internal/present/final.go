package present

import (
	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/study"
)

// Final is the outcome of a final comparison.
type Final struct {
	// Helped says whether tuning has helped: yes, no, cannot tell, or no default.
	Helped analyze.Answer `json:"helped"`
	// Winner is the first trial of the best configuration that is not the
	// default, Raw that of the one with the best value in the search.
	Winner    *int       `json:"winner,omitempty"`
	Raw       *int       `json:"best_measured,omitempty"`
	Default   *int       `json:"default,omitempty"`
	Waiting   int        `json:"waiting,omitempty"` // runs that have not ended
	Finalists []Finalist `json:"finalists"`         // the best first
}

// Finalist is a configuration in a final comparison.
type Finalist struct {
	Number int `json:"number"`
	// Search is the best value that the search measured of it.
	Search number   `json:"search"`
	Runs   int      `json:"runs"`
	Mean   Estimate `json:"mean"`
	// Gain over the default, with its interval.
	Gain *Gain `json:"gain,omitempty"`
}

// Gain is a difference to the default, above 0 where that is worse.
type Gain struct {
	Mean  number `json:"mean"`
	Low   number `json:"low"`
	High  number `json:"high"`
	Pairs int    `json:"pairs"`
}

// MakeFinal returns the outcome of the newest final comparison of h, nil where
// there was none.
func MakeFinal(h *study.History) *Final {
	v, ok := analyze.Judge(h)
	if !ok {
		return nil
	}
	f := &Final{Helped: v.Answer, Waiting: v.Waiting, Finalists: []Finalist{}}
	at := func(i int) *int {
		if i < 0 {
			return nil
		}
		return &v.Finalists[i].Trial.Number
	}
	f.Winner, f.Raw, f.Default = at(v.Winner), at(v.Raw), at(v.Base)
	for _, c := range v.Finalists {
		one := Finalist{Number: c.Trial.Number, Search: number(c.Search), Runs: c.Runs, Mean: Estimate{number(c.Mean), number(c.SE)}}
		if v.Base >= 0 && !c.Default {
			one.Gain = &Gain{number(c.Gain), number(c.Low), number(c.High), c.Pairs}
		}
		f.Finalists = append(f.Finalists, one)
	}
	return f
}
