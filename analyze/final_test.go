package analyze_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// finalStudy builds studies with final comparisons.
type finalStudy struct {
	t    *testing.T
	book *study.Book
}

func newFinal(t *testing.T, goal study.Goal) *finalStudy {
	return &finalStudy{t, study.NewBook(line(t), []study.Objective{{Metric: "m", Goal: goal}}, nil)}
}

func (f *finalStudy) put(x float64, method, note string, seen int, values ...float64) int {
	n := f.book.Len()
	tr := &study.Trial{
		Number: n, State: study.Complete, Config: at(f.t, f.book.Space, x), Values: values,
		Origin: &study.Origin{Method: method, Note: note, Seen: seen, Stream: -1},
	}
	if values == nil {
		tr.State = study.Failed
	}
	f.book.Put(tr)
	return n
}

// again adds runs of the final comparison.
func (f *finalStudy) again(seen int, among []int, of int, values ...float64) {
	for i, v := range values {
		note := study.Repeat{Of: of, Run: i + 1}.FinalNote(among)
		x := f.book.Trial(of).Config.At(0).AsFloat()
		if math.IsNaN(v) {
			f.put(x, study.MethodFinal, note, seen)
			continue
		}
		f.put(x, study.MethodFinal, note, seen, v)
	}
}

var nan = math.NaN()

func sign(g study.Goal, x float64) float64 {
	if g == study.Maximize {
		return -x
	}
	return x
}

// The intervals are those of scipy 1.17.1: the mean of the differences, and
// stats.t.ppf(1 - 0.05/4, 3) of its standard error to both sides, as there are
// two rivals of the default.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name           string
		goal           study.Goal
		noDefault      bool
		base, a, b     []float64
		answer         analyze.Answer
		winner         int // trial
		gain, low, top float64
	}{
		{"better", study.Minimize, false, []float64{5, 5.2, 4.9, 5.3}, []float64{4, 4.4, 4.1, 4.2}, []float64{4.9, 5.3, 4.7, 5.3}, analyze.Helped, 1, 0.925, 0.611759886542163, 1.2382401134578371},
		{"larger is better", study.Maximize, false, []float64{-5, -5.2, -4.9, -5.3}, []float64{-4, -4.4, -4.1, -4.2}, []float64{-4.9, -5.3, -4.7, -5.3}, analyze.Helped, 1, 0.925, 0.611759886542163, 1.2382401134578371},
		{"perhaps", study.Minimize, false, []float64{5, 5.2, 4.9, 5.3}, []float64{9, 9, 9, 9}, []float64{4.9, 5.3, 4.7, 5.3}, analyze.Unclear, 2, 0.05, -0.219594165063628, 0.3195941650636281},
		{"worse", study.Minimize, false, []float64{4, 4.4, 4.1, 4.2}, []float64{5, 5.2, 4.9, 5.3}, []float64{9, 9, 9, 9}, analyze.Harmed, 1, -0.925, -1.2382401134578371, -0.611759886542163},
		{"the same to the last digit", study.Minimize, false, []float64{4, 4}, []float64{4, 4}, []float64{5, 5}, analyze.Harmed, 1, 0, 0, 0},
		{"no noise", study.Minimize, false, []float64{4, 4}, []float64{3, 3}, []float64{5, 5}, analyze.Helped, 1, 1, 1, 1},
		{"one pair is left", study.Minimize, false, []float64{5, nan, 4}, []float64{3, 3, nan}, []float64{nan, 9, nan}, analyze.Unclear, 1, 2, nan, nan},
		{"no run of the default", study.Minimize, false, []float64{nan, nan}, []float64{3, 3}, []float64{4, 4}, analyze.Unclear, 1, nan, nan, nan},
		{"no default", study.Minimize, true, nil, []float64{4, 4.4}, []float64{3, 5}, analyze.NoDefault, 2, nan, nan, nan},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFinal(t, c.goal)
			method := "default"
			if c.noDefault {
				method = "random"
			}
			f.put(0, method, "", 0, sign(c.goal, 6))
			f.put(1, "random", "", 0, sign(c.goal, 3))
			f.put(2, "random", "", 0, sign(c.goal, 2))
			among := []int{2, 1, 0}
			if c.noDefault {
				among = among[:2]
			}
			f.again(3, among, 0, c.base...)
			f.again(3, among, 1, c.a...)
			f.again(3, among, 2, c.b...)
			v, ok := analyze.Judge(f.book.History())
			if !ok || v.Answer != c.answer || v.Winner < 0 || v.Raw < 0 || v.Finalists[v.Raw].Trial.Number != 2 || v.Finalists[v.Raw].Search != sign(c.goal, 2) {
				t.Fatalf("the verdict is %+v, %v", v, ok)
			}
			w := v.Finalists[v.Winner]
			near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 || a != a && b != b }
			if w.Trial.Number != c.winner || !near(w.Gain, c.gain) || !near(w.Low, c.low) || !near(w.High, c.top) {
				t.Errorf("the winner is trial %d with %v (%v to %v), want %d with %v (%v to %v)", w.Trial.Number, w.Gain, w.Low, w.High, c.winner, c.gain, c.low, c.top)
			}
			if (v.Base < 0) != c.noDefault {
				t.Errorf("the default is finalist %d", v.Base)
			}
		})
	}
}

func TestFinalists(t *testing.T) {
	f := newFinal(t, study.Minimize)
	f.put(0, "default", "", 0, 6)
	f.put(1, "x", "", 0, 3)
	f.put(2, "x", "", 0, 2)
	f.put(3, "x", "", 0, 4)
	f.put(2, study.MethodRepeat, study.Repeat{Of: 2, Run: 2}.Note(), 0, 9) // it was luck
	f.put(4, "x", "", 0)                                                   // failed
	believe := func(c space.Config) (mean, se []float64, ok bool) {
		return []float64{map[float64]float64{0: 1, 1: 5, 2: 4.5, 3: 4.2}[c.At(0).AsFloat()]}, []float64{1}, true
	}
	silent := func(space.Config) (mean, se []float64, ok bool) { return nil, nil, false }
	h := f.book.History()
	for _, c := range []struct {
		top     int
		believe analyze.Belief
		want    string
	}{
		{1, nil, "[2 0]"}, {2, nil, "[2 1 0]"}, {2, silent, "[2 1 0]"}, {2, believe, "[2 3 0]"}, {9, believe, "[2 3 1 0]"},
	} {
		if got := fmt.Sprint(analyze.Finalists(h, c.top, c.believe)); got != c.want {
			t.Errorf("the best %d are %s, want %s", c.top, got, c.want)
		}
	}
	// What was run for a comparison changes nothing about what is compared.
	f.again(6, []int{2, 0}, 1, 0.1)
	if got := fmt.Sprint(analyze.Finalists(f.book.History(), 2, nil)); got != "[2 1 0]" {
		t.Errorf("after a comparison the best are %s", got)
	}
	if best := analyze.Best(f.book.History()); best.Number != 2 {
		t.Errorf("the best value is that of trial %d", best.Number)
	}
}

func TestLastRound(t *testing.T) {
	f := newFinal(t, study.Minimize)
	f.put(0, "default", "", 0, 6)
	f.put(1, "x", "", 0, 3)
	if r, ok := analyze.LastRound(f.book.History()); ok {
		t.Errorf("before any there is %+v", r)
	}
	f.again(2, []int{1, 0}, 1, 3)
	r, ok := analyze.LastRound(f.book.History())
	if diff := cmp.Diff(analyze.Round{Trials: []int{1, 0}, Seen: 2}, r); !ok || diff != "" {
		t.Errorf("%v: %s", ok, diff)
	}
	f.put(5, "x", "", 0, 3)
	if _, ok := analyze.LastRound(f.book.History()); ok {
		t.Error("it is the last although the search has gone on")
	}
	f.again(4, []int{3, 1, 0}, 3, 3)
	if r, ok := analyze.LastRound(f.book.History()); !ok || len(r.Trials) != 3 {
		t.Errorf("the newest is %+v, %v", r, ok)
	}
}

// One lucky run does not beat the mean of three: the squares 8 of three runs and
// 8 of two make a standard deviation of 2.31, so that 1.2 + 2.31 is worse than
// 2 + 1.33.
func TestByRuns(t *testing.T) {
	one := measured(t, study.Minimize, [2]float64{1, 1}, [2]float64{2, 2})
	if _, ok := analyze.ByRuns(one); ok {
		t.Error("without repeats there is an answer")
	}
	for _, c := range []struct {
		goal  study.Goal
		pairs [][2]float64
		want  float64
	}{
		{study.Minimize, [][2]float64{{1, 1.2}, {2, 0}, {2, 2}, {2, 4}, {3, 9}, {3, 13}}, 2},
		{study.Maximize, [][2]float64{{1, -1.2}, {2, 0}, {2, -2}, {2, -4}, {3, -9}, {3, -13}}, 2},
		{study.Minimize, [][2]float64{{1, -1}, {2, 0}, {2, 2}, {2, 4}, {3, 9}, {3, 13}}, 1}, // luck of that size is none
	} {
		m, ok := analyze.ByRuns(measured(t, c.goal, c.pairs...))
		if !ok || m.Trial.Config.At(0).AsFloat() != c.want {
			t.Errorf("%s %v: %+v, %v", c.goal, c.pairs, m, ok)
		}
	}
}
