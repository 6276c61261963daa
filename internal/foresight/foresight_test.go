package foresight

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

var steps = []float64{1, 3, 9, 27}

// history is a study of trials with these losses on the rungs 1, 3, 9 and 27;
// NaN is a report that is none. Those that came to the end are complete.
func history(t testing.TB, goal study.Goal, trials [][]float64) *study.History {
	t.Helper()
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	o := study.Objective{Metric: "y", Goal: goal, Reduce: study.Reduction{Kind: "last"}}
	b := study.NewBook(s, []study.Objective{o}, &study.Fidelity{Step: "epoch", Min: 1, Max: 27})
	for n, losses := range trials {
		c, err := s.Sample(study.Stream(1, n, "history"))
		if err != nil {
			t.Fatal(err)
		}
		tr := &study.Trial{Number: n, Config: c, State: study.Paused}
		for k, y := range losses {
			tr.Reports = append(tr.Reports, study.Report{Step: steps[k], Values: study.MakeMetrics(map[string]float64{"y": o.Loss(y)})})
		}
		if k := len(losses); k == 4 {
			tr.State, tr.Values = study.Complete, []float64{o.Loss(losses[3])}
		}
		b.Put(tr)
	}
	return b.History()
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		f         study.Fidelity
		reduction float64
		want      []float64
	}{
		{study.Fidelity{Min: 1, Max: 81}, 3, []float64{1, 3, 9, 27, 81}},
		{study.Fidelity{Min: 1, Max: 52}, 3, []float64{1, 3, 9, 27, 52}},
		{study.Fidelity{Min: 1, Max: 46}, 3, []float64{1, 3, 9, 46}}, // 27 is nearly 46
		{study.Fidelity{Min: 0.25, Max: 1}, 2, []float64{0.25, 0.5, 1}},
		{study.Fidelity{Min: 5, Max: 6}, 3, []float64{6}},
	} {
		if d := cmp.Diff(c.want, Steps(c.f, c.reduction)); d != "" {
			t.Errorf("%v: %s", c.f, d)
		}
	}
}

// Everybody loses 1 by the second rung and 1 by the third, so that those who
// wait on the first are expected to.
func TestCarriesUp(t *testing.T) {
	m := New(history(t, study.Minimize, [][]float64{
		{5, 4, 3}, {5.1, 4.1, 3.1}, {5.2, 4.2}, {5.3, 4.3}, {5.4, 4.4}, {5.45, 4.45}, {4.9}, {6}, {6.1}, {7}, {8},
	}), steps)
	if got := m.Best(); got != 6 {
		t.Errorf("best is %d, want the trial on the first rung that leads there", got)
	}
	if got := m.Trial(6); got.Rung != 0 || math.Abs(got.Mean-2.9) > 0.1 || !(got.SD > m.Trial(2).SD && m.Trial(2).SD > m.Trial(0).SD) {
		t.Errorf("it is expected at %+v, want near 2.9 and less sure than those farther on", got)
	}
	if m.Len() != 11 || m.Link(0) < 0.8 || m.Told(0) > m.Told(1) || m.Told(3) != 1 {
		t.Errorf("links %v, %v", m.Link(0), m.Told(0))
	}
}

// Reports every tenth step say nothing of the steps before the tenth.
func TestCoarseReports(t *testing.T) {
	h := history(t, study.Minimize, nil)
	tr := &study.Trial{Config: space.Config{}, State: study.Paused}
	for _, step := range []float64{10, 20} {
		tr.Reports = append(tr.Reports, study.Report{Step: step, Values: study.MakeMetrics(map[string]float64{"y": step})})
	}
	got := stand(h.Objectives[0], tr, steps)
	inf := math.Inf(1)
	if d := cmp.Diff([]float64{inf, inf, 10}, got.at); d != "" || got.Rung != 2 {
		t.Errorf("rung %d\n%s", got.Rung, d)
	}
}

// The first rung has the order of the end upside down or none: who leads there
// is not expected to lead at the end.
func TestARungThatTellsNothing(t *testing.T) {
	var trials [][]float64
	for i := range 12 {
		trials = append(trials, []float64{float64(i*5%12) / 12, float64(i) / 12})
	}
	trials = append(trials, []float64{-1})
	m := New(history(t, study.Minimize, trials), steps)
	if m.Link(0) > 0.4 {
		t.Errorf("the link is %v", m.Link(0))
	}
	if got := m.Best(); got != 0 {
		t.Errorf("best is %d, want the best on the second rung", got)
	}
}

// Golden values by scipy's spearmanr, then r√u/√(1+r²(u-1)) with u the
// variance of an even distribution over that of the places, then the mean with
// four times the belief.
func TestAgreement(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	for _, c := range []struct {
		name      string
		x, y, all []float64
		first     bool
		want      float64
	}{
		{"too few", x[:1], x[:1], x, false, 0.8},
		{"all the same", x[:3], []float64{1, 1, 1}, x, true, 0.5},
		{"in order", x, x, x, false, (8 + 4*0.8) / 12},
		{"upside down", x, []float64{8, 7, 6, 5, 4, 3, 2, 1}, x, true, (-8 + 4*0.5) / 12},
		{"the better half", x[:4], []float64{1, 3, 2, 4}, x, false, (4*0.922224668326776 + 4*0.8) / 8},
	} {
		if got := agreement(c.x, c.y, c.all, c.first); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestFitLink(t *testing.T) {
	for _, c := range []struct {
		name         string
		x, y         []float64
		spread, told float64
		want         link
	}{
		{"nobody went on", nil, nil, 2, 0.8, link{1, 0, 2 * (1/0.64 - 1), 0.8, 0}},
		// By numpy. Pulled to 0.8 with the weight of two: the slope is (3·2 + 2·0.8·√(vy/vx))/(3+2)
		// with vy/vx = (4·5/3·3 + 2)/(5/3·3 + 2) = 22/7.
		{"a line of slope 2", []float64{0, 1, 2, 3}, []float64{1, 3, 5, 7}, 1, 0.8, link{1.7672993666738674, 1.349050949989199, 0.8371246539586527, 0.8, 4}},
	} {
		got := fitLink(c.x, c.y, c.spread, c.told)
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(link{}), cmpopts.EquateApprox(0, 1e-6)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// Whatever is reported: what is expected is finite where something was measured,
// keeps the order on a rung, is 0 off where it was measured, and the same for
// the mirror image.
func TestProperties(t *testing.T) {
	value := rapid.OneOf(rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{0, 1, 1e99, -1e99, 1e308, math.Inf(1), math.Inf(-1), math.NaN()}))
	rapid.Check(t, func(rt *rapid.T) {
		trials := rapid.SliceOfN(rapid.SliceOfN(value, 0, 4), 0, 25).Draw(rt, "trials")
		m := New(history(t, study.Minimize, trials), steps)
		mirror := New(history(t, study.Maximize, trials), steps)
		for i := range m.Len() {
			a, b := m.Trial(i), mirror.Trial(i)
			if a.Mean != b.Mean || a.SD != b.SD {
				rt.Fatalf("trial %d: %+v, mirrored %+v", i, a, b)
			}
			if a.Rung < 0 {
				continue
			}
			if math.IsNaN(a.Mean) || math.IsNaN(a.SD) || a.SD < 0 || a.Rung == 3 && a.SD != 0 {
				rt.Fatalf("trial %d: %+v", i, a)
			}
			for j := range i {
				if o := m.Trial(j); o.Rung == a.Rung && o.Loss() < a.Loss() && o.Mean > a.Mean {
					rt.Fatalf("trials %d and %d on rung %d: %v and %v, expected %v and %v", j, i, a.Rung, o.Loss(), a.Loss(), o.Mean, a.Mean)
				}
			}
		}
		for k := range len(steps) - 1 {
			if l := m.Link(k); !(l >= -1 && l <= 1) || m.Told(k) < 0 || m.Told(k) > m.Told(k+1) {
				rt.Fatalf("link %d: %v", k, l)
			}
		}
	})
}
