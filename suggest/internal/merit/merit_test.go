package merit_test

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/merit"
)

func loss(goal study.Goal) study.Objective { return study.Objective{Metric: "loss", Goal: goal} }

func complete(x float64) *study.Trial {
	return &study.Trial{State: study.Complete, Values: []float64{x}}
}

func pruned(step, x float64) *study.Trial {
	return &study.Trial{State: study.Pruned, Reports: []study.Report{
		{Step: step, Values: study.Metrics{{Name: "loss", Value: x}}},
		{Step: step + 1, Values: study.Metrics{{Name: "other", Value: 0}}},
	}}
}

func violating(by ...float64) *study.Trial {
	t := complete(-1e9)
	t.Violations = by
	return t
}

func TestOrder(t *testing.T) {
	list := []struct {
		name string
		*study.Trial
	}{
		{"least loss", complete(-math.MaxFloat64)},
		{"small loss", complete(1)},
		{"satisfied constraint", &study.Trial{State: study.Complete, Values: []float64{2}, Violations: []float64{-1, 0}}},
		{"greatest loss", complete(math.MaxFloat64)},
		{"pruned late", pruned(9, 5)},
		{"pruned early, low", pruned(3, 1)},
		{"pruned early, high", pruned(3, 2)},
		{"pruned early, not a number", pruned(3, math.NaN())},
		{"pruned without a report", &study.Trial{State: study.Pruned}},
		{"violates a little", violating(0.5, -7)},
		{"violates in two", violating(0.5, 0.25)},
		{"violates by not a number", violating(math.NaN())},
	}
	for i, a := range list {
		for j, b := range list {
			x, ok1 := merit.Of(a.Trial, loss(study.Minimize))
			y, ok2 := merit.Of(b.Trial, loss(study.Minimize))
			if !ok1 || !ok2 {
				t.Fatalf("%s or %s has no merit", a.name, b.name)
			}
			got := x.Compare(y)
			if i < j && got >= 0 || i == j && got != 0 || i > j && got <= 0 {
				t.Errorf("%s against %s: %d", a.name, b.name, got)
			}
		}
	}
}

func TestGoal(t *testing.T) {
	for _, c := range []struct {
		goal study.Goal
		want int
		gain float64
	}{{study.Minimize, -1, 0.5}, {study.Maximize, 1, -0.5}} {
		x, _ := merit.Of(complete(1), loss(c.goal))
		y, _ := merit.Of(complete(2), loss(c.goal))
		if got := x.Compare(y); got != c.want {
			t.Errorf("%s: 1 against 2 is %d, want %d", c.goal, got, c.want)
		}
		if got, ok := x.Gain(y); !ok || got != c.gain {
			t.Errorf("%s: gain of 1 over 2 is %v, %v, want %v", c.goal, got, ok, c.gain)
		}
	}
	x, _ := merit.Of(complete(1), loss(study.Minimize))
	y, _ := merit.Of(pruned(1, 1), loss(study.Minimize))
	if _, ok := x.Gain(y); ok {
		t.Error("a gain over a pruned trial")
	}
}

func TestNothingToCompare(t *testing.T) {
	for name, one := range map[string]*study.Trial{
		"failed":      {State: study.Failed, Values: []float64{1}},
		"infeasible":  {State: study.Infeasible},
		"cancelled":   {State: study.Cancelled},
		"without":     {State: study.Complete},
		"not finite":  complete(math.Inf(1)),
		"not finite2": complete(math.NaN()),
	} {
		if m, ok := merit.Of(one, loss(study.Minimize)); ok {
			t.Errorf("%s: merit %v", name, m)
		}
	}
}
