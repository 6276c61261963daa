package halving

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func objectives(n int) []study.Objective {
	list := make([]study.Objective, n)
	for i := range list {
		list[i] = study.Objective{Metric: string(rune('y' + i)), Goal: study.Minimize}
	}
	return list
}

func newScheduler(t testing.TB, name string, p schedule.Problem, v setting.Values) schedule.Scheduler {
	t.Helper()
	if p.Objectives == nil {
		p.Objectives = objectives(1)
	}
	if p.Fidelity == nil {
		p.Fidelity = &study.Fidelity{Min: 1, Max: 27}
	}
	s, err := methods[name]().New(p, v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sent is a trial that was sent to a step, and what it reports when it has got
// there, at every step.
type sent struct {
	state   study.State
	until   float64
	bracket int
	y       float64
	z       float64 // of two objectives
}

func paused(until, y float64) sent {
	return sent{state: study.Paused, until: until, bracket: 1, y: y}
}

// running trials have not got to the next rung.
func running(until, y float64) sent {
	return sent{state: study.Running, until: until, bracket: 1, y: y}
}

func historyOf(n int, trials ...sent) *study.History {
	b := study.NewBook(nil, objectives(n), nil)
	for i, s := range trials {
		t := &study.Trial{Number: i, State: s.state, Until: s.until, Bracket: s.bracket}
		reached := s.until
		if s.state == study.Running {
			reached = math.Floor(s.until / 3)
		}
		for step := 1.0; step <= reached; step++ {
			ms := study.Metrics{{Name: "y", Value: s.y}}
			if n > 1 {
				ms = append(ms, study.Metric{Name: "z", Value: s.z})
			}
			t.Reports = append(t.Reports, study.Report{Step: step, Values: ms})
		}
		b.Put(t)
	}
	return b.History()
}

// tell writes an order in short: "start to 1", "0 from 1 to 3".
func tell(o schedule.Order) string {
	switch o.Action {
	case schedule.Start:
		return fmt.Sprintf("start to %v in %d", o.Until, o.Bracket)
	case schedule.Resume:
		return fmt.Sprintf("%d from %v to %v", o.Trial, o.From, o.Until)
	}
	return fmt.Sprint(o.Action)
}

func TestNext(t *testing.T) {
	resume := setting.Values{"resume": value.Bool(true)}
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		method string
		values setting.Values
		trials int // the study's budget
		h      []sent
		want   string
	}{
		{"the first trial", "asha", resume, 0, nil, "start to 1 in 1"},
		{"one in three is not in the top of two", "asha", resume, 0, []sent{paused(1, 5), paused(1, 4)}, "start to 1 in 1"},
		{"the best of three", "asha", resume, 0, []sent{paused(1, 5), paused(1, 4), paused(1, 6)}, "1 from 1 to 3"},
		{"by restart", "asha", setting.Values{"mode": value.String("promotion")}, 0, []sent{paused(1, 5), paused(1, 4), paused(1, 6)}, "1 from 0 to 3"},
		{"of equals the older", "asha", resume, 0, []sent{paused(1, 5), paused(1, 5), paused(1, 5)}, "0 from 1 to 3"},
		{"not a number is the worst", "asha", resume, 0, []sent{paused(1, nan), paused(1, math.Inf(-1)), paused(1, 6)}, "2 from 1 to 3"},
		{"each once", "asha", resume, 0, []sent{paused(1, 5), running(3, 4), paused(1, 6)}, "start to 1 in 1"},
		{"a better one came later", "asha", resume, 0, []sent{paused(1, 5), running(3, 4), paused(1, 6), paused(1, 1)}, "3 from 1 to 3"},
		{"two of six", "asha", resume, 0, []sent{paused(1, 5), running(3, 4), paused(1, 6), paused(1, 7), paused(1, 8), paused(1, 9)}, "0 from 1 to 3"},
		{"the highest rung first", "asha", resume, 0,
			[]sent{paused(3, 3), paused(3, 1), paused(3, 2), paused(1, 0), paused(1, 9), paused(1, 9)}, "1 from 3 to 9"},
		{"on to the end", "asha", resume, 0, []sent{paused(9, 3), paused(9, 1), paused(9, 2)}, "1 from 9 to 27"},
		{"failed trials keep their place", "asha", resume, 0,
			[]sent{{study.Failed, 1, 1, 4, 0}, paused(1, 5), paused(1, 6)}, "start to 1 in 1"},
		{"trials without a bracket count", "asha", resume, 0,
			[]sent{{study.Complete, 0, 0, 4, 0}, {study.Complete, 27, 0, 6, 0}, paused(1, 5), paused(1, 7)}, "2 from 1 to 3"},
		{"budget used up, none at the end", "asha", resume, 2, []sent{paused(1, 5), paused(1, 4)}, "1 from 1 to 27"},
		{"budget used up, one still runs", "asha", resume, 2, []sent{paused(1, 5), running(3, 4)}, "start to 1 in 1"},
		{"budget used up, one at the end", "asha", resume, 2, []sent{paused(1, 5), {study.Complete, 27, 1, 4, 0}}, "start to 1 in 1"},

		{"stopping begins with the lowest rung", "asha", nil, 0, nil, "start to 1 in 1"},
		{"the second, too", "asha", nil, 0, []sent{paused(1, 5), paused(1, 4)}, "start to 1 in 1"},
		{"the best of three begins again", "asha", nil, 0, []sent{paused(1, 5), paused(1, 4), paused(1, 6)}, "1 from 0 to 3"},
		{"from then on trials pass the lowest rung", "asha", nil, 0, []sent{paused(1, 5), running(3, 4), paused(1, 6)}, "start to 3 in 1"},
		{"and further when others have been there", "asha", nil, 0, []sent{paused(3, 5), running(9, 4), paused(3, 6)}, "start to 9 in 1"},
		{"up to the end", "asha", nil, 0, []sent{{study.Complete, 27, 1, 5, 0}, paused(9, 6), paused(9, 6)}, "start to 27 in 1"},

		{"two brackets", "asha", setting.Values{"brackets": value.Int(2)}, 0, []sent{paused(1, 1), paused(1, 1)}, "start to 3 in 2"},
		{"back to the first", "asha", setting.Values{"brackets": value.Int(2)}, 0, []sent{paused(1, 1), {study.Running, 3, 2, 1, 0}}, "start to 1 in 1"},

		{"halving fills its bracket", "halving", setting.Values{"trials": value.Int(3)}, 0, []sent{paused(1, 5), paused(1, 4)}, "start to 1 in 1"},
		{"and begins another while one is on its way", "halving", setting.Values{"trials": value.Int(3)}, 0,
			[]sent{paused(1, 5), paused(1, 4), running(1, 6)}, "start to 1 in 2"},
		{"then promotes", "halving", setting.Values{"trials": value.Int(3)}, 0, []sent{paused(1, 5), paused(1, 4), paused(1, 6)}, "1 from 0 to 3"},
		{"as many as the plan says", "halving", setting.Values{"trials": value.Int(3)}, 0, []sent{paused(1, 5), running(3, 4), paused(1, 6)}, "start to 1 in 2"},
		{"the only one goes on", "halving", setting.Values{"trials": value.Int(3)}, 0, []sent{paused(1, 5), paused(3, 4), paused(1, 6)}, "1 from 0 to 9"},
		{"failed ones are not waited for", "halving", setting.Values{"trials": value.Int(3)}, 0,
			[]sent{paused(1, 5), {study.Failed, 1, 1, 4, 0}, paused(1, 6)}, "0 from 0 to 3"},
		{"nor replaced on higher rungs", "halving", setting.Values{"trials": value.Int(3)}, 0,
			[]sent{paused(1, 5), {study.Failed, 3, 1, 4, 0}, paused(1, 6)}, "start to 1 in 2"},
		{"budget used up with a bracket half full", "halving", setting.Values{"trials": value.Int(9)}, 4,
			[]sent{paused(1, 5), paused(1, 4), paused(1, 6), paused(1, 7)}, "1 from 0 to 3"},
		{"budget used up by trials that have not begun", "halving", nil, 3,
			[]sent{paused(1, 5), paused(1, 4), {study.Queued, 0, 0, 0, 0}}, "start to 1 in 1"},
		{"a bracket not larger than the study", "halving", nil, 3, []sent{paused(1, 5), paused(1, 4), paused(1, 6)}, "1 from 0 to 3"},

		{"hyperband's second bracket begins higher", "hyperband", setting.Values{"reduction": value.Float(27)}, 0, make27(), "start to 27 in 2"},

		{"dehb begins as hyperband", "dehb", setting.Values{"reduction": value.Float(27)}, 0, make27(), "start to 27 in 2"},
		{"dehb's first bracket promotes", "dehb", one, 0, []sent{paused(1, 5), paused(1, 4)}, "start to 1 in 1"},
		{"its second does not", "dehb", one, 0, append(full(), in2(study.Pruned, 1), in2(study.Pruned, 1)), "start to 1 in 2"},
		{"but makes trials for the next rung", "dehb", one, 0, append(full(), second(27, 1)...), "start to 3 in 2"},
		{"when all have come to the one below", "dehb", one, 0, append(full(), append(second(26, 1), in2(study.Running, 1))...), "start to 1 in 3"},
		{"failed or not", "dehb", one, 0, append(full(), append(second(26, 1), in2(study.Failed, 1))...), "start to 3 in 2"},
		{"and for the last", "dehb", one, 0, append(full(), append(second(27, 1), append(second(9, 3), second(3, 9)...)...)...), "start to 27 in 2"},
		{"before it begins another", "dehb", one, 0, append(full(), append(second(27, 1), append(second(9, 3), append(second(3, 9), in2(study.Complete, 27))...)...)...), "start to 1 in 3"},
		{"without a budget for new ones there is nothing", "dehb", one, 54, append(full(), second(27, 1)...), "start to 1 in 3"},

		{"pasha's third rung waits", "pasha", resume, 0, []sent{paused(3, 1), paused(3, 2), paused(3, 3)}, "start to 1 in 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScheduler(t, c.method, schedule.Problem{Trials: c.trials}, c.values)
			if got := tell(s.Next(historyOf(1, c.h...))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// one lets only the first of DEHB's brackets promote, and all begin on the
// lowest rung: 27 trials to 1, 9 to 3, 3 to 9, 1 to 27.
var one = setting.Values{"promoting": value.Int(1), "brackets": value.Int(1)}

// full is the first of them with all trials ended.
func full() []sent {
	var list []sent
	for i := range 27 {
		list = append(list, sent{study.Pruned, 1, 1, float64(i), 0})
	}
	for i, until := range []float64{3, 3, 3, 3, 3, 3, 9, 9, 27} {
		list[i].until = until
	}
	list[8].state = study.Complete
	return list
}

// in2 is a trial of the second, second some that came to their step.
func in2(state study.State, until float64) sent { return sent{state, until, 2, 1, 0} }

func second(n int, until float64) []sent {
	var list []sent
	for range n {
		list = append(list, in2(study.Pruned, until))
	}
	return list
}

// make27 is a first bracket, on its way.
func make27() []sent {
	list := make([]sent, 54)
	for i := range list {
		list[i] = running(1, 0)
	}
	return list
}

// With nothing left to try, what is there is a whole bracket, and the best goes
// to the end.
func TestClose(t *testing.T) {
	resume := setting.Values{"resume": value.Bool(true)}
	for _, c := range []struct {
		method string
		h      []sent
		want   string
	}{
		{"asha", []sent{paused(1, 5), paused(1, 4)}, "1 from 1 to 27"},
		{"asha", []sent{paused(1, 5), paused(1, 4), paused(1, 6)}, "1 from 1 to 3"},
		{"asha", []sent{paused(1, 5), running(3, 4)}, "start to 1 in 1"},
		{"asha", []sent{paused(1, 5), {study.Complete, 27, 1, 4, 0}}, "start to 1 in 1"},
		{"pasha", []sent{paused(1, 5), paused(3, 4)}, "1 from 3 to 27"},
		{"halving", []sent{paused(1, 5), paused(1, 4)}, "1 from 1 to 3"},
		{"hyperband", []sent{paused(1, 5), paused(9, 4)}, "1 from 9 to 27"},
		{"hyperband", []sent{paused(1, 5), running(9, 4)}, "start to 1 in 1"},
	} {
		s := newScheduler(t, c.method, schedule.Problem{}, resume)
		h := historyOf(1, c.h...)
		if got := tell(s.(schedule.Closer).Close(h)); got != c.want {
			t.Errorf("%s of %v: got %q, want %q", c.method, c.h, got, c.want)
		}
	}
}

// On the second rung two trials have changed places: PASHA opens the third.
func TestPashaGoesOnWhereTheOrderChanges(t *testing.T) {
	b := study.NewBook(nil, objectives(1), nil)
	for n, ys := range [][]float64{{3, 3, 1}, {2, 2, 2}, {1, 1, 3}} {
		tr := &study.Trial{Number: n, State: study.Paused, Until: 3, Bracket: 1}
		for i, y := range ys {
			tr.Reports = append(tr.Reports, study.Report{Step: float64(i + 1), Values: study.Metrics{{Name: "y", Value: y}}})
		}
		b.Put(tr)
	}
	s := newScheduler(t, "pasha", schedule.Problem{}, nil)
	if got := tell(s.Next(b.History())); got != "0 from 0 to 9" {
		t.Errorf("got %q", got)
	}
}

// Curves that cross back and forth by 0.5 make 0.5 noise: a change of places
// within it is none.
func TestPashaForgivesNoise(t *testing.T) {
	curve := func(n int, until float64, ys ...float64) *study.Trial {
		tr := &study.Trial{Number: n, State: study.Paused, Until: until, Bracket: 1}
		for i, y := range ys {
			tr.Reports = append(tr.Reports, study.Report{Step: float64(i + 1), Values: study.Metrics{{Name: "y", Value: y}}})
		}
		return tr
	}
	for _, c := range []struct {
		name string
		b    *study.Trial
		want string
	}{
		{"crosses twice", curve(1, 3, 1.5, 0.75, 1.5), "start to 1 in 1"}, // and back again
		{"crosses once", curve(1, 3, 0.5, 0.5, 1.5), "0 from 0 to 9"},
	} {
		b := study.NewBook(nil, objectives(1), nil)
		b.Put(curve(0, 3, 1, 1, 1))
		b.Put(c.b)
		b.Put(curve(2, 3, 9, 9, 9))
		if got := tell(newScheduler(t, "pasha", schedule.Problem{}, nil).Next(b.History())); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	three := []sent{paused(1, 1), paused(1, 2), paused(1, 3)}
	for _, c := range []struct {
		name   string
		method string
		values setting.Values
		others []sent
		until  float64
		step   float64
		y      float64
		want   study.Verdict
	}{
		{"below the rung", "asha", nil, three, 3, 0.5, 9, study.VerdictContinue},
		{"stopping, in the top", "asha", nil, three, 3, 1, 0, study.VerdictContinue},
		{"stopping, not in the top", "asha", nil, three, 3, 1, 1.5, study.VerdictPrune},
		{"promotion, not in the top", "asha", setting.Values{"resume": value.Bool(true)}, three, 1, 1, 9, study.VerdictPause},
		{"stopping, among too few", "asha", nil, three[:1], 1, 1, 9, study.VerdictPause},
		{"halving", "halving", nil, three, 1, 1, 9, study.VerdictPause},
		{"halving, no room left", "halving", setting.Values{"trials": value.Int(9)}, three, 1, 1, 9, study.VerdictPrune},
		{"halving, the last that there is room for", "halving", setting.Values{"trials": value.Int(9)}, three, 1, 1, 2.5, study.VerdictPause},
		{"halving, promoted ones take up room", "halving", setting.Values{"trials": value.Int(3)}, []sent{running(3, 5)}, 1, 1, 1, study.VerdictPrune},
		{"at the end", "asha", nil, three, 27, 27, 9, study.VerdictContinue},
		{"at the end of halving", "halving", nil, three, 27, 27, 9, study.VerdictContinue},
		{"not a number", "asha", nil, three, 3, 1, math.NaN(), study.VerdictPrune},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := historyOf(1, append(c.others[:len(c.others):len(c.others)], sent{state: study.Running, bracket: 1})...)
			b := study.NewBook(nil, h.Objectives, nil)
			for tr := range h.All() {
				b.Put(tr)
			}
			n := b.Len() - 1
			b.Put(&study.Trial{Number: n, State: study.Running, Until: c.until, Bracket: 1,
				Reports: []study.Report{{Step: c.step, Values: study.Metrics{{Name: "y", Value: c.y}}}}})
			got := newScheduler(t, c.method, schedule.Problem{}, c.values).Judge(b.History(), b.Trial(n))
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Of six trials two get to the second rung, so who is third will not.
func TestPromotionPrunesWhatTheBudgetHasNoRoomFor(t *testing.T) {
	for _, c := range []struct {
		trials int
		want   study.Verdict
	}{{6, study.VerdictPrune}, {9, study.VerdictPause}, {0, study.VerdictPause}, {2, study.VerdictPrune}} {
		h := historyOf(1, paused(1, 1), paused(1, 2), paused(1, 3))
		b := study.NewBook(nil, h.Objectives, nil)
		b.Put(h.Trial(0))
		b.Put(h.Trial(1))
		last := *h.Trial(2)
		last.State = study.Running
		b.Put(&last)
		s := newScheduler(t, "asha", schedule.Problem{Trials: c.trials}, setting.Values{"resume": value.Bool(true)})
		if got := s.Judge(b.History(), b.Trial(2)); got != c.want {
			t.Errorf("budget of %d: %s, want %s", c.trials, got, c.want)
		}
	}
}

// Metrics that are printed one after the other are judged when all are there.
func TestJudgeWaitsForTheObjective(t *testing.T) {
	b := study.NewBook(nil, objectives(1), nil)
	for tr := range historyOf(1, paused(1, 1), paused(1, 2), paused(1, 3)).All() {
		b.Put(tr)
	}
	tr := study.Trial{Number: 3, State: study.Running, Until: 9, Bracket: 1}
	s := newScheduler(t, "asha", schedule.Problem{}, nil)
	for _, c := range []struct {
		step float64
		ms   study.Metrics
		want study.Verdict
	}{
		{1, study.Metrics{{Name: "other", Value: 1}}, study.VerdictContinue},
		{1, study.Metrics{{Name: "other", Value: 1}, {Name: "y", Value: 9}}, study.VerdictPrune},
		{2, study.Metrics{{Name: "y", Value: 9}}, study.VerdictContinue}, // that was at step 1
	} {
		next := tr
		next.Reports = append(append([]study.Report(nil), tr.Reports...), study.Report{Step: c.step, Values: c.ms})
		if n := len(tr.Reports); n > 0 && tr.Reports[n-1].Step == c.step {
			next.Reports = next.Reports[1:]
		}
		b.Put(&next)
		if got := s.Judge(b.History(), &next); got != c.want {
			t.Errorf("at step %v with %v: %s, want %s", c.step, c.ms, got, c.want)
		}
		tr = next
	}
}

// One front of three, and one behind it; the middle dominates most.
func TestSeveralObjectives(t *testing.T) {
	at := func(y, z float64) sent { return sent{study.Paused, 1, 1, y, z} }
	h := historyOf(2, at(9, 9), at(0, 4), at(1, 1), at(4, 0), at(5, 5), at(2, 2))
	s := newScheduler(t, "asha", schedule.Problem{Objectives: objectives(2)}, setting.Values{"resume": value.Bool(true)})
	if got := tell(s.Next(h)); got != "2 from 1 to 3" {
		t.Errorf("got %q", got)
	}
}

func TestWithoutFidelity(t *testing.T) {
	for name, m := range methods {
		_, err := m().New(schedule.Problem{Objectives: objectives(1)}, nil)
		if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// With one worker nobody is trained beyond a rung before three have got there,
// and of each three there one on average came from each rung below.
func TestOneWorkerBeginsWithMany(t *testing.T) {
	for name, v := range map[string]setting.Values{
		"stopping": nil, "promotion": {"resume": value.Bool(true)},
	} {
		d := scheduletest.Setup{Fidelity: &study.Fidelity{Min: 1, Max: 27}, Trials: 40, Program: func(n int, _ space.Config) scheduletest.Program {
			return scheduletest.Program{Value: scheduletest.Falling(0.01*float64(n), 3)} // the first is the best
		}}
		result, err := scheduletest.Simulate(newScheduler(t, "asha", d.Problem(), v), d)
		if err != nil {
			t.Fatal(err)
		}
		started := 0
		least := map[float64]int{1: 3, 3: 9, 9: 27}
		for _, e := range result.Events {
			switch e.Kind {
			case study.EventQueued:
				started++
			case study.EventReported:
				for rung, n := range least {
					if e.Step > rung && started < n {
						t.Fatalf("%s: trial %d is at step %v when %d have started", name, e.Trial, e.Step, started)
					}
				}
			}
		}
	}
}
