package study_test

import (
	"math"
	"testing"
	"time"

	"github.com/afina-hpo/afina/study"
)

func TestCost(t *testing.T) {
	at := func(minutes int) time.Time { return time.Unix(0, 0).Add(time.Duration(minutes) * time.Minute) }
	metric := func(x float64) study.Metrics { return study.Metrics{{Name: "usd", Value: x}} }
	reports := []study.Report{{Step: 1, Values: metric(2)}, {Step: 2, Values: metric(3)}, {Step: 3, Values: study.Metrics{{Name: "loss", Value: 9}}}}
	attempts := []study.Attempt{{Started: at(0), Ended: at(30)}, {Started: at(40), Ended: at(70)}, {Started: at(80)}}
	usd, price := study.Cost{Metric: "usd"}, study.Cost{PerHour: 4}
	for name, c := range map[string]struct {
		cost study.Cost
		t    study.Trial
		want float64
		ok   bool
	}{
		"reported at last":   {usd, study.Trial{Metrics: metric(5), Reports: reports}, 5, true},
		"reported while":     {usd, study.Trial{Reports: reports}, 3, true},
		"not reported":       {usd, study.Trial{Attempts: attempts}, 0, false},
		"below nothing":      {usd, study.Trial{Metrics: metric(-1)}, 0, false},
		"not a number":       {usd, study.Trial{Metrics: metric(math.NaN())}, 0, false},
		"by the hour":        {price, study.Trial{Attempts: attempts}, 4, true},
		"by the hour, fresh": {price, study.Trial{}, 0, true},
	} {
		if got, ok := c.cost.Of(&c.t); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %v, want %v, %v", name, got, ok, c.want, c.ok)
		}
	}
}
