package bo_test

import (
	"context"
	"math"
	"testing"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// believed returns what a process expects at x = 0.5, where one of twenty noisy
// trials came out much too good, when that trial reports such an error and the
// others one of 0.05; 0: nobody reports any.
func believed(t *testing.T, se float64) float64 {
	t.Helper()
	s := suggesttest.Space(unit("x")...)
	b := study.NewBook(s, suggesttest.Loss(), nil)
	for n := range 20 {
		x := (float64(n) + 0.5) / 20
		loss := 1 + (x-0.2)*(x-0.2) + 0.05*study.Stream(1, n, "noise").NormFloat64()
		tr := &study.Trial{Number: n, State: study.Complete, Config: s.Decode([]float64{x})}
		if n == 10 {
			loss = 0.8
		}
		metrics := map[string]float64{"loss": loss}
		switch {
		case se > 0 && n == 10:
			metrics["loss"+study.ErrorSuffix] = se
		case se > 0:
			metrics["loss"+study.ErrorSuffix] = 0.05
		}
		tr.Values, tr.Metrics = []float64{loss}, study.MakeMetrics(metrics)
		b.Put(tr)
	}
	// Without a map of the losses, under which equal errors are not equal any more.
	one, err := bo.Method().New(suggest.Problem{Objectives: 1}, setting.Values{"warp": value.String("identity")})
	if err != nil {
		t.Fatal(err)
	}
	mean, _, ok := one.(suggest.Estimator).Estimate(b.History(), s.Decode([]float64{0.525}))
	if !ok {
		t.Fatal("nothing is believed")
	}
	return mean[0]
}

// A trial that says itself that it is unsure is believed less.
func TestReportedErrorsSayWhatALossIsWorth(t *testing.T) {
	none, same, unsure, sure := believed(t, 0), believed(t, 0.05), believed(t, 0.4), believed(t, 0.005)
	if math.Abs(none-same) > 1e-9 {
		t.Errorf("with equal errors %v is believed, without any %v", same, none)
	}
	if !(unsure > none+0.005 && sure < none-0.005) {
		t.Errorf("believed is %v, of an unsure trial %v, of a sure one %v", none, unsure, sure)
	}
}

// With repeats and reported errors a search that lives long answers what one
// does that was started just now.
func TestRunsAndErrorsAreAFunctionOfTheHistory(t *testing.T) {
	settings := setting.Values{"trend": value.Bool(true)}
	s := suggesttest.Space(unit("x", "y")...)
	b := study.NewBook(s, suggesttest.Loss(), nil)
	long, err := bo.Method().New(suggest.Problem{Objectives: 1}, settings)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		r := study.Stream(4, n, "test")
		c := s.Decode([]float64{r.Float64(), r.Float64()})
		if n > 3 && r.IntN(3) == 0 {
			c = b.Trial(r.IntN(n)).Config
		}
		loss := c.At(0).AsFloat() + (0.05+c.At(0).AsFloat())*r.NormFloat64()
		tr := &study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{loss}, Metrics: study.MakeMetrics(map[string]float64{"loss": loss})}
		switch r.IntN(5) {
		case 0:
			tr.State, tr.Values = study.Failed, nil
		case 1, 2:
			tr.Metrics = study.MakeMetrics(map[string]float64{"loss": loss, "loss_se": 0.1 + r.Float64()})
		}
		b.Put(tr)
		if n < 5 {
			continue
		}
		fresh, err := bo.Method().New(suggest.Problem{Objectives: 1}, settings)
		if err != nil {
			t.Fatal(err)
		}
		request := suggest.Request{History: b.History(), N: 1, First: n + 1, Seed: 1}
		var got [2]suggest.Proposal
		for i, one := range []suggest.Suggester{long, fresh} {
			ps, err := one.Suggest(context.Background(), request)
			if err != nil {
				t.Fatal(err)
			}
			got[i] = ps[0]
		}
		if !got[0].Config.Equal(got[1].Config) || got[0].Note != got[1].Note {
			t.Fatalf("after %d trials %v %s, asked anew %v %s", n+1, got[0].Config, got[0].Note, got[1].Config, got[1].Note)
		}
	}
}
