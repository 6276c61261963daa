package bohb

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/cube"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings setting.Values
	}{
		{"defaults", nil},
		{"always the model", setting.Values{"random_fraction": value.Float(0), "candidates": value.Int(3), "top_percent": value.Float(40)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			suggesttest.Run(t, Method, suggesttest.Options{Settings: c.settings, MaxObjectives: 1, BatchEqual: true})
		})
	}
}

// rungs is a study of d numbers under a scheduler with rungs at 1, 3, 9 and 27:
// one trial in three goes up.
func rungs(d, n int) *study.History {
	params := make([]space.Param, d)
	for i := range params {
		params[i] = space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, High: 1}
	}
	s := suggesttest.Space(params...)
	book := study.NewBook(s, suggesttest.Loss(), &study.Fidelity{Min: 1, Max: 27})
	bowl := suggesttest.Bowl(s)
	for i, c := range suggesttest.Drawn(s, n) {
		t := &study.Trial{Number: i, State: study.Pruned, Until: 1, Config: c}
		for k := i; t.Until < 27 && k%3 == 2; k /= 3 {
			t.Until *= 3
		}
		for step := 1.0; step <= t.Until; step *= 3 {
			t.Reports = append(t.Reports, study.Report{Step: step, Values: study.Metrics{{Name: "loss", Value: bowl(c) + 1/step}}})
		}
		if t.Until == 27 {
			t.State, t.Values = study.Complete, []float64{bowl(c)}
		}
		book.Put(t)
	}
	return book.History()
}

// The model is of the highest level on which there are enough trials, and most
// of what it proposes lies where the good ones are.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		trials int
		want   string
	}{{6, `{"random":true}`}, {14, `"step":1}`}, {16, `"step":3}`}, {60, `"step":9}`}, {150, `"step":27}`}} {
		h := rungs(2, c.trials)
		s, err := Method().New(suggest.Problem{Objectives: 1}, setting.Values{"random_fraction": value.Float(0)})
		if err != nil {
			t.Fatal(err)
		}
		if c.trials == 6 { // three parameters' worth, and two
			h = rungs(4, 6)
		}
		ps, err := s.Suggest(context.Background(), suggest.Request{History: h, N: 40, First: h.Len()})
		if err != nil || len(ps) != 40 {
			t.Fatalf("%d proposals, error %v", len(ps), err)
		}
		near := 0
		for _, p := range ps {
			if !strings.HasSuffix(p.Note, c.want) {
				t.Fatalf("after %d trials the note is %s, want %s", c.trials, p.Note, c.want)
			}
			if suggesttest.Bowl(h.Space)(p.Config) < 0.08 { // a quarter of the space
				near++
			}
		}
		if c.trials >= 150 && near < 20 { // with the fewest trials a model knows next to nothing
			t.Errorf("after %d trials %d of 40 proposals are near the optimum", c.trials, near)
		}
	}
}

// What is proposed after 60 trials, noted once.
func TestPinned(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the proposals were noted on amd64")
	}
	s, err := Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := rungs(3, 60)
	ps, err := s.Suggest(context.Background(), suggest.Request{History: h, N: 12, First: h.Len(), Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range ps {
		got = append(got, fmt.Sprintf("%s %s", p.Config, p.Note))
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/suggestions.json"
	if os.Getenv("AFINA_UPDATE") != "" {
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(text)+"\n"); d != "" {
		t.Errorf("the proposals have changed; if that is meant, raise the method's version and run with AFINA_UPDATE=1\n%s", d)
	}
}

// One trial in three is random.
func TestRandomFraction(t *testing.T) {
	h := rungs(3, 90)
	s, err := Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ps, err := s.Suggest(context.Background(), suggest.Request{History: h, N: 900, First: h.Len(), Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	random := 0
	for _, p := range ps {
		if p.Note == `{"random":true}` {
			random++
		}
	}
	if random < 250 || random > 350 {
		t.Errorf("%d of 900 trials are random, want about 300", random)
	}
}

// What is inactive takes the values of a trial in which it is active.
func TestImpute(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "a", Kind: space.Bool},
		space.Param{Name: "b", Kind: space.Float, High: 1, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(true)}}}},
		space.Param{Name: "c", Kind: space.Float, High: 1, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(false)}}}},
	)
	nan := math.NaN()
	m := model{cube: cube.New(s), free: []int{0, 1, 2}}
	random := func(n int) *rand.Rand { return study.Stream(1, n, "impute") }
	rows := [][]float64{{1, 0.25, nan}, {0, nan, 0.5}, {0, nan, 0.75}}
	m.impute(rows, random)
	if rows[0][1] != 0.25 || rows[1][1] != 0.25 || rows[2][1] != 0.25 || (rows[0][2] != 0.5 && rows[0][2] != 0.75) {
		t.Errorf("imputed as %v", rows)
	}
	alone := [][]float64{{1, 0.25, nan}}
	m.impute(alone, random)
	if x := alone[0][2]; !(x >= 0 && x <= 1) {
		t.Errorf("with nobody to take it from: %v", x)
	}
}

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		for _, d := range []int{10, 40} {
			b.Run(fmt.Sprintf("%d trials, %d params", n, d), func(b *testing.B) {
				h := rungs(d, n)
				s, err := Method().New(suggest.Problem{Objectives: 1}, setting.Values{"random_fraction": value.Float(0)})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					s.(*suggester).of = nil // a trial has ended
					if _, err := s.Suggest(context.Background(), suggest.Request{History: h, N: 1, First: n + i}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
