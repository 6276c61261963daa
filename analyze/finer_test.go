package analyze_test

import (
	"testing"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/study"
)

func TestFiner(t *testing.T) {
	s := line(t)
	const note = `{"arm":"bo","by":"gp","finer":"x at its low end","rule":"bound"}`
	for name, c := range map[string]struct {
		trials int
		notes  map[int]string
		want   string
	}{
		"none":           {3, nil, ""},
		"the last":       {3, map[int]string{2: note}, "x at its low end"},
		"one of another": {3, map[int]string{1: note, 2: `{"arm":"tpe"}`}, "x at its low end"},
		"the newer":      {3, map[int]string{1: `{"finer":"y at its high end"}`, 2: note}, "x at its low end"},
		"long ago":       {40, map[int]string{5: note}, ""},
		"no text":        {3, map[int]string{2: `{"finer":3}`}, ""},
		"no JSON":        {3, map[int]string{2: `finer`}, ""},
	} {
		book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: study.Minimize}}, nil)
		for n := range c.trials {
			tr := &study.Trial{Number: n, State: study.Complete, Config: at(t, s, float64(n)/8), Values: []float64{1}}
			if c.notes != nil {
				tr.Origin = &study.Origin{Note: c.notes[n]}
			}
			book.Put(tr)
		}
		if got := analyze.Finer(book.History()); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
