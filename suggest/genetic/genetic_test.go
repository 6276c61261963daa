package genetic

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/merit"
	"github.com/afina-hpo/afina/suggest/internal/vary"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings setting.Values
	}{
		{"defaults", nil},
		{"small elite, blend", setting.Values{"population": value.Int(8), "recombination": value.String(recombineBlend)}},
		{"aging", setting.Values{"style": value.String(styleAging), "population": value.Int(8)}},
		{"aging, crossed and mutated everywhere", setting.Values{
			"style": value.String(styleAging), "population": value.Int(2), "crossover": value.Float(1),
			"mutation": value.Float(1), "recombination": value.String(recombineUniform)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			suggesttest.Run(t, Method, suggesttest.Options{
				Settings: c.settings, MaxObjectives: 1, BatchEqual: true,
			})
		})
	}
}

// past folds trials with the given losses; NaN is a failed trial.
func past(t interface{ Fatal(...any) }, losses []float64) *study.History {
	s := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
	book := study.NewBook(s, suggesttest.Loss(), nil)
	for n, c := range suggesttest.Drawn(s, len(losses)) {
		one := &study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{losses[n]}}
		if math.IsNaN(losses[n]) {
			one.State, one.Values = study.Failed, nil
		}
		book.Put(one)
	}
	return book.History()
}

func trials(p *population) []int {
	var out []int
	for _, m := range p.members {
		out = append(out, m.trial)
	}
	return out
}

func TestEliteIsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		losses := rapid.SliceOf(rapid.SampledFrom([]float64{0, 1, 2, 3, 4, 5, 6, 7, math.NaN()})).Draw(t, "losses")
		size := rapid.IntRange(2, 6).Draw(t, "size")
		p := population{size: size}
		p.update(past(t, losses))
		// The best, of equals the newest.
		var want []int
		for n, x := range losses {
			if x == x {
				want = append(want, n)
			}
		}
		slices.SortFunc(want, func(a, b int) int {
			switch {
			case losses[a] < losses[b]:
				return -1
			case losses[a] > losses[b]:
				return 1
			}
			return b - a
		})
		want = want[:min(size, len(want))]
		if got := trials(&p); !slices.Equal(got, want) {
			t.Fatalf("elite of %v is %v, want %v", losses, got, want)
		}
	})
}

func TestAgingDropsTheOldest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		losses := rapid.SliceOf(rapid.SampledFrom([]float64{0, 1, 2, math.NaN()})).Draw(t, "losses")
		size := rapid.IntRange(2, 6).Draw(t, "size")
		p := population{size: size, aging: true}
		p.update(past(t, losses))
		var want []int
		for n, x := range losses {
			if x == x {
				want = append(want, n)
			}
		}
		want = want[max(len(want)-size, 0):]
		got := trials(&p)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("population after %v is %v, want the newest, %v", losses, got, want)
		}
	})
}

func TestMembersHoldTheirOwnGenes(t *testing.T) {
	for _, aging := range []bool{false, true} {
		losses := make([]float64, 200)
		for n := range losses {
			losses[n] = math.Mod(float64(n)*0.618, 1) - float64(n)/500
		}
		h := past(t, losses)
		p := population{size: 7, aging: aging}
		p.update(h)
		for _, m := range p.members {
			if want := h.Space.Encode(h.Trial(m.trial).Config, nil); !slices.Equal(m.genes, want) {
				t.Errorf("aging %v: trial %d has genes %v, want %v", aging, m.trial, m.genes, want)
			}
		}
	}
}

func TestTournamentPrefersTheBetter(t *testing.T) {
	h := past(t, []float64{3, 1, 2, 0})
	p := population{size: 4, aging: true}
	p.update(h)
	r := study.Stream(1, 0, "tournament")
	const n = 40_000
	for _, k := range []int{1, 2, 5} {
		b := breeder{tournament: k}
		wins := make([]int, 4)
		for range n {
			wins[b.winner(&p, r)]++
		}
		// The best of k draws is of rank i with probability
		// ((4-i)/4)^k - ((3-i)/4)^k.
		for i, rank := range []float64{3, 1, 2, 0} {
			want := math.Pow((4-rank)/4, float64(k)) - math.Pow((3-rank)/4, float64(k))
			if got := float64(wins[i]) / n; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/n)+1e-9 {
				t.Errorf("of %d: member of rank %v wins %.4f, want %.4f", k, rank, got, want)
			}
		}
	}
}

func TestAgingMutatesOneParameter(t *testing.T) {
	s := suggesttest.Wide(8)
	method := Method()
	one, err := method.New(suggest.Problem{Objectives: 1}, setting.Values{"style": value.String(styleAging), "population": value.Int(5)})
	if err != nil {
		t.Fatal(err)
	}
	log, err := suggesttest.Fold(s, nil, suggesttest.Drawn(s, 20), suggesttest.Mixed(1, suggesttest.Bowl(s)))
	if err != nil {
		t.Fatal(err)
	}
	h := log.Book.History()
	ps, err := one.Suggest(context.Background(), suggest.Request{History: h, N: 50, First: h.Len()})
	if err != nil {
		t.Fatal(err)
	}
	p := population{size: 5, aging: true}
	p.update(h)
	for _, child := range ps {
		fewest := s.Len()
		for _, m := range p.members {
			differ := 0
			for i, x := range m.genes {
				if v := h.Trial(m.trial).Config.At(i); v != child.Config.At(i) && math.Abs(s.EncodeParam(i, child.Config.At(i))-x) > 1e-12 {
					differ++
				}
			}
			fewest = min(fewest, differ)
		}
		if fewest != 1 {
			t.Errorf("%v differs from its parent in %d parameters, want 1", child.Config, fewest)
		}
	}
}

// monotone changes the objective without changing its order.
func monotone(x float64) float64 { return math.Exp(3*x) - 7 }

func TestOnlyTheOrderMatters(t *testing.T) {
	for _, style := range []string{styleElitist, styleAging} {
		for _, c := range suggesttest.Cases() {
			run := func(change func(float64) float64) *suggesttest.Result {
				s, err := Method().New(suggest.Problem{Objectives: 1}, setting.Values{"style": value.String(style), "population": value.Int(8)})
				if err != nil {
					t.Fatal(err)
				}
				bowl := suggesttest.Bowl(c.Space)
				got, err := suggesttest.Drive(context.Background(), s, suggesttest.Setup{
					Space: c.Space, Trials: 60, Parallel: 3, Seed: 4,
					Evaluate: suggesttest.Mixed(1, func(c space.Config) float64 { return change(bowl(c)) }),
				})
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			a, b := run(func(x float64) float64 { return x }).Log.Book, run(monotone).Log.Book
			for n := range a.Len() {
				if x, y := a.Trial(n).Config, b.Trial(n).Config; x.Key() != y.Key() {
					t.Errorf("%s, %s: trial %d is %v, with the objective changed %v", style, c.Name, n, x, y)
					break
				}
			}
		}
	}
}

// TestBetterThanRandom holds both styles to what evolution is for: a mixed and
// a conditional space with a budget of some hundred trials.
func TestBetterThanRandom(t *testing.T) {
	tree := suggesttest.Cases()[8]
	if tree.Name != "tree of two levels" {
		t.Fatalf("the cases have been reordered: %s", tree.Name)
	}
	// The bowl's minimum is 0, but not at a choice: the first of three is at
	// 1/6, false at 1/4, and an inactive parameter counts as 0.2 away.
	third := math.Pow(1.0/6-0.3, 2)
	for _, c := range []struct {
		name  string
		space *space.Space
		least float64
	}{{"mixed", suggesttest.Wide(12), 3 * third}, {"conditional", tree.Space, third + 0.05*0.05 + 0.2*0.2}} {
		median := func(m suggest.Method, v setting.Values) float64 {
			var best []float64
			for seed := range 11 {
				s, err := m.New(suggest.Problem{Objectives: 1, Parallel: 4, Trials: 400}, v)
				if err != nil {
					t.Fatal(err)
				}
				bowl := suggesttest.Bowl(c.space)
				got, err := suggesttest.Drive(context.Background(), s, suggesttest.Setup{
					Space: c.space, Trials: 400, Parallel: 4, Seed: uint64(seed),
					Evaluate: func(n int, c space.Config) suggesttest.Outcome {
						return suggesttest.Outcome{Values: []float64{bowl(c)}, Duration: 1 + float64(n%3)}
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				best = append(best, got.Best()-c.least)
			}
			slices.Sort(best)
			return best[len(best)/2]
		}
		base := median(random.Method(), nil)
		for _, style := range []string{styleElitist, styleAging} {
			got := median(Method(), setting.Values{"style": value.String(style)})
			t.Logf("%s: %s %.3g, random %.3g", c.name, style, got, base)
			if !(got < base/2) {
				t.Errorf("%s: %s has a median regret of %.3g, random search %.3g", c.name, style, got, base)
			}
		}
	}
}

// TestForeignTrialsJoin has a history that nobody says the origin of.
func TestForeignTrialsJoin(t *testing.T) {
	h := past(t, []float64{5, 4, 3, 2, 9, 1})
	p := population{size: 3}
	p.update(h)
	if got := trials(&p); !slices.Equal(got, []int{5, 3, 2}) {
		t.Errorf("population %v, want trials 5, 3 and 2 whatever made them", got)
	}
	if m, ok := merit.Of(h.Trial(5), h.Objectives[0]); !ok || m != p.members[0].merit {
		t.Errorf("merit %v, want %v", p.members[0].merit, m)
	}
	if p.genome.Trait(0) != vary.Continuous {
		t.Error("the genome is not of the space")
	}
}
