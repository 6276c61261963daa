package study

import "github.com/afina-hpo/afina/space"

// Earlier is what a study knows of another one that it starts warm from: a
// copy, taken when the study was made. What becomes of the other one later, or
// of its file, changes nothing.
type Earlier struct {
	// Study is the other study's ID, "" where a list of results was given;
	// Name is what people call it.
	Study string `json:"study,omitempty"`
	Name  string `json:"name"`
	// Metrics are the names of the objectives, in this study's order, that the
	// other one measured.
	Metrics []string `json:"metrics"`
	// Params are the names of the parameters that both have.
	Params []string `json:"params"`
	// Total is how many trials the other one had ended, of which Trials are
	// those that can be learned from, or as many of them as are kept.
	Total  int            `json:"total"`
	Trials []EarlierTrial `json:"trials"`
}

// EarlierTrial is one trial of an earlier study.
type EarlierTrial struct {
	Number int `json:"number"`
	// Pruned is set where the scheduler ended it: its values are those of a
	// step on the way.
	Pruned bool `json:"pruned,omitempty"`
	// Params has the values of the common parameters that the trial had.
	Params map[string]space.Value `json:"params"`
	// Values has one finite number for each of the metrics, in the objective's
	// own direction and units.
	Values []float64 `json:"values"`
}
