package nsga_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/nsga"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

var methods = []func() suggest.Method{nsga.Method2, nsga.Method3}

func TestContract(t *testing.T) {
	for _, m := range methods {
		t.Run(m().Name, func(t *testing.T) {
			suggesttest.Run(t, m, suggesttest.Options{BatchEqual: true, MaxObjectives: 64})
		})
	}
}

// Every crossover on infinite spaces, with generations so short that there are
// many.
func TestContractOfCrossovers(t *testing.T) {
	for _, kind := range []string{"uniform", "blx", "undx", "spx", "pcx"} {
		t.Run(kind, func(t *testing.T) {
			suggesttest.Run(t, nsga.Method2, suggesttest.Options{
				BatchEqual: true, Trials: 24, Every: 6, Many: 40,
				Skip: func(c suggesttest.Case) bool { return c.Size > 0 || c.Name == "forty parameters" },
				Settings: setting.Values{
					"crossover": value.String(kind), "population": value.Int(6), "offspring": value.Int(2),
					"mutation": value.String("uniform"),
				},
			})
		})
	}
}

// floats returns n parameters in [0, 1].
func floats(n int) *space.Space {
	var ps []space.Param
	for i := range n {
		ps = append(ps, space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, High: 1})
	}
	return suggesttest.Space(ps...)
}

func point(c space.Config) []float64 {
	x := make([]float64, c.Space().Len())
	for i := range x {
		x[i] = c.At(i).AsFloat()
	}
	return x
}

// zdt1 is the first problem of E. Zitzler, K. Deb and L. Thiele, Evolutionary
// Computation 8(2), 2000.
func zdt1(x []float64) []float64 {
	sum := 0.0
	for _, v := range x[1:] {
		sum += v
	}
	g := 1 + 9*sum/float64(len(x)-1)
	return []float64{x[0], g * (1 - math.Sqrt(x[0]/g))}
}

// dtlz2 is the second of K. Deb, L. Thiele, M. Laumanns and E. Zitzler, CEC
// 2002, with three objectives.
func dtlz2(x []float64) []float64 {
	g := 1.0
	for _, v := range x[2:] {
		g += (v - 0.5) * (v - 0.5)
	}
	a, b := x[0]*math.Pi/2, x[1]*math.Pi/2
	return []float64{g * math.Cos(a) * math.Cos(b), g * math.Cos(a) * math.Sin(b), g * math.Sin(a)}
}

func goals(list ...study.Goal) []study.Objective {
	var out []study.Objective
	for i, g := range list {
		out = append(out, study.Objective{Metric: fmt.Sprintf("f%d", i), Goal: g, Reduce: study.Reduction{Kind: "last"}})
	}
	return out
}

func drive(t *testing.T, m suggest.Method, v setting.Values, d suggesttest.Setup) *suggesttest.Result {
	t.Helper()
	s, err := m.New(suggest.Problem{Objectives: len(d.Objectives), Parallel: d.Parallel, Trials: d.Trials}, v)
	if err != nil {
		t.Fatal(err)
	}
	result, err := suggesttest.Drive(context.Background(), s, d)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// volume is the hypervolume of all complete feasible trials.
func volume(r *suggesttest.Result, reference ...float64) float64 {
	h := r.Log.Book.History()
	var points [][]float64
	for t := range h.All() {
		if t.State != study.Complete || !t.Feasible() {
			continue
		}
		p := make([]float64, len(t.Values))
		for i, x := range t.Values {
			p[i] = h.Objectives[i].Loss(x)
		}
		points = append(points, p)
	}
	return pareto.Hypervolume(points, reference)
}

// Both algorithms get nearer to both fronts than random search does, with
// eight trials at once and every tenth failing.
func TestBeatsRandomSearch(t *testing.T) {
	for _, c := range []struct {
		name      string
		space     *space.Space
		f         func([]float64) []float64
		goals     []study.Goal
		reference []float64
		gain      float64 // volume beyond that of random search, at least
	}{
		{"zdt1", floats(10), zdt1, []study.Goal{study.Minimize, study.Minimize}, []float64{1.1, 7}, 0.4},
		{"dtlz2", floats(10), dtlz2, []study.Goal{study.Minimize, study.Minimize, study.Minimize}, []float64{2, 2, 2}, 0.3},
	} {
		for _, m := range methods {
			t.Run(c.name+"/"+m().Name, func(t *testing.T) {
				total := map[string]float64{}
				for seed := range uint64(3) {
					d := suggesttest.Setup{
						Space: c.space, Objectives: goals(c.goals...), Seed: seed, Trials: 400, Parallel: 8,
						Evaluate: func(n int, x space.Config) suggesttest.Outcome {
							o := suggesttest.Outcome{Values: c.f(point(x)), Duration: 1 + float64(n%7)/7}
							if n%10 == 3 {
								o.State = study.Failed
							}
							return o
						},
					}
					total["random"] += volume(drive(t, random.Method(), nil, d), c.reference...) / 3
					total["nsga"] += volume(drive(t, m(), nil, d), c.reference...) / 3
				}
				if total["nsga"] < total["random"]+c.gain {
					t.Errorf("volume %.3f, random search has %.3f", total["nsga"], total["random"])
				}
			})
		}
	}
}

// Maximizing -f is minimizing f, in niching, too.
func TestGoalsOfSeveralObjectives(t *testing.T) {
	less, more := study.Minimize, study.Maximize
	for _, m := range methods {
		var results []*suggesttest.Result
		for _, list := range [][]study.Goal{{less, less, less}, {more, less, more}, {more, more, more}} {
			results = append(results, drive(t, m(), setting.Values{"population": value.Int(12)}, suggesttest.Setup{
				Space: floats(5), Objectives: goals(list...), Seed: 5, Trials: 150, Parallel: 4,
				Evaluate: func(n int, x space.Config) suggesttest.Outcome {
					f := dtlz2(point(x))
					for i, g := range list {
						if g == more {
							f[i] = -f[i]
						}
					}
					return suggesttest.Outcome{Values: f, Duration: 1 + float64(n%3), Violations: []float64{0.2 - x.At(1).AsFloat()}}
				},
			}))
		}
		for _, other := range results[1:] {
			for n := range results[0].Log.Book.Len() {
				a, b := results[0].Log.Book.Trial(n).Config, other.Log.Book.Trial(n).Config
				if a.Key() != b.Key() {
					t.Errorf("%s: trial %d is %v minimizing, %v otherwise", m().Name, n, a, b)
					break
				}
			}
		}
	}
}

// Outcome constraints lead the search: the front without them violates.
func TestOutcomeConstraintsAreMet(t *testing.T) {
	for _, m := range methods {
		result := drive(t, m(), setting.Values{"population": value.Int(20)}, suggesttest.Setup{
			Space: floats(6), Objectives: goals(study.Minimize, study.Minimize), Seed: 1, Trials: 300,
			Evaluate: func(n int, c space.Config) suggesttest.Outcome {
				x := point(c)
				return suggesttest.Outcome{Values: zdt1(x), Violations: []float64{1.5 - x[1] - x[2], x[3] - 0.5}}
			},
		})
		feasible := func(from, to int) int {
			k := 0
			for n := from; n < to; n++ {
				if result.Log.Book.Trial(n).Feasible() {
					k++
				}
			}
			return k
		}
		if early, late := feasible(0, 50), feasible(250, 300); early > 20 || late < 30 {
			t.Errorf("%s: %d of the first 50 trials are feasible, %d of the last", m().Name, early, late)
		}
	}
}

// Children satisfy a constraint that one draw in fifty does, and are children:
// few have to be drawn from the prior instead.
func TestChildrenOfATightSpace(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		if c.Name != "tight constraint" {
			continue
		}
		children, asked := 0, 0
		drive(t, nsga.Method2(), setting.Values{"population": value.Int(10)}, suggesttest.Setup{
			Space: c.Space, Objectives: goals(study.Minimize), Seed: 1, Trials: 100,
			Evaluate: func(n int, x space.Config) suggesttest.Outcome {
				return suggesttest.Outcome{Values: []float64{suggesttest.Bowl(c.Space)(x)}}
			},
			Observe: func(r suggest.Request, ps []suggest.Proposal, err error, _ *suggesttest.Result) error {
				if r.First >= 10 {
					asked++
					if ps[0].Note != "" {
						children++
					}
				}
				return err
			},
		})
		if asked != 90 || children < 85 {
			t.Errorf("%d of %d are children", children, asked)
		}
		return
	}
	t.Fatal("the case is gone")
}

func TestNotesNameTheParents(t *testing.T) {
	noted := 0
	drive(t, nsga.Method2(), setting.Values{"population": value.Int(8)}, suggesttest.Setup{
		Space: floats(3), Objectives: goals(study.Minimize, study.Maximize), Trials: 60, Parallel: 3,
		Evaluate: func(n int, x space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: point(x)[:2]}
		},
		Observe: func(r suggest.Request, ps []suggest.Proposal, err error, _ *suggesttest.Result) error {
			for _, p := range ps {
				if p.Note == "" {
					if r.History.EndedLen() >= 8 {
						t.Errorf("no note after %d results", r.History.EndedLen())
					}
					continue
				}
				noted++
				var note struct{ Generation, Parents json.RawMessage }
				if err := json.Unmarshal([]byte(p.Note), &note); err != nil {
					return err
				}
				var parents []int
				if err := json.Unmarshal(note.Parents, &parents); err != nil {
					return err
				}
				if want := fmt.Sprint(r.History.EndedLen() / 8); string(note.Generation) != want || len(parents) < 1 || len(parents) > 2 {
					t.Errorf("note %s after %d results, want generation %s", p.Note, r.History.EndedLen(), want)
				}
				for _, n := range parents {
					if r.History.Trial(n).State != study.Complete {
						t.Errorf("parent %d is %s", n, r.History.Trial(n).State)
					}
				}
			}
			return err
		},
	})
	if noted < 40 {
		t.Errorf("%d notes", noted)
	}
}

func TestTheBudgetSizesThePopulation(t *testing.T) {
	for _, c := range []struct{ trials, want int }{{0, 50}, {1000, 50}, {100, 25}, {20, 10}} {
		s, err := nsga.Method2().New(suggest.Problem{Objectives: 1, Trials: c.trials}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sp := floats(2)
		book := study.NewBook(sp, goals(study.Minimize), nil)
		first := -1
		for n := 0; first < 0 && n < 100; n++ {
			ps, err := s.Suggest(context.Background(), suggest.Request{History: book.History(), N: 1, First: n})
			if err != nil {
				t.Fatal(err)
			}
			if ps[0].Note != "" {
				first = n
			}
			book.Put(&study.Trial{Number: n, State: study.Complete, Config: ps[0].Config, Values: []float64{float64(n % 13)}})
		}
		if first != c.want {
			t.Errorf("with %d trials the first child is trial %d, want %d", c.trials, first, c.want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name       string
		method     suggest.Method
		objectives int
		v          setting.Values
	}{
		{"no objective", nsga.Method2(), 0, nil},
		{"too many objectives", nsga.Method3(), 65, nil},
		{"too many directions", nsga.Method3(), 10, setting.Values{"divisions": value.Int(100)}},
	} {
		_, err := c.method.New(suggest.Problem{Objectives: c.objectives}, c.v)
		if study.CodeOf(err) != study.Invalid {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
	for m := 1; m <= 64; m++ {
		if _, err := nsga.Method3().New(suggest.Problem{Objectives: m}, nil); err != nil {
			t.Errorf("%d objectives: %v", m, err)
		}
	}
}

// A study resumed under a later afina must go on as it began. If this test
// fails, the methods need a new version.
func TestAnswersAreThoseOfVersion1(t *testing.T) {
	want := map[string][2]string{
		"nsga2": {"x=0.561454598 n=2 b=false", "x=-0.061155187 n=43 b=true"},
		"nsga3": {"x=0.018045683 n=51 b=true", "x=0.592473590 n=82 b=true"},
	}
	sp := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, Low: -1, High: 1},
		space.Param{Name: "n", Kind: space.Int, Low: 1, High: 100},
		space.Param{Name: "b", Kind: space.Bool})
	for _, m := range methods {
		if v := m().Version; v != "1" {
			t.Fatalf("version %q: pin its answers here", v)
		}
		result := drive(t, m(), setting.Values{"population": value.Int(6)}, suggesttest.Setup{
			Space: sp, Objectives: goals(study.Minimize, study.Maximize), Seed: 42, Trials: 40, Parallel: 2,
			Evaluate: func(n int, c space.Config) suggesttest.Outcome {
				x, k := c.At(0).AsFloat(), c.At(1).AsFloat()
				return suggesttest.Outcome{Values: []float64{x*x + k/100, x + k/50}, Duration: 1 + float64(n%3)}
			},
		})
		for i, n := range []int{20, 39} {
			c := result.Log.Book.Trial(n).Config
			got := fmt.Sprintf("x=%.9f n=%v b=%v", c.At(0).AsFloat(), c.At(1), c.At(2))
			if got != want[m().Name][i] {
				t.Errorf("%s: trial %d is %s, want %s", m().Name, n, got, want[m().Name][i])
			}
		}
	}
}

func BenchmarkSuggest(b *testing.B) {
	for _, past := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("%d trials", past), func(b *testing.B) { suggesttest.Benchmark(b, nsga.Method2, past) })
	}
}
