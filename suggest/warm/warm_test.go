package warm_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/cmaes"
	"github.com/afina-hpo/afina/suggest/de"
	"github.com/afina-hpo/afina/suggest/forest"
	"github.com/afina-hpo/afina/suggest/genetic"
	"github.com/afina-hpo/afina/suggest/grid"
	"github.com/afina-hpo/afina/suggest/nsga"
	"github.com/afina-hpo/afina/suggest/portfolio"
	"github.com/afina-hpo/afina/suggest/qmc"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/rbf"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/tpe"
	"github.com/afina-hpo/afina/suggest/warm"
)

func float(name string, low, high float64) space.Param {
	return space.Param{Name: name, Kind: space.Float, Low: low, High: high}
}

func choice(name string, words ...string) space.Param {
	p := space.Param{Name: name, Kind: space.Choice}
	for _, w := range words {
		p.Choices = append(p.Choices, value.String(w))
	}
	return p
}

func minimize(metric string) study.Objective {
	return study.Objective{Metric: metric, Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}
}

// told is a study with a trial for each map of values.
func told(t *testing.T, s *space.Space, objectives []study.Objective, trials []map[string]space.Value, values ...[]float64) (*study.Definition, *study.History) {
	t.Helper()
	b := study.NewBook(s, objectives, nil)
	for i, vs := range trials {
		c, err := s.Config(vs)
		if err != nil {
			t.Fatal(err)
		}
		tr := &study.Trial{Number: i, State: study.Complete, Config: c, Values: values[i]}
		switch {
		case values[i] == nil:
			tr.State = study.Failed
		case values[i][0] > 1000:
			tr.State = study.Pruned
		}
		b.Put(tr)
	}
	return &study.Definition{ID: "1", Name: "old", Space: s, Objectives: objectives}, b.History()
}

func TestTake(t *testing.T) {
	old := suggesttest.Space(float("lr", 0, 1), choice("opt", "adam", "sgd"), float("gone", 0, 1), choice("size", "8", "16"))
	new := suggesttest.Space(float("lr", 0.1, 2), choice("opt", "sgd", "adam", "lion"), float("extra", 0, 4), float("size", 1, 100))
	f, s := value.Float, value.String
	trial := func(lr float64, opt string) map[string]space.Value {
		return map[string]space.Value{"lr": f(lr), "opt": s(opt), "gone": f(0.5), "size": s("8")}
	}
	def, h := told(t, old, []study.Objective{minimize("loss"), minimize("time")},
		[]map[string]space.Value{trial(0.5, "adam"), trial(0.05, "adam"), trial(1, "sgd"), trial(0.7, "sgd"), trial(0.2, "sgd"), trial(0.3, "sgd")},
		[]float64{3, 1}, []float64{2, 1}, []float64{math.NaN(), 1}, nil, []float64{2000, 1}, []float64{1, 1})
	e, err := warm.Take(def, h, &study.Definition{Space: new, Objectives: []study.Objective{minimize("acc"), minimize("loss")}})
	if err != nil {
		t.Fatal(err)
	}
	want := study.Earlier{
		Study: "1", Name: "old", Metrics: []string{"loss"}, Params: []string{"lr", "opt"}, Total: 6,
		Trials: []study.EarlierTrial{
			{Number: 0, Params: map[string]space.Value{"lr": f(0.5), "opt": s("adam")}, Values: []float64{3}},
			// 1 lies below the range, 2 has no finite loss, 3 failed.
			{Number: 4, Pruned: true, Params: map[string]space.Value{"lr": f(0.2), "opt": s("sgd")}, Values: []float64{2000}},
			{Number: 5, Params: map[string]space.Value{"lr": f(0.3), "opt": s("sgd")}, Values: []float64{1}},
		},
	}
	if d := cmp.Diff(want, e, cmp.Comparer(func(a, b space.Value) bool { return a == b })); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	points, known := warm.Points(&e, new)
	if d := cmp.Diff([]bool{true, true, false, false}, known); d != "" {
		t.Errorf("known parameters, -want +got:\n%s", d)
	}
	if got, want := points[0].Config.String(), "lr=0.5 opt=adam extra=2 size=50.5"; got != want {
		t.Errorf("the first point is %s, want %s: what it lacks stands in the middle", got, want)
	}
}

func TestNothingToTake(t *testing.T) {
	s := suggesttest.Space(float("x", 0, 1))
	at := []map[string]space.Value{{"x": value.Float(0.25)}}
	def, h := told(t, s, []study.Objective{minimize("loss")}, at, []float64{1})
	empty, none := told(t, s, []study.Objective{minimize("loss")}, at, nil)
	maximize := minimize("loss")
	maximize.Goal = study.Maximize
	for _, test := range []struct {
		name string
		def  *study.Definition
		h    *study.History
		new  *study.Definition
		want string
	}{
		{"other metric", def, h, &study.Definition{Space: s, Objectives: []study.Objective{minimize("los")}}, `did not measure los; its objectives are loss (did you mean "loss"?)`},
		{"other goal", def, h, &study.Definition{Space: s, Objectives: []study.Objective{maximize}}, "has to minimize loss, and this one has to maximize it"},
		{"other parameters", def, h, &study.Definition{Space: suggesttest.Space(float("y", 0, 1)), Objectives: def.Objectives}, "no parameter in common"},
		{"other type", def, h, &study.Definition{Space: suggesttest.Space(choice("x", "a", "b")), Objectives: def.Objectives}, "no parameter in common"},
		{"other range", def, h, &study.Definition{Space: suggesttest.Space(float("x", 2, 3)), Objectives: def.Objectives}, "none of them lies within the ranges"},
		{"no value", empty, none, &study.Definition{Space: s, Objectives: def.Objectives}, "it has 1 ended trials, and none of them has a value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := warm.Take(test.def, test.h, test.new)
			if err == nil || !strings.Contains(err.Error(), test.want) || study.CodeOf(err) != study.Invalid {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}

// A number goes to the nearest value that the new parameter can take.
func TestNearestValue(t *testing.T) {
	old := suggesttest.Space(float("x", 0, 100))
	for _, test := range []struct {
		name string
		to   space.Param
		x    float64
		want string // "" where it is left out
	}{
		{"whole number", space.Param{Name: "x", Kind: space.Int, Low: 0, High: 10}, 3.4, "x=3"},
		{"whole step", space.Param{Name: "x", Kind: space.Int, Low: 1, High: 20, Step: 4}, 7.2, "x=9"},
		{"step below the top", space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1, Step: 0.3}, 1, "x=0.9"},
		{"above", space.Param{Name: "x", Kind: space.Int, Low: 0, High: 10}, 10.6, ""},
		{"border", float("x", 0, 10), 10, "x=10"},
		{"choice of numbers", space.Param{Name: "x", Kind: space.Choice, Choices: []space.Value{value.Int(8), value.Int(16)}}, 8, "x=8"},
		{"no choice", space.Param{Name: "x", Kind: space.Choice, Choices: []space.Value{value.Int(8), value.Int(16)}}, 9, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			def, h := told(t, old, []study.Objective{minimize("loss")}, []map[string]space.Value{{"x": value.Float(test.x)}}, []float64{1})
			s := suggesttest.Space(test.to)
			e, err := warm.Take(def, h, &study.Definition{Space: s, Objectives: def.Objectives})
			if test.want == "" {
				if err == nil {
					t.Fatalf("%v is taken for %v", test.x, e.Trials[0].Params)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			points, _ := warm.Points(&e, s)
			if got := points[0].Config.String(); got != test.want {
				t.Errorf("%v became %s, want %s", test.x, got, test.want)
			}
		})
	}
}

// Every trial of a study in its own space comes back as it was.
func TestOwnSpace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		seed := rapid.Uint64().Draw(t, "seed")
		b := study.NewBook(s, suggesttest.Loss(), nil)
		for i := range 5 {
			c := s.Random(study.Stream(seed, i, "test"))
			b.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{float64(i)}})
		}
		def := &study.Definition{Space: s, Objectives: suggesttest.Loss()}
		e, err := warm.Take(def, b.History(), def)
		if err != nil {
			t.Fatal(err)
		}
		points, _ := warm.Points(&e, s)
		if len(points) != 5 {
			t.Fatalf("%d of 5 trials", len(points))
		}
		for i, p := range points {
			if want := b.Trial(i).Config; !p.Config.Equal(want) {
				t.Fatalf("%s became %s", want, p.Config)
			}
		}
	})
}

// Of a long study the best are kept, and of the others some of all times.
func TestKeep(t *testing.T) {
	s := suggesttest.Space(float("x", 0, 1))
	b := study.NewBook(s, suggesttest.Loss(), nil)
	const n = 2000
	for i := range n {
		c := s.Random(study.Stream(1, i, "test"))
		b.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{float64((i*7919)%n) + 1}})
	}
	def := &study.Definition{Space: s, Objectives: suggesttest.Loss()}
	e, err := warm.Take(def, b.History(), def)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Trials) != warm.MostTrials || e.Total != n {
		t.Fatalf("%d of %d trials, want %d", len(e.Trials), e.Total, warm.MostTrials)
	}
	best, gap := 0, 0
	for i, tr := range e.Trials {
		if tr.Values[0] <= 100 {
			best++
		}
		if i > 0 {
			gap = max(gap, tr.Number-e.Trials[i-1].Number)
		}
	}
	if best != 100 {
		t.Errorf("%d of the best hundred are kept", best)
	}
	if gap > n/150 {
		t.Errorf("of %d trials in a row none is kept", gap)
	}
}

// bowl is an earlier study of s whose values are the squared distance from a
// point of the cube, with a hundred random trials.
func bowl(s *space.Space, at float64, metric string) study.Earlier {
	b := study.NewBook(s, []study.Objective{minimize(metric)}, nil)
	for i := range 100 {
		c := s.Random(study.Stream(5, i, "bowl"))
		b.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{distance(s, c, at)}})
	}
	def := &study.Definition{Name: "bowl", Space: s, Objectives: b.Objectives}
	e, err := warm.Take(def, b.History(), def)
	if err != nil {
		panic(err)
	}
	return e
}

func distance(s *space.Space, c space.Config, at float64) float64 {
	sum := 0.0
	for _, u := range s.Encode(c, nil) {
		if u == u {
			sum += (u - at) * (u - at)
		}
	}
	return sum
}

// starting returns m with earlier studies.
func starting(m suggest.Method, earlier ...study.Earlier) suggest.Method {
	inner := m
	m.New = func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
		p.Earlier = earlier
		return warm.New(inner, p, v)
	}
	return m
}

// Whatever the method, it keeps the contract with configurations put before
// its own: the same after a restart, for several at once, in finite spaces.
func TestContract(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		switch c.Name {
		case "flat floats", "choices", "tree of two levels", "tight constraint", "finite, steps", "finite, one configuration":
		default:
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			m := starting(random.Method(), bowl(c.Space, 0.3, "loss"), bowl(c.Space, 0.8, "loss"))
			suggesttest.Run(t, func() suggest.Method { return m }, suggesttest.Options{
				Trials: 20, Many: 30, BatchEqual: true, NoGoals: true, Skip: func(o suggesttest.Case) bool { return o.Name != c.Name },
			})
		})
	}
}

// Methods that remember what they proposed themselves take a configuration of
// an earlier study for somebody else's.
func TestContractOfMethods(t *testing.T) {
	one := suggesttest.Options{Trials: 24, Many: 30, Every: 5, NoGoals: true, MaxObjectives: 1}
	many := one
	many.MaxObjectives = 0
	ends := many
	ends.Ends = true
	for _, m := range []struct {
		method suggest.Method
		o      suggesttest.Options
	}{
		{cmaes.Method(), one}, {de.Method(), one}, {genetic.Method(), one}, {nsga.Method2(), many}, {tpe.Method(), many},
		{forest.Method(), one}, {rbf.Method(), one}, {qmc.Method(), many}, {grid.Method(), ends},
	} {
		for _, c := range suggesttest.Cases() {
			switch c.Name {
			case "choices", "finite, steps":
			default:
				continue
			}
			t.Run(m.method.Name+", "+c.Name, func(t *testing.T) {
				with := starting(m.method, bowl(c.Space, 0.3, "loss"))
				m.o.Skip = func(o suggesttest.Case) bool { return o.Name != c.Name }
				suggesttest.Run(t, func() suggest.Method { return with }, m.o)
			})
		}
	}
}

func drive(t *testing.T, m suggest.Method, s *space.Space, trials int, loss func(space.Config) float64) *study.History {
	t.Helper()
	one, err := m.New(suggest.Problem{Objectives: 1, Parallel: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := suggesttest.Drive(context.Background(), one, suggesttest.Setup{
		Space: s, Trials: trials,
		Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{loss(c)}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.Log.Book.History()
}

// The best of the earlier trials come first, in turn with the method's own,
// and each says where it is from.
func TestSeeds(t *testing.T) {
	s := suggesttest.Space(float("a", 0, 1), float("b", 0, 1), float("c", 0, 1), float("d", 0, 1), float("e", 0, 1), float("f", 0, 1))
	e := bowl(s, 0.4, "loss")
	for _, m := range []suggest.Method{random.Method(), tpe.Method(), bo.Method(), portfolio.Method()} {
		t.Run(m.Name, func(t *testing.T) {
			h := drive(t, starting(m, e), s, 12, func(c space.Config) float64 { return distance(s, c, 0.4) })
			var from []int
			for tr := range h.All() {
				name, number, ok := warm.Of(tr.Origin)
				if !ok {
					continue
				}
				from = append(from, tr.Number)
				if name != "bowl" {
					t.Errorf("trial %d is from %q", tr.Number, name)
				}
				for _, old := range e.Trials {
					if old.Number == number && old.Values[0] != tr.Values[0] {
						t.Errorf("trial %d had %v, trial %d of the earlier study %v", tr.Number, tr.Values[0], number, old.Values[0])
					}
				}
			}
			if d := cmp.Diff([]int{0, 2, 4}, from); d != "" {
				t.Errorf("trials from the earlier study, -want +got:\n%s", d)
			}
		})
	}
}

// Once they have turned out worse than the others there are no more.
func TestMisleadingSeedsEnd(t *testing.T) {
	var ps []space.Param
	for _, r := range "abcdefghijklmnopqrst" {
		ps = append(ps, float(string(r), 0, 1))
	}
	s := suggesttest.Space(ps...)
	e := bowl(s, 0.2, "loss")
	count := func(loss func(space.Config) float64) int {
		n := 0
		for tr := range drive(t, starting(random.Method(), e), s, 20, loss).All() {
			if _, _, ok := warm.Of(tr.Origin); ok {
				n++
			}
		}
		return n
	}
	if n := count(func(c space.Config) float64 { return distance(s, c, 0.2) }); n != 6 {
		t.Errorf("%d seeds of a study that is right, want 6", n)
	}
	if n := count(func(c space.Config) float64 { return -distance(s, c, 0.2) }); n > 1 {
		t.Errorf("%d seeds of a study that is wrong, want one", n)
	}
}

// With a small budget there are as few as the trials before a model decides.
func TestSeedsOfASmallBudget(t *testing.T) {
	var ps []space.Param
	for _, r := range "abcdefghijklmnopqrst" {
		ps = append(ps, float(string(r), 0, 1))
	}
	s := suggesttest.Space(ps...)
	for trials, want := range map[int]int{0: 6, 100: 6, 24: 4, 3: 2} {
		m := starting(random.Method(), bowl(s, 0.2, "loss"))
		make := m.New
		m.New = func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			p.Trials = trials
			return make(p, v)
		}
		n := 0
		for tr := range drive(t, m, s, 20, func(c space.Config) float64 { return distance(s, c, 0.2) }).All() {
			if _, _, ok := warm.Of(tr.Origin); ok {
				n++
			}
		}
		if n != want {
			t.Errorf("a budget of %d trials: %d seeds, want %d", trials, n, want)
		}
	}
}

// A suggester says what it can, no more and no less, and without an earlier
// study it is the same one.
func TestStart(t *testing.T) {
	s := suggesttest.Space(float("x", 0, 1))
	about := suggest.Problem{Objectives: 1, Parallel: 1}
	for _, m := range []suggest.Method{random.Method(), bo.Method()} {
		inner, err := m.New(about, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := warm.Start(about, inner); got != inner {
			t.Errorf("%s: without an earlier study there is another suggester", m.Name)
		}
		with := about
		with.Earlier = []study.Earlier{bowl(s, 0.5, "loss")}
		got := warm.Start(with, inner)
		_, a := inner.(suggest.Estimator)
		_, b := got.(suggest.Estimator)
		_, c := inner.(suggest.Forecaster)
		_, d := got.(suggest.Forecaster)
		if a != b || c != d {
			t.Errorf("%s: estimates %v, forecasts %v; started warm %v, %v", m.Name, a, c, b, d)
		}
	}
}

func TestOf(t *testing.T) {
	for _, note := range []string{"", "{}", `{"by":"gp"}`, `{"by":"earlier"`, `{"by":"earlier","study":"x"}`} {
		if _, _, ok := warm.Of(&study.Origin{Note: note}); ok {
			t.Errorf("%s is taken for an earlier study's", note)
		}
	}
	if _, _, ok := warm.Of(nil); ok {
		t.Error("no origin is taken for an earlier study's")
	}
}
