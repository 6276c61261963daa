// Package present gives trials their JSON form, the one that commands print
// with --json and that protocols send, so that a script that reads one can
// read all.
package present

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Trial is a trial in a list.
type Trial struct {
	Number int           `json:"number"`
	State  study.State   `json:"state"`
	Params space.Config  `json:"params"`
	Values study.Metrics `json:"values"`
	// Violates an outcome constraint: it is never the best, whatever its values.
	Violates bool `json:"violates,omitempty"`
}

// MakeTrial returns t for a list. Its values are those of the objectives: a
// complete trial's results, of others what is known: the last value measured,
// non-finite ones included.
func MakeTrial(h *study.History, t *study.Trial) Trial {
	return Trial{Number: t.Number, State: t.State, Params: t.Config, Values: Values(h, t), Violates: !t.Feasible()}
}

// Values returns the objectives' values of t by name; see [MakeTrial].
func Values(h *study.History, t *study.Trial) study.Metrics {
	values := map[string]float64{}
	for i, o := range h.Objectives {
		if t.Values != nil {
			values[o.Metric] = t.Values[i]
		} else if x, ok := t.Metrics.Get(o.Metric); ok {
			values[o.Metric] = x
		} else if x, ok := o.Value(t.Reports); ok {
			values[o.Metric] = x
		}
	}
	return study.MakeMetrics(values)
}

// Detail is everything about one trial.
type Detail struct {
	Trial
	Derived    map[string]space.Value `json:"derived,omitempty"`
	Seed       int64                  `json:"seed"`
	Metrics    study.Metrics          `json:"metrics,omitempty"`
	Violations []number               `json:"violations,omitempty"`
	Feasible   bool                   `json:"feasible"`
	Class      study.Class            `json:"class,omitempty"`
	Message    string                 `json:"message,omitempty"`
	Origin     *study.Origin          `json:"origin,omitempty"`
	Resume     float64                `json:"resume_step,omitempty"`
	Until      float64                `json:"until_step,omitempty"`
	// Copy is the trial it is a copy of, and at which step.
	Copy *study.Copy `json:"copy,omitempty"`
	// Repeat is the trial whose configuration it runs again.
	Repeat *study.Repeat `json:"repeat,omitempty"`
	// Paid is the units of resource that its attempts have used.
	Paid     float64         `json:"paid,omitempty"`
	Created  time.Time       `json:"created"`
	Ended    time.Time       `json:"ended,omitzero"`
	Seconds  float64         `json:"seconds,omitempty"` // of all attempts
	Reports  []study.Report  `json:"reports"`
	Attempts []study.Attempt `json:"attempts"`
	Log      string          `json:"log,omitempty"`      // path of the newest attempt's log
	LogTail  string          `json:"log_tail,omitempty"` // its last lines
}

type number float64

func (n number) MarshalJSON() ([]byte, error) {
	return value.AppendJSONFloat(nil, float64(n), false), nil
}

// MakeDetail returns everything about t but its log.
func MakeDetail(h *study.History, seed uint64, t *study.Trial) Detail {
	d := Detail{
		Trial: MakeTrial(h, t), Seed: t.Seed(seed), Metrics: t.Metrics, Feasible: t.Feasible(),
		Origin: t.Origin, Resume: t.Resume, Until: t.Until, Copy: t.Copy, Paid: t.Paid(), Created: t.Created, Ended: t.Ended,
		Reports: t.Reports, Attempts: t.Attempts, Derived: Derived(h.Space, t.Config),
	}
	if r, ok := t.Repeats(); ok {
		d.Repeat = &r
	}
	if d.Reports == nil {
		d.Reports = []study.Report{}
	}
	if d.Attempts == nil {
		d.Attempts = []study.Attempt{}
	}
	for _, v := range t.Violations {
		d.Violations = append(d.Violations, number(v))
	}
	if t.Failure != nil {
		d.Class, d.Message = t.Failure.Class, t.Failure.Message
	}
	d.Seconds = Duration(t).Seconds()
	return d
}

// Derived returns the derived values of c by name, nil where there are none.
func Derived(s *space.Space, c space.Config) map[string]space.Value {
	vals, err := s.Derive(c)
	if err != nil || len(vals) == 0 {
		return nil
	}
	m := make(map[string]space.Value, len(vals))
	for k, d := range s.Deriveds() {
		if !vals[k].IsAbsent() {
			m[d.Name] = vals[k]
		}
	}
	return m
}

// Duration is the wall time of the ended attempts of t.
func Duration(t *study.Trial) time.Duration {
	var sum time.Duration
	for _, a := range t.Attempts {
		if !a.Ended.IsZero() {
			sum += a.Ended.Sub(a.Started)
		}
	}
	return sum
}

// Best is the answer to "which is best?".
type Best struct {
	Number int           `json:"number"`
	Params space.Config  `json:"params"`
	Values study.Metrics `json:"values"`
	// Runs is how many complete trials the configuration has, where there are
	// several, and Mean their average.
	Runs int                 `json:"runs,omitempty"`
	Mean map[string]Estimate `json:"mean,omitempty"`
	// Estimate is what the search algorithm believes of it, where it does.
	Estimate map[string]Estimate `json:"estimate,omitempty"`
	// Incumbent is the trial that the evidence speaks for: of all that were
	// evaluated, with contexts in this one, the one with the best estimate or,
	// without estimates, the best mean of its runs where some have several. It
	// may be the same.
	Incumbent *Best `json:"incumbent,omitempty"`
	// Foreseen is the trial on the way that is expected to end best, where one is
	// expected to beat all that are at the end.
	Foreseen *Foreseen `json:"foreseen,omitempty"`
	// Final is the outcome of the final comparison.
	Final *Final `json:"final,omitempty"`
}

// Foreseen is a trial that has not come to its end, with the value that it is
// expected to have there.
type Foreseen struct {
	Number   int                 `json:"number"`
	Step     float64             `json:"step"`
	Params   space.Config        `json:"params"`
	Expected map[string]Estimate `json:"expected"`
}

// Estimate is a believed value.
type Estimate struct {
	Mean number `json:"mean"`
	SE   number `json:"se"`
}

// MakeEstimate returns beliefs by the objectives' names.
func MakeEstimate(h *study.History, mean, se []float64) map[string]Estimate {
	m := make(map[string]Estimate, len(mean))
	for i, o := range h.Objectives {
		m[o.Metric] = Estimate{number(mean[i]), number(se[i])}
	}
	return m
}

// MakeBest returns the best trial t with the evidence there is: all runs of its
// configuration, what believe says of it, and the incumbent.
func MakeBest(h *study.History, t *study.Trial, believe analyze.Belief) Best {
	var runs analyze.Measured
	if len(h.Objectives) == 1 {
		runs = analyze.RunsOf(h, t.Config)
	}
	b := makeBest(h, t, runs, believe)
	if i, ok := analyze.ByEvidence(h, believe); ok {
		other := makeBest(h, i.Trial, i.Measured, believe)
		b.Incumbent = &other
	} else if m, ok := analyze.ByRuns(h); ok {
		other := makeBest(h, m.Trial, m, believe)
		b.Incumbent = &other
	}
	if f, ok := analyze.Foreseen(h); ok && f.Trial.Number != t.Number && f.Trial.State != study.Complete {
		b.Foreseen = &Foreseen{f.Trial.Number, f.Trial.LastStep(), f.Trial.Config,
			MakeEstimate(h, []float64{f.Expected}, []float64{f.SD})}
	}
	b.Final = MakeFinal(h)
	return b
}

// MakeContextBest is MakeBest for the best trial of a context, beside which the
// others of the study say nothing.
func MakeContextBest(h *study.History, c analyze.ContextBest, believe analyze.Belief) Best {
	b := makeBest(h, c.Best, analyze.RunsOf(h, c.Best.Config), believe)
	if i, ok := c.Evidence(h, believe); ok {
		other := makeBest(h, i.Trial, i.Measured, believe)
		b.Incumbent = &other
	}
	return b
}

func makeBest(h *study.History, t *study.Trial, m analyze.Measured, believe analyze.Belief) Best {
	b := Best{Number: t.Number, Params: t.Config, Values: Values(h, t)}
	if m.Runs > 1 {
		b.Runs, b.Mean = m.Runs, MakeEstimate(h, []float64{m.Mean}, []float64{m.SE()})
	}
	if mean, se, ok := believe(t.Config); ok {
		b.Estimate = MakeEstimate(h, mean, se)
	}
	return b
}

// Error is how errors are sent.
type Error struct {
	Code    study.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
}

// MakeError returns err in the form in which it is sent.
func MakeError(err error) Error {
	e := Error{Code: study.CodeOf(err), Message: err.Error()}
	if app, ok := errors.AsType[*study.Error](err); ok {
		e.Hint = app.Hint
		bare := *app
		bare.Hint = ""
		e.Message = bare.Error()
	}
	return e
}

// Line returns v as one line of JSON, without the newline. The values of this
// package always marshal.
func Line(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(map[string]Error{"error": MakeError(err)})
	}
	return b
}
