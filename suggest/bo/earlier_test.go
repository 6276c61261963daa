package bo

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/warm"
)

// mixed is a space of numbers and a choice, of which fewer has a part.
func mixed() *space.Space {
	return suggesttest.Space(
		space.Param{Name: "a", Kind: space.Float, Low: 0, High: 1},
		space.Param{Name: "b", Kind: space.Float, Low: 0, High: 1},
		space.Param{Name: "k", Kind: space.Choice, Choices: []space.Value{value.String("u"), value.String("v"), value.String("w")}},
	)
}

// hill is 0 at a = at, b = at, k = w, and larger elsewhere.
func hill(s *space.Space, c space.Config, at float64) float64 {
	sum := 0.0
	for i, x := range s.Encode(c, nil) {
		switch {
		case s.Param(i).Kind != space.Choice:
			sum += (x - at) * (x - at)
		case c.At(i).Text() != "w":
			sum += 0.2
		}
	}
	return sum
}

// before is a study of s with random trials.
func before(s *space.Space, trials int, losses ...func(space.Config) float64) study.Earlier {
	var objectives []study.Objective
	for k := range losses {
		objectives = append(objectives, study.Objective{Metric: "loss" + strings.Repeat("'", k), Goal: study.Minimize})
	}
	b := study.NewBook(s, objectives, nil)
	for i := range trials {
		c := s.Random(study.Stream(3, i, "before"))
		var values []float64
		for _, loss := range losses {
			values = append(values, loss(c))
		}
		b.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: values})
	}
	def := &study.Definition{Name: "before", Space: s, Objectives: objectives}
	e, err := warm.Take(def, b.History(), def)
	if err != nil {
		panic(err)
	}
	return e
}

// learnt returns the model of a study of s with random trials, warm from e.
func learnt(t *testing.T, s *space.Space, e []study.Earlier, trials int, losses ...func(space.Config) float64) (*suggester, *study.History) {
	t.Helper()
	// Effects alone would find out all there is to know of a hill.
	one, err := newSuggester(suggest.Problem{Objectives: len(losses), Parallel: 1, Earlier: e},
		setting.Values{"effects": value.Bool(false)})
	if err != nil {
		t.Fatal(err)
	}
	var objectives []study.Objective
	for k := range losses {
		objectives = append(objectives, study.Objective{Metric: "loss" + strings.Repeat("'", k), Goal: study.Minimize})
	}
	b := study.NewBook(s, objectives, nil)
	for i := range trials {
		c := s.Random(study.Stream(4, i, "now"))
		var values []float64
		for _, loss := range losses {
			values = append(values, loss(c))
		}
		b.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: values})
	}
	x := one.(*suggester)
	x.follow(b.History())
	if !x.model.able() {
		t.Fatal("there is no model")
	}
	return x, b.History()
}

// An earlier study counts where it predicts this one, whatever its units and
// though it lacks a parameter, and is set aside where it does not.
func TestEarlierStudiesAreWeighed(t *testing.T) {
	s := mixed()
	few := suggesttest.Space(s.Params()[:2]...)
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	for _, test := range []struct {
		name    string
		earlier study.Earlier
		counts  bool
	}{
		{"alike", before(s, 60, func(c space.Config) float64 { return hill(s, c, 0.65) }), true},
		{"in other units", before(s, 60, func(c space.Config) float64 { return 1e6 * math.Exp(3*hill(s, c, 0.6)) }), true},
		{"fewer parameters", before(few, 60, func(c space.Config) float64 { return hill(few, c, 0.6) }), true},
		{"the opposite", before(s, 60, func(c space.Config) float64 { return -hill(s, c, 0.6) }), false},
		{"noise", before(s, 60, func(c space.Config) float64 {
			return study.Stream(1, int(1e6*c.At(0).AsFloat()), "noise").Float64()
		}), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			x, _ := learnt(t, s, []study.Earlier{test.earlier}, 8, near)
			w := x.model.trust[0][0]
			if w > 0 != test.counts {
				t.Errorf("its weight is %v", w)
			}
			said := x.model.learnedFrom()
			if want := map[bool]string{true: "before counts ", false: "before is set aside"}[test.counts]; !strings.Contains(said, want) {
				t.Errorf("it says %q, want %q", said, want)
			}
			// Either way the study is predicted about as well as it can be.
			cold, h := learnt(t, s, nil, 8, near)
			if a, b := off(t, x, h, near), off(t, cold, h, near); a > 1.05*b {
				t.Errorf("predictions are off by %v, without it by %v", a, b)
			}
		})
	}
}

// off is the mean error of the predictions at configurations that are not
// tried.
func off(t *testing.T, x *suggester, h *study.History, loss func(space.Config) float64) float64 {
	t.Helper()
	sum := 0.0
	const n = 200
	for i := range n {
		c := h.Space.Random(study.Stream(6, i, "off"))
		mean, _, ok := x.Estimate(h, c)
		if !ok {
			t.Fatal("there is no estimate")
		}
		sum += math.Abs(mean[0] - loss(c))
	}
	return sum / n
}

// Of a good and a misleading study the good one counts, and two that say the
// same do not count twice as much.
func TestSeveralEarlierStudies(t *testing.T) {
	s := mixed()
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	good := before(s, 60, near)
	bad := before(s, 60, func(c space.Config) float64 { return -near(c) })
	x, _ := learnt(t, s, []study.Earlier{bad, good, good}, 10, near)
	w := x.model.trust[0]
	if w[0] != 0 || w[1] <= 0 || w[1]+w[2] > 1.5 {
		t.Errorf("weights %v of a misleading study and two good ones", w)
	}
}

// The gradient of the acquisition is that of its value, with what was learned
// earlier in it, for each rule.
func TestAcquisitionGradientWithEarlierStudies(t *testing.T) {
	s := mixed()
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	far := func(c space.Config) float64 { return hill(s, c, 0.2) }
	for _, losses := range [][]func(space.Config) float64{{near}, {near, far}} {
		x, _ := learnt(t, s, []study.Earlier{before(s, 60, losses...)}, 9, losses...)
		a := x.acquisition(suggest.Request{History: x.model.last}, study.Stream(1, 1, "test"))
		kinds := []rule{improvement, bound}
		if len(losses) > 1 {
			kinds = []rule{hypervolume}
		}
		for _, kind := range kinds {
			a.kind = kind
			a.reset(x.model.enc.len())
			if len(losses) == 1 && a.base == nil {
				t.Fatal("the earlier study is set aside")
			}
			z := []float64{0.37, 0.81, 1}
			g := make([]float64, 3)
			a.value(z, g)
			for i := range 2 {
				const h = 1e-5
				up, down := append([]float64(nil), z...), append([]float64(nil), z...)
				up[i], down[i] = z[i]+h, z[i]-h
				want := (a.value(up, nil) - a.value(down, nil)) / (2 * h)
				if math.Abs(g[i]-want) > 1e-4*math.Max(1, math.Abs(want)) {
					t.Errorf("%s, coordinate %d: gradient %v, by differences %v", kind, i, g[i], want)
				}
			}
		}
	}
}

// With earlier studies the method keeps the contract: the same answer from a
// fresh instance, for several at once, whatever happens to the trials.
func TestContractWithEarlierStudies(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		switch c.Name {
		case "choices", "tree of two levels", "finite, steps":
		default:
			continue
		}
		e := before(c.Space, 40, func(cfg space.Config) float64 { return hill(c.Space, cfg, 0.4) })
		e.Metrics = []string{"loss"}
		m := Method()
		inner := m.New
		m.New = func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			p.Earlier = []study.Earlier{e}
			return inner(p, v)
		}
		suggesttest.Run(t, func() suggest.Method { return m }, suggesttest.Options{
			BatchEqual: true, NoGoals: true, Every: 6, Trials: 18, Many: 30,
			Settings: setting.Values{"candidates": value.Int(20), "starts": value.Int(1), "ensemble": value.Int(1)},
			Skip:     func(o suggesttest.Case) bool { return o.Name != c.Name },
		})
	}
}

// Ten trials with what is known come several times closer than without.
func TestWarmStartIsFaster(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "a", Kind: space.Float, Low: 0, High: 1},
		space.Param{Name: "b", Kind: space.Float, Low: 0, High: 1},
		space.Param{Name: "c", Kind: space.Float, Low: 0, High: 1},
		space.Param{Name: "d", Kind: space.Float, Low: 0, High: 1},
	)
	for seed := range uint64(3) {
		e := before(s, 50, func(c space.Config) float64 { return hill(s, c, 0.72) })
		e.Metrics = []string{"loss"}
		after := func(earlier ...study.Earlier) float64 {
			one, err := warm.New(Method(), suggest.Problem{Objectives: 1, Parallel: 1, Earlier: earlier}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := suggesttest.Drive(context.Background(), one, suggesttest.Setup{
				Space: s, Trials: 10, Seed: seed,
				Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
					return suggesttest.Outcome{Values: []float64{hill(s, c, 0.7)}}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			return got.Best()
		}
		if with, without := after(e), after(); !(with < without/4) {
			t.Errorf("seed %d: best loss %v after ten trials, %v without the earlier study", seed, with, without)
		}
	}
}

func BenchmarkWarmSuggest(b *testing.B) {
	s := mixed()
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	one, err := newSuggester(suggest.Problem{Objectives: 1, Parallel: 1, Earlier: []study.Earlier{before(s, 150, near)}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	book := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, nil)
	for i := range 50 {
		c := s.Random(study.Stream(4, i, "now"))
		book.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{near(c)}})
	}
	r := suggest.Request{History: book.History(), N: 1, First: 50}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := one.Suggest(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// What reading ten earlier studies costs before the first suggestion of a
// model, and weighing them.
func BenchmarkTeach(b *testing.B) {
	for _, d := range []int{3, 10, 40} {
		var ps []space.Param
		for i := range d {
			ps = append(ps, space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: 0, High: 1})
		}
		s := suggesttest.Space(ps...)
		near := func(c space.Config) float64 { return hill(s, c, 0.6) }
		for _, n := range []int{1, 10} {
			var es []study.Earlier
			for range n {
				es = append(es, before(s, 150, near))
			}
			book := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, nil)
			for i := range 50 {
				c := s.Random(study.Stream(4, i, "now"))
				book.Put(&study.Trial{Number: i, State: study.Complete, Config: c, Values: []float64{near(c)}})
			}
			r := suggest.Request{History: book.History(), N: 1, First: 50}
			b.Run(fmt.Sprintf("params=%d/studies=%d", d, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					one, err := newSuggester(suggest.Problem{Objectives: 1, Parallel: 1, Earlier: es}, nil)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := one.Suggest(context.Background(), r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// Where steps of training are learned, what an earlier study says counts for
// the last step, and a fresh instance says the same.
func TestEarlierStudiesWithSteps(t *testing.T) {
	s := suggesttest.Space(mixed().Params()[:2]...)
	near := func(c space.Config) float64 { return hill(s, c, 0.6) }
	e := before(s, 60, near)
	e.Metrics = []string{"loss"}
	about := suggest.Problem{Objectives: 1, Parallel: 1, Earlier: []study.Earlier{e}}
	one, err := newSuggester(about, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := suggesttest.Drive(context.Background(), one, suggesttest.Setup{
		Space: s, Trials: 14, Fidelity: &study.Fidelity{Min: 1, Max: 9},
		Evaluate: func(n int, c space.Config) suggesttest.Outcome {
			out := suggesttest.Outcome{Values: []float64{near(c)}}
			for step := 1; step <= 9; step++ {
				out.Curve = append(out.Curve, near(c)+1/float64(step))
			}
			if n%3 == 2 {
				out.State, out.Curve = study.Pruned, out.Curve[:3]
				out.Values = out.Curve[2:]
			}
			return out
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if best := got.Best(); !(best < 0.02) {
		t.Errorf("the best loss is %v", best)
	}
	h := got.Log.Book.History()
	r := suggest.Request{History: h, N: 1, First: h.Len()}
	want, err := one.Suggest(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := newSuggester(about, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := fresh.Suggest(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if !want[0].Config.Equal(again[0].Config) || want[0].Note != again[0].Note {
		t.Errorf("it proposes %s %s, and %s %s afresh", want[0].Config, want[0].Note, again[0].Config, again[0].Note)
	}
	if !strings.Contains(want[0].Note, `"earlier":"before `) {
		t.Errorf("the note is %s", want[0].Note)
	}
}
