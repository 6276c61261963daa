package random_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, random.Method, suggesttest.Options{BatchEqual: true})
}

func ask(t *testing.T, s *space.Space, n int, seed uint64) ([]suggest.Proposal, error) {
	t.Helper()
	one, err := random.Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := study.NewBook(s, suggesttest.Loss(), nil).History()
	return one.Suggest(context.Background(), suggest.Request{History: h, N: n, Seed: seed})
}

func TestDrawsFollowThePrior(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "lr", Kind: space.Float, Low: 1e-4, High: 1, Scale: space.Log},
		space.Param{Name: "gain", Kind: space.Float, Low: math.Inf(-1), High: math.Inf(1), Prior: space.Normal, Mean: 3, SD: 0.5})
	const n = 4000
	ps, err := ask(t, s, n, 1)
	if err != nil {
		t.Fatal(err)
	}
	small, sum, squares := 0, 0.0, 0.0
	for _, p := range ps {
		if p.Config.At(0).AsFloat() < 1e-3 {
			small++
		}
		x := p.Config.At(1).AsFloat()
		sum += x
		squares += x * x
	}
	// One decade of four, the mean and the standard deviation, each within
	// four standard errors.
	if got := float64(small) / n; math.Abs(got-0.25) > 4*math.Sqrt(0.25*0.75/n) {
		t.Errorf("share below 1e-3 is %.3f, want 0.25", got)
	}
	mean := sum / n
	sd := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-3) > 4*0.5/math.Sqrt(n) || math.Abs(sd-0.5) > 4*0.5/math.Sqrt(2*n) {
		t.Errorf("mean %.3f and standard deviation %.3f, want 3 and 0.5", mean, sd)
	}
}

func TestSeedsDiffer(t *testing.T) {
	s := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
	seen := map[string]bool{}
	for seed := range uint64(50) {
		ps, err := ask(t, s, 2, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ps {
			if seen[p.Config.Key()] {
				t.Errorf("seed %d repeats %v", seed, p.Config)
			}
			seen[p.Config.Key()] = true
		}
	}
}

func TestImpossibleConstraintIsNamed(t *testing.T) {
	cond, err := expr.Compile("x > 2")
	if err != nil {
		t.Fatal(err)
	}
	s, err := space.New(space.Spec{
		Params:      []space.Param{{Name: "x", Kind: space.Float, High: 1}},
		Constraints: []*expr.Program{cond},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(t, s, 1, 1)
	if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), `"x > 2"`) {
		t.Errorf("error %v, want one that names the constraint", err)
	}
}

// A study resumed under a later afina must go on as it began. If this test
// fails, the method needs a new version.
func TestAnswersAreThoseOfVersion1(t *testing.T) {
	if v := random.Method().Version; v != "1" {
		t.Fatalf("version %q: pin its answers here", v)
	}
	s := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, Low: -1, High: 1},
		space.Param{Name: "n", Kind: space.Int, Low: 1, High: 100},
		space.Param{Name: "b", Kind: space.Bool})
	ps, err := ask(t, s, 4, 42)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"x=0.5177866718903952 n=2 b=true",
		"x=0.7624764622194884 n=7 b=true",
		"x=-0.5787487558709805 n=17 b=false",
		"x=-0.6240273938876164 n=81 b=true",
	}
	for i, p := range ps {
		if got := p.Config.String(); got != want[i] {
			t.Errorf("trial %d is %s, want %s", i, got, want[i])
		}
	}
}

func BenchmarkSuggest(b *testing.B) { suggesttest.Benchmark(b, random.Method, 100) }
