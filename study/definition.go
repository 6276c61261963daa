package study

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/study/setting"
)

// Definition says what is tuned, how, and for how long. It does not change
// while a study runs, except through events that say so.
type Definition struct {
	// ID names the study for ever and everywhere; Name is what people call
	// it, unique in its store.
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Source is the study file or command line as the user wrote it.
	Source string `json:"source,omitempty"`
	// Dir is the folder that the command's paths are relative to.
	Dir string `json:"dir,omitempty"`

	Space      *space.Space `json:"-"` // in the JSON under "space"
	Objectives []Objective  `json:"objectives"`
	// Outcomes are constraints on reported metrics: a trial that violates one
	// is complete but never the best.
	Outcomes []*expr.Program `json:"outcomes,omitempty"`
	Fidelity *Fidelity       `json:"fidelity,omitempty"`

	Search   Method `json:"search"`
	Schedule Method `json:"schedule"`
	Seed     uint64 `json:"seed"`
	Parallel int    `json:"parallel"`
	// Ahead is how many configurations are chosen while the trials before
	// them still run, so that a free slot starts at once.
	Ahead int `json:"ahead,omitempty"`
	// Repeat lets configurations run again, see package repeat: by what it is
	// worth (Auto), or until what looks best has had so many runs; nil: never.
	Repeat *Limit `json:"repeat,omitempty"`

	// Enqueue is configurations to try first; parameters left out are filled
	// in by default or at random.
	Enqueue []map[string]space.Value `json:"enqueue,omitempty"`
	// WarmStart names the earlier studies to learn from, as the user wrote
	// them; Earlier is what they held when this study was made, and never
	// changes.
	WarmStart []string  `json:"warm_start,omitempty"`
	Earlier   []Earlier `json:"earlier,omitempty"`

	// Fix is values that new trials have, wherever the parameters exist; the
	// others are searched. It may change between runs.
	Fix map[string]space.Value `json:"fix,omitempty"`

	// Cost says what a trial costs, nil where nobody counts that.
	Cost *Cost `json:"cost,omitempty"`

	// Final is the comparison that the study ends with, nil for none.
	Final *Final `json:"final,omitempty"`

	Stop      Stop      `json:"stop"`
	Retry     Retry     `json:"retry"`
	Command   *Command  `json:"command,omitempty"` // nil: trials are asked for and told
	Resources Resources `json:"resources,omitzero"`
	Report    Reporting `json:"report,omitzero"`
}

// Fidelity says that a report's step is a resource of which more is better
// knowledge: an epoch, a boosting round, a fold, a part of the data.
type Fidelity struct {
	Step string  `json:"step,omitempty"` // what the output calls it: "epoch"
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	// Samples, if set, says that steps are samples, 1 to Max, and Levels that
	// they are values of a parameter. At most one of the two is set.
	Samples *Samples `json:"samples,omitempty"`
	Levels  *Levels  `json:"levels,omitempty"`
}

// Method names an algorithm or a scheduler with its settings.
type Method struct {
	Name     string         `json:"name"`
	Settings setting.Values `json:"settings,omitempty"`
}

// Stop says when a study ends; zero fields do not bound it.
type Stop struct {
	Trials        int      `json:"trials,omitempty"`         // trials that reach an end
	Time          Duration `json:"time,omitempty"`           // wall time, summed over resumptions
	Target        *float64 `json:"target,omitempty"`         // a value of the first objective
	NoImprovement int      `json:"no_improvement,omitempty"` // ended trials without a new best
	Resource      float64  `json:"resource,omitempty"`       // units of the fidelity paid, over all trials
	Cost          float64  `json:"cost,omitempty"`           // money, over all trials; see [Definition.Cost]
	// Improvement ends the study when one more trial is expected to improve
	// the first objective by less.
	Improvement float64 `json:"improvement,omitempty"`
	// Regret ends it when no configuration can be better than the best by
	// more.
	Regret *Limit `json:"regret,omitempty"`
	// Finish lets running trials end when time is up instead of ending them.
	Finish bool `json:"finish,omitempty"`
}

// Final says that when the search is over the best configurations and the
// default are run again, each so often, with the same seeds. These trials are
// beyond every bound of the study.
type Final struct {
	Top  int `json:"top"`  // how many of the best
	Runs int `json:"runs"` // how often each, 2 at least
	// Now ends the search as it is.
	Now bool `json:"now,omitempty"`
}

// Retry says what happens to a trial that failed for no fault of its
// configuration.
type Retry struct {
	Max     int      `json:"max"`     // attempts beyond the first
	On      []string `json:"on"`      // failure classes, or "exit:75"
	Backoff Duration `json:"backoff"` // before the first retry; doubles, with jitter
	// MaxConsecutiveFailed stops the study when so many trials in a row
	// failed; 0: never.
	MaxConsecutiveFailed int `json:"max_consecutive_failed"`
}

// Command is the program to tune.
type Command struct {
	// Argv has placeholders; with Shell it is one text for the shell and has
	// none, because values then come as environment variables only.
	Argv  []string          `json:"argv"`
	Shell bool              `json:"shell,omitempty"`
	Dir   string            `json:"dir,omitempty"` // relative to the definition's Dir
	Env   map[string]string `json:"env,omitempty"`
	// Setup is commands that run once, before the first trial of each run.
	Setup [][]string `json:"setup,omitempty"`

	PerTrial Duration `json:"per_trial,omitempty"` // wall time of one attempt
	Silence  Duration `json:"silence,omitempty"`   // longest time without output
	Grace    Duration `json:"grace,omitempty"`     // from the stop file to SIGTERM
	LogLimit int64    `json:"log_limit,omitempty"` // bytes of log kept a stream and attempt
}

// Resources is what one trial occupies.
type Resources struct {
	CPU    int   `json:"cpu,omitempty"`
	Memory int64 `json:"memory,omitempty"` // bytes
	GPU    int   `json:"gpu,omitempty"`
}

// Reporting says how results are read from the command's output.
type Reporting struct {
	Format   string    `json:"format,omitempty"` // auto, jsonl, text, regex, csv, file, none
	Patterns []Pattern `json:"patterns,omitempty"`
	File     string    `json:"file,omitempty"` // a metrics file that the program writes itself
	Step     string    `json:"step,omitempty"` // what the output calls a step
}

// Pattern finds one metric in a line; see package harvest.
type Pattern struct {
	Metric string `json:"metric"`
	Regex  string `json:"regex"`
	Step   string `json:"step_regex,omitempty"`
}

// MarshalJSON writes the definition with its space.
func (d Definition) MarshalJSON() ([]byte, error) {
	type plain Definition
	return json.Marshal(struct {
		plain
		Space *space.Space `json:"space"`
	}{plain(d), d.Space})
}

// UnmarshalJSON reads what [Definition.MarshalJSON] writes.
func (d *Definition) UnmarshalJSON(b []byte) error {
	type plain Definition
	in := struct {
		*plain
		Space json.RawMessage `json:"space"`
	}{plain: (*plain)(d)}
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("read study: %w", err)
	}
	s, err := space.Parse(in.Space)
	if err != nil {
		return fmt.Errorf("read study: %w", err)
	}
	d.Space = s
	return nil
}
