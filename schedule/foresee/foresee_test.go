package foresee

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func TestContract(t *testing.T) {
	for name, v := range map[string]setting.Values{
		"beginning again":  nil,
		"resuming":         {"resume": value.Bool(true)},
		"few begin":        {"resume": value.Bool(true), "share": value.Float(0.1)},
		"the best goes on": {"finish": value.Float(1)},
		"by rank":          {"early": value.Float(0)},
	} {
		t.Run(name, func(t *testing.T) {
			values := setting.Values{"reduction": value.Float(4)} // so that no program ends on a rung
			for name, one := range v {
				values[name] = one
			}
			scheduletest.Run(t, Method, scheduletest.Options{Settings: values, Trials: 24, MaxObjectives: 1})
		})
	}
}

func TestRefuses(t *testing.T) {
	one := []study.Objective{{Metric: "y", Goal: study.Minimize}}
	for _, c := range []struct {
		name string
		p    schedule.Problem
		want string
	}{
		{"no fidelity", schedule.Problem{Objectives: one}, "no fidelity"},
		{"a fidelity without a range", schedule.Problem{Objectives: one, Fidelity: &study.Fidelity{Min: 3, Max: 3}}, "no fidelity"},
		{"two objectives", schedule.Problem{Objectives: append(one, one...), Fidelity: &study.Fidelity{Min: 1, Max: 9}}, "the study has 2"},
	} {
		_, err := Method().New(c.p, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || study.CodeOf(err) != study.Invalid {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// scene is a study with steps 1 to 81, written by hand: of each trial the
// losses on the rungs 1, 3, 9, 27 and 81 that it has reached.
func scene(t testing.TB, trials [][]float64) (*scheduler, *study.History) {
	t.Helper()
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	o := study.Objective{Metric: "y", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}
	f := &study.Fidelity{Step: "epoch", Min: 1, Max: 81}
	b := study.NewBook(s, []study.Objective{o}, f)
	for n, losses := range trials {
		c, err := s.Sample(study.Stream(1, n, "scene"))
		if err != nil {
			t.Fatal(err)
		}
		tr := &study.Trial{Number: n, Config: c, State: study.Paused, Bracket: 1, Until: math.Pow(3, float64(len(losses)-1))}
		for k, y := range losses {
			tr.Reports = append(tr.Reports, study.Report{Step: math.Pow(3, float64(k)), Values: study.MakeMetrics(map[string]float64{"y": y})})
		}
		if len(losses) == 5 {
			tr.State, tr.Values = study.Complete, losses[4:]
		}
		b.Put(tr)
	}
	one, err := newScheduler(schedule.Problem{Objectives: []study.Objective{o}, Fidelity: f}, setting.Values{"resume": value.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return one.(*scheduler), b.History()
}

// curves returns n trials that came to rung at; the order on the rungs in noisy
// is any, on the others that of the end.
func curves(n, at int, noisy ...int) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		r := study.Stream(5, i, "curves")
		end := r.Float64()
		for k := range at + 1 {
			y := end + 1/float64(k+1)
			for _, bad := range noisy {
				if k == bad {
					y = r.Float64() + 1/float64(k+1)
				}
			}
			out[i] = append(out[i], y)
		}
	}
	return out
}

func TestWhereTrialsBegin(t *testing.T) {
	for _, c := range []struct {
		name   string
		trials [][]float64
		want   int
	}{
		{"nothing known: on the second rung", nil, 1},
		{"the first rung agrees", curves(12, 1), 0},
		{"the first rung tells nothing", curves(12, 1, 0), 1},
		{"the second tells nothing either", curves(24, 2, 0, 1), 2},
		{"every fourth one higher", curves(15, 1), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, h := scene(t, c.trials)
			s.follow(h)
			if got := s.first(s.look(h)); got != c.want {
				t.Errorf("rung %d, want %d", got, c.want)
			}
		})
	}
}

// Among trials on one rung the best goes on first, whatever was learned.
func TestNeverAWorseOneFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loss := rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 0.5, 1, 1e6}))
		var trials [][]float64
		for range rapid.IntRange(4, 30).Draw(t, "trials") {
			trials = append(trials, rapid.SliceOfN(loss, 1, 5).Draw(t, "losses"))
		}
		s, h := scene(&inner{}, trials)
		for _, closed := range []bool{false, true} {
			o := s.next(h, closed)
			if o.Action != schedule.Resume {
				continue
			}
			chosen := trials[o.Trial]
			if o.Until != math.Pow(3, float64(len(chosen))) || o.From != math.Pow(3, float64(len(chosen)-1)) {
				t.Fatalf("trial %d with %d rungs goes on from %v until %v", o.Trial, len(chosen), o.From, o.Until)
			}
			for n, other := range trials {
				if k := len(chosen); len(other) == k && other[k-1] < chosen[k-1]-1e-9 { // less is rounding
					t.Fatalf("trial %d goes on with %v, before trial %d with %v on the same rung", o.Trial, chosen, n, other)
				}
			}
		}
	})
}

// inner fails a scene inside of a property.
type inner struct{ testing.TB }

func (*inner) Helper()           {}
func (*inner) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// The best of those that wait goes to the end, however many others begin.
func TestSomebodyComesToTheEnd(t *testing.T) {
	f := &study.Fidelity{Step: "epoch", Min: 1, Max: 81}
	for _, resume := range []bool{true, false} {
		for _, workers := range []int{1, 16} {
			d := scheduletest.Setup{Fidelity: f, Workers: workers, Trials: 100_000, Resource: 40 * f.Max,
				Program: func(n int, _ space.Config) scheduletest.Program {
					r := study.Stream(3, n, "end")
					return scheduletest.Program{Value: scheduletest.Falling(r.Float64(), 1+9*r.Float64()), Forgetful: !resume}
				}}
			p := d.Problem()
			p.Trials = 0
			s, err := Method().New(p, setting.Values{"resume": value.Bool(resume)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := scheduletest.Simulate(s, d)
			if err != nil {
				t.Fatal(err)
			}
			whole := 0
			for n := range got.Log.Book.Len() {
				if got.Log.Book.Trial(n).State == study.Complete {
					whole++
				}
			}
			// A part of what forty whole trainings cost.
			if whole < 2 || whole > 20 {
				t.Errorf("resume %v, %d workers: %d of %d trials came to the end", resume, workers, whole, got.Log.Book.Len())
			}
		}
	}
}

func TestGain(t *testing.T) {
	for _, c := range []struct{ gap, sd, want float64 }{
		{0, 1, 0.3989422804014327},      // 1/√(2π)
		{1, 1, 0.08331547058768629},     // φ(1) - 1·Φ(-1), scipy.stats.norm
		{0.5, 2, 0.5726893964471604},    // 2(φ(¼) - ¼Φ(-¼))
		{3, 0.5, 7.817848979855953e-11}, // ½(φ(6) - 6Φ(-6))
		{1, 0, 0},
		{math.Inf(1), 1, 0},
	} {
		if got := gain(c.gap, c.sd); math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("gain(%v, %v) = %v, want %v", c.gap, c.sd, got, c.want)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			trials := curves(n, 1)
			for i := 0; i < n; i += 3 {
				trials[i] = curves(i+1, 2)[i]
				if i > 3000 {
					break
				}
			}
			s, h := scene(b, trials)
			b.ReportAllocs()
			for b.Loop() {
				s.last = nil
				s.Next(h)
			}
		})
	}
}
