package afina_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/afina-hpo/afina"
)

// configs returns the configurations of complete trials as sorted texts. Which
// of two parameters comes first is not compared: where trials run at once it
// is a matter of luck which of them is known first.
func configs(rs []afina.Result) []string {
	var out []string
	for _, r := range rs {
		if r.State == afina.Complete {
			words := strings.Fields(r.Params.String())
			slices.Sort(words)
			out = append(out, strings.Join(words, " "))
		}
	}
	slices.Sort(out)
	return out
}

// open opens a study that the test's end closes.
func open(t *testing.T, sp afina.Space, options ...afina.Option) *afina.Study {
	t.Helper()
	s, err := afina.Open(t.Context(), sp, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// states returns the state of every trial.
func states(s *afina.Study) []afina.State {
	var out []afina.State
	for _, r := range s.Trials() {
		out = append(out, r.State)
	}
	return out
}

// network is a space with a branch and a loop; its value has no meaning.
func network(t *afina.Trial) (float64, error) {
	x := t.Float("lr", 1e-5, 1e-1, afina.Log())
	layers := t.Int("layers", 1, 4)
	units := 0
	for i := range layers {
		units += t.Int([]string{"units0", "units1", "units2", "units3"}[i], 16, 256, afina.Log())
	}
	if t.Choice("opt", "sgd", "adam") == "sgd" {
		x += t.Float("momentum", 0, 0.99, afina.Default(0.9))
	} else if t.Bool("amsgrad") {
		x += afina.Pick(t, "eps", []float64{1e-8, 1e-6, 1e-4})
	}
	return x + float64(units), nil
}
