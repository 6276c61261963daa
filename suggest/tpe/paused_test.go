package tpe

import (
	"testing"

	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Of a trial that runs a lie is told, of one that is paused after a report none,
// and the lie of one that ran and is paused now is taken back.
func TestPausedTrialsAreNoLies(t *testing.T) {
	sp := spacetest.Floats(2)
	objectives := []study.Objective{{Metric: "loss", Goal: study.Minimize}}
	book := study.NewBook(sp, objectives, &study.Fidelity{Min: 1, Max: 9})
	report := []study.Report{{Step: 1, Values: study.MakeMetrics(map[string]float64{"loss": 1})}}
	put := func(n int, state study.State, reports []study.Report, values []float64) {
		c, err := sp.Sample(study.Stream(1, n, study.PurposeSuggest))
		if err != nil {
			t.Fatal(err)
		}
		book.Put(&study.Trial{Number: n, State: state, Config: c, Reports: reports, Values: values})
	}
	for n := range 20 {
		put(n, study.Complete, report, []float64{float64(n)})
	}
	put(20, study.Running, nil, nil)
	put(21, study.Running, report, nil)
	put(22, study.Paused, report, nil)
	put(23, study.Paused, nil, nil)
	made, err := Method().New(suggest.Problem{Objectives: 1}, setting.Values{"constant_liar": value.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	s := made.(*suggester)
	lies := func() []int32 {
		s.begin(suggest.Request{History: book.History(), Seed: 1, First: book.Len(), N: 1})
		var ids []int32
		for _, l := range s.open {
			ids = append(ids, l.id)
		}
		return ids
	}
	same := func(got []int32, want ...int32) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("lies about %v, want %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("lies about %v, want %v", got, want)
			}
		}
	}
	same(lies(), 20, 21, 23)
	put(21, study.Paused, report, nil)
	same(lies(), 20, 23)
	put(22, study.Running, report, nil)
	same(lies(), 20, 22, 23)
}
