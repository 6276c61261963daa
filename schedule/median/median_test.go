package median

import (
	"fmt"
	"math"
	"sort"
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
	for _, c := range []struct {
		name   string
		warmup float64
		values setting.Values
	}{
		{"defaults", 0, nil},
		{"quick to prune, after a warm-up", 4, setting.Values{
			"percentile": value.Float(20), "min_trials": value.Int(1), "warmup": value.Float(4)}},
		{"against the mean, at intervals", 0, setting.Values{
			"against": value.String("mean"), "interval": value.Float(5)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			scheduletest.Run(t, Method, scheduletest.Options{
				Settings: c.values, Warmup: c.warmup, Trials: 30,
			})
		})
	}
}

func TestContractOfTheOthers(t *testing.T) {
	t.Run("two objectives", func(t *testing.T) {
		scheduletest.Run(t, Method, scheduletest.Options{Objectives: 2, Trials: 20})
	})
	t.Run("percentile", func(t *testing.T) {
		scheduletest.Run(t, Percentile, scheduletest.Options{Trials: 20})
	})
}

// A quarter is less than half.
func TestPercentileIsAQuarter(t *testing.T) {
	h := book(study.Minimize, nil, curve{state: study.Complete, ys: []float64{1}}, curve{state: study.Complete, ys: []float64{2}},
		curve{state: study.Complete, ys: []float64{3}}, curve{state: study.Complete, ys: []float64{4}}, curve{state: study.Complete, ys: []float64{5}},
		curve{state: study.Running, ys: []float64{2.5}}).History()
	for _, c := range []struct {
		m    schedule.Method
		want study.Verdict
	}{{Method(), study.VerdictContinue}, {Percentile(), study.VerdictPrune}} {
		s, err := c.m.New(schedule.Problem{Objectives: h.Objectives}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Judge(h, h.Trial(5)); got != c.want {
			t.Errorf("%s: %s, want %s", c.m.Name, got, c.want)
		}
	}
}

// Two fronts of three: what is on the second, or behind it, is not in the best
// half.
func TestSeveralObjectives(t *testing.T) {
	objectives := []study.Objective{{Metric: "y", Goal: study.Minimize}, {Metric: "z", Goal: study.Minimize}}
	for _, c := range []struct {
		name string
		y, z float64
		want study.Verdict
	}{
		{"on the first front", 1.5, 1.5, study.VerdictContinue},
		{"better than all", 0, 0, study.VerdictContinue},
		{"on the second front", 3.5, 4, study.VerdictPrune},
		{"behind all", 9, 9, study.VerdictPrune},
		{"not a number", math.NaN(), 0, study.VerdictPrune},
	} {
		b := study.NewBook(nil, objectives, nil)
		for n, p := range [][2]float64{{1, 3}, {2, 2}, {3, 1}, {4, 6}, {5, 5}, {6, 4}, {c.y, c.z}} {
			tr := &study.Trial{Number: n, State: study.Complete, Reports: []study.Report{{Step: 1,
				Values: study.Metrics{{Name: "y", Value: p[0]}, {Name: "z", Value: p[1]}}}}}
			if n == 6 {
				tr.State = study.Running
			}
			b.Put(tr)
		}
		s, err := Method().New(schedule.Problem{Objectives: objectives}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Judge(b.History(), b.Trial(6)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func objectives(g study.Goal) []study.Objective {
	return []study.Objective{{Metric: "y", Goal: g, Reduce: study.Reduction{Kind: "last"}}}
}

// curve is a trial: its values at steps 1, 2, … and how it ended.
type curve struct {
	state study.State
	steps []float64 // nil: 1, 2, …
	ys    []float64
}

func reports(c curve) []study.Report {
	var rs []study.Report
	for i, y := range c.ys {
		s := float64(i + 1)
		if c.steps != nil {
			s = c.steps[i]
		}
		rs = append(rs, study.Report{Step: s, Values: study.Metrics{{Name: "y", Value: y}}})
	}
	return rs
}

func book(g study.Goal, f *study.Fidelity, cs ...curve) *study.Book {
	b := study.NewBook(nil, objectives(g), f)
	for n, c := range cs {
		b.Put(&study.Trial{Number: n, State: c.state, Reports: reports(c)})
	}
	return b
}

func make1(t testing.TB, v setting.Values) *scheduler {
	t.Helper()
	s, err := Method().New(schedule.Problem{Objectives: objectives(study.Minimize), Parallel: 1}, v)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*scheduler)
}

func TestJudge(t *testing.T) {
	nan := math.NaN()
	done := func(ys ...float64) curve { return curve{state: study.Complete, ys: ys} }
	pruned := func(ys ...float64) curve { return curve{state: study.Pruned, ys: ys} }
	running := func(ys ...float64) curve { return curve{state: study.Running, ys: ys} }
	three := setting.Values{"min_trials": value.Int(3)}
	with := func(name string, v value.Value) setting.Values {
		return setting.Values{"min_trials": value.Int(3), name: v}
	}
	others := []curve{done(5, 3, 1), done(6, 4, 2), done(7, 5, 3)} // medians 6, 4, 2
	for _, c := range []struct {
		name     string
		values   setting.Values
		goal     study.Goal
		fidelity *study.Fidelity
		others   []curve
		trial    curve
		want     study.Verdict
	}{
		{"better than the median", three, study.Minimize, nil, others, running(7, 3.9), study.VerdictContinue},
		{"equal to the median", three, study.Minimize, nil, others, running(7, 4), study.VerdictContinue},
		{"worse than the median", three, study.Minimize, nil, others, running(7, 4.1), study.VerdictPrune},
		{"maximized, the same is good", three, study.Maximize, nil, others, running(7, 4.1), study.VerdictContinue},
		{"maximized, worse", three, study.Maximize, nil, others, running(2, 3), study.VerdictPrune},
		{"its best counts, not its last", three, study.Minimize, nil, others, running(3, 9), study.VerdictContinue},
		{"too few others", nil, study.Minimize, nil, others, running(9, 9), study.VerdictContinue},
		{"running trials do not count", three, study.Minimize, nil, []curve{done(1), done(1), running(1)}, running(9), study.VerdictContinue},
		{"pruned trials count", three, study.Minimize, nil, []curve{done(1, 1), pruned(1), pruned(1)}, running(9), study.VerdictPrune},
		{"and keep their value", three, study.Minimize, nil, []curve{done(1, 1), pruned(8), pruned(8)}, running(9, 8), study.VerdictContinue},
		{"complete trials that stopped earlier count", three, study.Minimize, nil, []curve{done(1, 1), done(1, 1), done(1)}, running(9, 9), study.VerdictPrune},
		{"failed trials do not count", three, study.Minimize, nil, []curve{done(1), done(1), {state: study.Failed, ys: []float64{1}}}, running(9), study.VerdictContinue},
		{"the nearest report that is not later", three, study.Minimize, nil,
			[]curve{{study.Complete, []float64{1, 4}, []float64{8, 1}}, {study.Complete, []float64{1, 4}, []float64{8, 1}}, {study.Complete, []float64{1, 4}, []float64{8, 1}}},
			running(9, 9, 7), study.VerdictContinue},
		{"trials that began later do not count", three, study.Minimize, nil,
			[]curve{done(1), done(1), {study.Complete, []float64{5}, []float64{1}}}, running(9), study.VerdictContinue},
		{"quarter", with("percentile", value.Float(25)), study.Minimize, nil, others, running(9, 3.6), study.VerdictPrune},
		{"best only", with("percentile", value.Float(0)), study.Minimize, nil, others, running(9, 3), study.VerdictContinue},
		{"all but the worst", with("percentile", value.Float(100)), study.Minimize, nil, others, running(9, 5), study.VerdictContinue},
		{"during warm-up", with("warmup", value.Float(3)), study.Minimize, nil, others, running(9, 9), study.VerdictContinue},
		{"at the warm-up's end", with("warmup", value.Float(2)), study.Minimize, nil, others, running(9, 9), study.VerdictPrune},
		{"second report in an interval", with("interval", value.Float(3)), study.Minimize, nil, others, running(1, 9, 9, 9), study.VerdictContinue},
		{"first report in an interval", with("interval", value.Float(3)), study.Minimize, nil, others, running(9, 9, 9), study.VerdictPrune},
		{"against the mean", with("against", value.String("mean")), study.Minimize, nil, others, running(9, 4.9), study.VerdictContinue},
		{"against the mean, worse", with("against", value.String("mean")), study.Minimize, nil, others, running(9, 5.1), study.VerdictPrune},
		{"nothing but NaN", nil, study.Minimize, nil, nil, running(nan, nan), study.VerdictPrune},
		{"nothing but NaN, during warm-up", with("warmup", value.Float(3)), study.Minimize, nil, nil, running(nan, nan), study.VerdictContinue},
		{"NaN after a good value", three, study.Minimize, nil, others, running(3, nan), study.VerdictContinue},
		{"others' NaN is the worst value", three, study.Minimize, nil, []curve{done(nan), done(nan), done(1)}, running(9), study.VerdictContinue},
		{"no report of the metric", three, study.Minimize, nil, others, running(), study.VerdictContinue},
		{"the last step of the fidelity", three, study.Minimize, &study.Fidelity{Min: 1, Max: 2}, others, running(9, 9), study.VerdictContinue},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := book(c.goal, c.fidelity, append(c.others, c.trial)...).History()
			if got := make1(t, c.values).Judge(h, h.Trial(h.Len()-1)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The values are numpy.percentile([1, 2, 4, 8, 16], p) of NumPy's default
// method, which its documentation defines: linear interpolation at the
// position p/100·(n-1).
func TestPercentileIsNumPys(t *testing.T) {
	list := []float64{1, 2, 4, 8, 16}
	for p, want := range map[float64]float64{0: 1, 10: 1.4, 25: 2, 50: 4, 60: 5.6, 75: 8, 90: 12.8, 100: 16} {
		if got := percentile(list, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("percentile %v = %v, want %v", p, got, want)
		}
	}
	inf := math.Inf(1)
	for _, c := range []struct {
		list []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{1, inf}, inf},
		{[]float64{-inf, 1}, -inf},
		{[]float64{-inf, inf}, inf},
		{[]float64{inf, inf}, inf},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 0},
	} {
		if got := percentile(c.list, 50); got != c.want {
			t.Errorf("median of %v = %v, want %v", c.list, got, c.want)
		}
	}
}

// plainRule is the rule as the package's documentation says it, without any
// structure.
func plainRule(s *scheduler, h *study.History, t *study.Trial) study.Verdict {
	best, step := math.NaN(), 0.0
	for _, r := range t.Reports {
		y := h.Objectives[0].Loss(r.Values[0].Value)
		if step = r.Step; math.IsNaN(best) || y < best {
			best = y
		}
	}
	if len(t.Reports) == 0 || step < s.warmup {
		return study.VerdictContinue
	}
	if math.IsNaN(best) {
		return study.VerdictPrune
	}
	var others []float64
	for o := range h.All() {
		if o.State != study.Complete && o.State != study.Pruned {
			continue
		}
		var ys []float64
		any := false
		for _, r := range o.Reports {
			if r.Step > step {
				continue
			}
			any = true
			if y := r.Values[0].Value; !math.IsNaN(y) {
				ys = append(ys, h.Objectives[0].Loss(y))
			}
		}
		switch {
		case !any:
		case len(ys) == 0:
			others = append(others, math.Inf(1))
		case s.table.mean:
			sum := 0.0
			for _, y := range ys {
				sum += y
			}
			others = append(others, sum/float64(len(ys)))
		default:
			sort.Float64s(ys)
			others = append(others, ys[0])
		}
	}
	sort.Float64s(others)
	if len(others) < s.minTrials || !(best > percentile(others, s.percentile)) {
		return study.VerdictContinue
	}
	return study.VerdictPrune
}

func TestJudgeIsThePlainRule(t *testing.T) {
	verdicts := map[study.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		values := setting.Values{
			"percentile": value.Float(rapid.SampledFrom([]float64{0, 10, 50, 83, 100}).Draw(t, "percentile")),
			"min_trials": value.Int(int64(rapid.IntRange(1, 6).Draw(t, "min trials"))),
			"warmup":     value.Float(float64(rapid.IntRange(0, 4).Draw(t, "warmup"))),
			"against":    value.String(rapid.SampledFrom([]string{"best", "mean"}).Draw(t, "against")),
		}
		goal := rapid.SampledFrom([]study.Goal{study.Minimize, study.Maximize}).Draw(t, "goal")
		got, err := Method().New(schedule.Problem{Objectives: objectives(goal)}, values)
		if err != nil {
			t.Fatal(err)
		}
		s := got.(*scheduler)
		b := study.NewBook(nil, objectives(goal), nil)
		y := rapid.SampledFrom([]float64{0, 1, 2, 2.5, 3, -1, math.NaN(), math.Inf(1)})
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			open := b.Open()
			if len(open) == 0 || rapid.IntRange(0, 3).Draw(t, "new") == 0 {
				b.Put(&study.Trial{Number: b.Len(), State: study.Running})
				continue
			}
			n := int(open[rapid.IntRange(0, len(open)-1).Draw(t, "trial")])
			next := *b.Trial(n)
			if rapid.IntRange(0, 5).Draw(t, "end") == 0 {
				next.State = rapid.SampledFrom([]study.State{study.Complete, study.Pruned, study.Failed}).Draw(t, "state")
				b.Put(&next)
				continue
			}
			step := next.LastStep() + rapid.SampledFrom([]float64{0.5, 1, 1, 1, 2}).Draw(t, "step")
			next.Reports = append(next.Reports[:len(next.Reports):len(next.Reports)],
				study.Report{Step: step, Values: study.Metrics{{Name: "y", Value: y.Draw(t, "y")}}})
			b.Put(&next)
			h := b.History()
			got, want := s.Judge(h, h.Trial(n)), plainRule(s, h, h.Trial(n))
			if got != want {
				t.Fatalf("trial %d at step %v: got %s, want %s", n, step, got, want)
			}
			verdicts[got]++
		}
	})
	if verdicts[study.VerdictPrune] == 0 || verdicts[study.VerdictContinue] == 0 {
		t.Errorf("verdicts %v: the property was not tried both ways", verdicts)
	}
}

// A table that is over its bound starts again and answers the same.
func TestTableOverItsBoundAnswersTheSame(t *testing.T) {
	h := population(200, 10, 20)
	s := make1(t, nil)
	want := make(map[int]study.Verdict)
	for tr := range h.Open() {
		want[tr.Number] = s.Judge(h, tr)
	}
	s.table.kept = maxKept + 1
	for tr := range h.Open() {
		if got := s.Judge(h, tr); got != want[tr.Number] {
			t.Errorf("trial %d: %s, before %s", tr.Number, got, want[tr.Number])
		}
	}
	if s.table.kept > 200*20 {
		t.Errorf("the table keeps %d losses of %d", s.table.kept, 200*20)
	}
}

// Half of the trials would be pruned at any one step; judged again and again
// on curves that keep their order, about half are over the whole way, and the
// best never.
func TestAboutHalfOfExchangeableTrialsArePruned(t *testing.T) {
	f := &study.Fidelity{Min: 1, Max: 20}
	c := scheduletest.Scenarios()[0]
	if c.Name != "falling curves" {
		t.Fatalf("the first scenario is %q", c.Name)
	}
	d := scheduletest.Setup{Fidelity: f, Seed: 1, Workers: 4, Trials: 400, Program: func(n int, _ space.Config) scheduletest.Program {
		r := study.Stream(2, n, "final")
		return scheduletest.Program{Value: scheduletest.Falling(r.Float64(), 5), Duration: 1 + r.Float64()}
	}}
	s, err := Method().New(d.Problem(), nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := scheduletest.Simulate(s, d)
	if err != nil {
		t.Fatal(err)
	}
	pruned, best := 0, 0
	for n := range result.Log.Book.Len() {
		tr := result.Log.Book.Trial(n)
		if tr.State == study.Pruned {
			pruned++
		}
		if study.Stream(2, n, "final").Float64() < study.Stream(2, best, "final").Float64() {
			best = n
		}
	}
	if pruned < 160 || pruned > 260 {
		t.Errorf("%d of 400 trials were pruned, want about half", pruned)
	}
	if got := result.Log.Book.Trial(best).State; got != study.Complete {
		t.Errorf("the best trial, %d, is %s", best, got)
	}
	if full := 400.0 * 20; result.Paid > 0.65*full {
		t.Errorf("%v of %v units were paid, want a good part saved", result.Paid, full)
	}
}

// population returns a history of ended and running trials with so many
// reports each.
func population(ended, running, steps int) *study.History {
	b := study.NewBook(nil, objectives(study.Minimize), nil)
	for n := range ended + running {
		r := study.Stream(1, n, "population")
		c := curve{state: study.Complete}
		k := steps
		if n >= ended {
			c.state = study.Running
			k = 1 + r.IntN(steps)
		}
		final := r.Float64()
		for s := range k {
			c.ys = append(c.ys, final+1/float64(s+1))
		}
		b.Put(&study.Trial{Number: n, State: c.state, Reports: reports(c)})
	}
	return b.History()
}

// BenchmarkJudge judges 1,000 running trials among 10,000 ended ones, of 50
// reports each.
func BenchmarkJudge(b *testing.B) {
	h := population(10_000, 1_000, 50)
	var open []*study.Trial
	for t := range h.Open() {
		open = append(open, t)
	}
	s := make1(b, nil)
	for _, t := range open {
		s.Judge(h, t)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.Judge(h, open[i%len(open)])
		i++
	}
}

// BenchmarkJudgeWhileTrialsEnd has one trial end before every judgement.
func BenchmarkJudgeWhileTrialsEnd(b *testing.B) {
	h := population(10_000, 1_000, 50)
	book := study.NewBook(nil, h.Objectives, nil)
	for t := range h.All() {
		book.Put(t)
	}
	s := make1(b, nil)
	for t := range h.Open() {
		s.Judge(book.History(), t)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := book.Len()
		over := *h.Trial(n % 10_000)
		over.Number = n
		book.Put(&over)
		s.Judge(book.History(), h.Trial(10_000+n%1_000))
	}
}

// BenchmarkFirstJudge is the first judgement after a restart.
func BenchmarkFirstJudge(b *testing.B) {
	h := population(10_000, 1, 50)
	for b.Loop() {
		make1(b, nil).Judge(h, h.Trial(10_000))
	}
}

func ExampleMethod() {
	s, err := Method().New(schedule.Problem{Objectives: objectives(study.Minimize)},
		setting.Values{"min_trials": value.Int(2)})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := book(study.Minimize, nil,
		curve{state: study.Complete, ys: []float64{0.9, 0.5, 0.3}},
		curve{state: study.Complete, ys: []float64{0.8, 0.6, 0.4}},
		curve{state: study.Running, ys: []float64{0.9, 0.7}}).History()
	fmt.Println(s.Judge(h, h.Trial(2)))
	// Output: prune
}
