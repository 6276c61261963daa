package e2e_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestEvidence looks at what a model says of a study's results, and at why
// trials were tried.
func TestEvidence(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "model.yaml", `
name: model
command: [echo, "loss={x}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1], default: 0.5 }
  y: { float: [0, 1], default: 0.5 }
search: { algorithm: forest, seed: 1 }
stop: { trials: 14 }
`)
	p.afina(t, "run", "model.yaml").want(t, 0).says(t, "best: loss ", "forest expects loss ", " ± ")
	p.afina(t, "best", "model").want(t, 0).says(t, "best: loss ", "forest expects loss ", "run it again:")

	var best struct {
		Number    int
		Values    map[string]float64
		Estimate  map[string]map[string]float64
		Incumbent *struct {
			Number   int
			Estimate map[string]map[string]float64
		}
	}
	p.afina(t, "best", "model", "--json").want(t, 0).into(t, &best)
	if best.Incumbent == nil || best.Estimate["loss"] == nil || best.Incumbent.Estimate["loss"]["mean"] > best.Estimate["loss"]["mean"] {
		t.Errorf("best --json: %+v", best)
	}

	p.afina(t, "explain", "model", "0").want(t, 0).says(t, "made by     the defaults", "knowing     nothing yet", "came        loss 0.5")
	p.afina(t, "explain", "12").want(t, 0).says(t,
		"trial       12 of study model, complete", "made by     the search algorithm forest (version ",
		"knowing     12 trials, 12 of them ended; the best was trial ", "predicted   loss ", "came        loss ", "by          forest", "earlier trials most like it")
	var why struct {
		Number    int
		Note      map[string]any
		Predicted map[string]map[string]any
		From      string `json:"predicted_from"`
		Seen      int
		Ended     int   `json:"seen_ended"`
		Best      *int  `json:"best_then"`
		Running   []int `json:"running_then"`
		Nearest   []struct {
			Number   int
			Distance float64
			Values   map[string]float64
		}
	}
	p.afina(t, "explain", "model", "12", "--json").want(t, 0).into(t, &why)
	if why.Number != 12 || why.Seen != 12 || why.Ended != 12 || why.Best == nil || len(why.Running) != 0 || why.Note["by"] != "forest" || why.From != "note" || why.Predicted["loss"] == nil {
		t.Errorf("explain --json: %+v", why)
	}
	last := 0.0
	for _, n := range why.Nearest {
		if n.Number >= 12 || n.Distance < last || len(n.Values) != 1 {
			t.Errorf("nearest: %+v", why.Nearest)
		}
		last = n.Distance
	}
	if len(why.Nearest) != 5 {
		t.Errorf("%d trials are near", len(why.Nearest))
	}

	p.afina(t, "explain", "model", "99").want(t, 4).says(t, "there is no trial 99")
	p.afina(t, "explain").want(t, 2).says(t, "explain takes a study and a trial number")

	// The same configuration once more is a replicate; the belief about what
	// a person added is worked out.
	p.afina(t, "add", "model", "x=0", "y=0.25").want(t, 0)
	p.afina(t, "add", "model", "x=0", "y=0.25").want(t, 0)
	p.afina(t, "run", "model.yaml", "--trials", "16").want(t, 0).says(t, "trial 14: loss 0, the best so far", "this configuration was run 2 times: loss 0 ± 0 on average")
	p.afina(t, "explain", "model", "15").want(t, 0).says(t, "made by     a person", "the mean, worked out now from what was known then", " better)")
	var again struct {
		Runs int
		Mean map[string]map[string]json.Number
	}
	p.afina(t, "best", "model", "--json").want(t, 0).into(t, &again)
	if again.Runs != 2 || fmt.Sprint(again.Mean) != "map[loss:map[mean:0 se:0]]" {
		t.Errorf("best --json of replicates: %+v", again)
	}
}
