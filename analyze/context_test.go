package analyze_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// given is a study of x with a complete trial for each row of a context, x and
// a loss.
func given(t *testing.T, rows ...[3]float64) *study.History {
	t.Helper()
	s, err := space.New(space.Spec{Params: []space.Param{
		{Name: "rows", Kind: space.Float, Low: 0, High: 10, Context: true},
		{Name: "x", Kind: space.Float, Low: 0, High: 10},
	}})
	if err != nil {
		t.Fatal(err)
	}
	book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: study.Minimize}}, nil)
	for n, r := range rows {
		c, err := s.Config(map[string]space.Value{"rows": value.Float(r[0]), "x": value.Float(r[1])})
		if err != nil {
			t.Fatal(err)
		}
		book.Put(&study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{r[2]}})
	}
	return book.History()
}

func TestByContext(t *testing.T) {
	h := given(t, [3]float64{2, 1, 5}, [3]float64{1, 1, 9}, [3]float64{2, 2, 4}, [3]float64{1, 2, 10})
	var got []string
	for _, c := range analyze.ByContext(h) {
		got = append(got, c.Best.Config.String())
		if len(c.Context) != 1 || c.Context["rows"] == (space.Value{}) || c.Trials != 2 {
			t.Errorf("%+v", c)
		}
	}
	if d := cmp.Diff([]string{"rows=2 x=2", "rows=1 x=1"}, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// The evidence of a context is of its own trials, however good those of another
// are, and the ten that it takes are those of the study.
func TestEvidenceOfAContext(t *testing.T) {
	var rows [][3]float64
	for i := range 6 {
		rows = append(rows, [3]float64{1, float64(i), 10 + float64(i)}, [3]float64{2, float64(i), float64(i)})
	}
	expects := func(c space.Config) (mean, se []float64, ok bool) { // the opposite of what was measured
		return []float64{-c.At(1).AsFloat()}, []float64{0.5}, true
	}
	h := given(t, rows...)
	for k, c := range analyze.ByContext(h) {
		i, ok := c.Evidence(h, expects)
		if !ok || c.Best.Number != k || i.Trial.Number != 10+k || i.Believed != -5 || i.BelievedSE != 0.5 {
			t.Errorf("context %d: the best is trial %d, by evidence %v, %+v", k, c.Best.Number, ok, i)
		}
	}
	few := given(t, rows[:9]...)
	if _, ok := analyze.ByContext(few)[0].Evidence(few, expects); ok {
		t.Error("nine trials are evidence enough")
	}
}
