package afina_test

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina"
)

// What is expected of the best, and the trial of which the best is expected,
// come from the search algorithm, where it has beliefs.
func TestExpected(t *testing.T) {
	space := afina.Space{afina.Float("x", 0, 1)}
	objective := func(t *afina.Trial) (float64, error) { return math.Abs(t.Params().Float("x") - 0.3), nil }
	run := func(search string, trials int) (*afina.Study, *afina.Result) {
		t.Helper()
		s, err := afina.Open(t.Context(), space, afina.Search(search), afina.Trials(trials), afina.Seed(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		best, err := s.Optimize(t.Context(), objective)
		if err != nil {
			t.Fatal(err)
		}
		return s, best
	}
	s, best := run("forest", 20)
	if len(best.Expected) != 1 || !(best.Expected[0].SE >= 0) || math.Abs(best.Expected[0].Mean-best.Value) > 0.2 {
		t.Errorf("of the best, %v, is expected %v", best, best.Expected)
	}
	i := s.Incumbent()
	if i == nil || len(i.Expected) != 1 || i.State != afina.Complete || i.Expected[0].Mean > best.Expected[0].Mean {
		t.Fatalf("the incumbent is %v, expected %v", i, i.Expected)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again := s.Incumbent(); again == nil || again.Number != i.Number {
		t.Errorf("of the closed study the incumbent is %v", again)
	}
	if s, best := run("random", 20); s.Incumbent() != nil || best.Expected != nil {
		t.Errorf("random search expects %v, its incumbent is %v", best.Expected, s.Incumbent())
	}
	if s, _ := run("forest", 9); s.Incumbent() != nil {
		t.Errorf("nine trials have the incumbent %v", s.Incumbent())
	}
}
