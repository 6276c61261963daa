package afina_test

import (
	"context"
	"math"
	"math/rand"
	"path/filepath"
	"testing"

	"github.com/afina-hpo/afina"
	"github.com/afina-hpo/afina/analyze"
)

// A noisy function whose default is bad: the winner is found by runs that have
// not been selected, and by a study that is opened again the same.
func TestFinal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.db")
	runs := 0
	objective := func(tr *afina.Trial) (float64, error) {
		runs++
		x := tr.Params().Float("x")
		return (x-0.3)*(x-0.3) + 0.02*rand.New(rand.NewSource(tr.Seed())).NormFloat64(), nil
	}
	open := func() *afina.Study {
		s, err := afina.Open(context.Background(), afina.Space{afina.Float("x", 0, 1, afina.Default(0.9))},
			afina.Search("qmc"), afina.Seed(3), afina.Trials(20), afina.Repeat(2), afina.Final(3, 6), afina.Store(file))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	best, err := s.Optimize(context.Background(), objective)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := s.Verdict()
	if !ok || v.Answer != afina.Helped || v.Waiting != 0 || len(v.Finalists) != 4 {
		t.Fatalf("the verdict is %+v, %v", v, ok)
	}
	w := v.Finalists[v.Winner]
	if w.Result.Number != best.Number || w.Runs != 6 || !(w.Low > 0.2 && w.Low <= w.Gain && w.Gain <= w.High) {
		t.Errorf("the winner is %+v, Optimize returned trial %d", w, best.Number)
	}
	if last := v.Finalists[3]; !last.Default || last.Gain != 0 {
		t.Errorf("the last is %+v, not the default", last)
	}
	if runs != 20+4*6 {
		t.Errorf("%d runs", runs)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	if again, err := s.Optimize(context.Background(), objective); err != nil || again.Number != best.Number || runs != 44 {
		t.Errorf("opened again it made %d runs and returned %v, %v", runs, again, err)
	}
	if math.IsNaN(w.Mean.SE) || analyze.Answer(v.Answer) != analyze.Helped {
		t.Errorf("the mean is %+v", w.Mean)
	}
}

func TestFinalRefuses(t *testing.T) {
	space := afina.Space{afina.Float("x", 0, 1)}
	for name, o := range map[string][]afina.Option{
		"one run":                       {afina.Final(3, 1)},
		"nothing":                       {afina.Final(0, 3)},
		"several objectives":            {afina.Minimize("a", "b"), afina.Final(2, 2)},
		"a scheduler that makes copies": {afina.Fidelity(1, 9), afina.Schedule("pbt"), afina.Search("random"), afina.Final(2, 2)},
		"one run of what looks best":    {afina.Repeat(1)},
		"a search without a model":      {afina.Search("random"), afina.Repeat(0)},
	} {
		if s, err := afina.Open(context.Background(), space, o...); err == nil {
			s.Close()
			t.Errorf("%s is accepted", name)
		}
	}
}
