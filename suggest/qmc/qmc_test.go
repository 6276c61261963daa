package qmc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	sobol "github.com/afina-hpo/afina/num/qmc"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/qmc"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, qmc.Method, suggesttest.Options{BatchEqual: true})
}

func floats(names string) []space.Param {
	var ps []space.Param
	for _, name := range strings.Split(names, "") {
		ps = append(ps, space.Param{Name: name, Kind: space.Float, High: 1})
	}
	return ps
}

func constrained(t *testing.T, cond string, ps ...space.Param) *space.Space {
	t.Helper()
	e, err := expr.Compile(cond)
	if err != nil {
		t.Fatal(err)
	}
	s, err := space.New(space.Spec{Params: ps, Constraints: []*expr.Program{e}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(t *testing.T, s *space.Space, first, n int) ([]suggest.Proposal, error) {
	t.Helper()
	one, err := qmc.Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := study.NewBook(s, suggesttest.Loss(), nil).History()
	return one.Suggest(context.Background(), suggest.Request{History: h, First: first, N: n, Seed: 9})
}

// Any aligned 64 trials have one in each 64th part of every parameter.
func TestTrialsAreEven(t *testing.T) {
	s := suggesttest.Space(floats("abcdef")...)
	for _, first := range []int{0, 64, 640} {
		ps, err := ask(t, s, first, 64)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Len() {
			var hits [64]int
			for _, p := range ps {
				hits[int(p.Config.At(i).AsFloat()*64)]++
			}
			for cell, n := range hits {
				if n != 1 {
					t.Errorf("trials from %d: %d values of %s in part %d, want 1", first, n, s.Param(i).Name, cell)
				}
			}
		}
	}
}

// With constraints the trials are the allowed points of the sequence, in its
// order.
func TestRefusedPointsAreSkipped(t *testing.T) {
	s := constrained(t, "a + b < 0.5 && c > a", floats("abc")...)
	q, err := sobol.NewSobol(3, 9)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := uint64(0); len(want) < 100; i++ {
		u := q.Point(i, nil)
		if u[0]+u[1] < 0.5 && u[2] > u[0] {
			want = append(want, s.Decode(u).String())
		}
	}
	ps, err := ask(t, s, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range ps {
		if p.Config.String() != want[n] {
			t.Fatalf("trial %d is %v, want %s", n, p.Config, want[n])
		}
	}
	late, err := ask(t, s, 90, 10)
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range late {
		if p.Config.String() != want[90+n] {
			t.Errorf("trial %d, asked for first, is %v, want %s", 90+n, p.Config, want[90+n])
		}
	}
}

func TestKnownParametersKeepTheirPointsWhenTheSpaceGrows(t *testing.T) {
	before, err := ask(t, suggesttest.Space(floats("ab")...), 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ask(t, suggesttest.Space(floats("abc")...), 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	for n := range before {
		for i := range 2 {
			if x, y := before[n].Config.At(i), after[n].Config.At(i); x != y {
				t.Errorf("trial %d: %v became %v", n, x, y)
			}
		}
	}
}

func TestSpacesThatAreTooMuch(t *testing.T) {
	var wide []space.Param
	for i := range sobol.MaxDim + 1 {
		wide = append(wide, space.Param{Name: fmt.Sprintf("p%d", i), Kind: space.Float, High: 1})
	}
	for _, c := range []struct {
		name  string
		space *space.Space
		want  string
	}{
		{"too many parameters", suggesttest.Space(wide...), "use the algorithm random"},
		{"impossible constraint", constrained(t, "a > 2", floats("a")...), `"a > 2"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ask(t, c.space, 0, 1)
			if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

// 64 even points leave no point of the square farther than 0.15 from one of
// them, wherever a problem has its optimum.
func TestStudyCoversTheSquare(t *testing.T) {
	s := suggesttest.Space(floats("ab")...)
	one, err := qmc.Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	bowl := suggesttest.Bowl(s)
	result, err := suggesttest.Drive(context.Background(), one, suggesttest.Setup{
		Space: s, Trials: 64, Parallel: 8, Seed: 4,
		Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{bowl(c)}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if best := result.Best(); best > 0.15*0.15 {
		t.Errorf("best loss %v, want at most %v", best, 0.15*0.15)
	}
}

// A study resumed under a later afina must go on as it began. If this test
// fails, the method needs a new version.
func TestAnswersAreThoseOfVersion1(t *testing.T) {
	if v := qmc.Method().Version; v != "1" {
		t.Fatalf("version %q: pin its answers here", v)
	}
	s := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, Low: -1, High: 1},
		space.Param{Name: "n", Kind: space.Int, Low: 1, High: 100},
		space.Param{Name: "b", Kind: space.Bool})
	ps, err := ask(t, s, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"x=-0.16890927628688712 n=94 b=true",
		"x=0.3558577215184071 n=3 b=false",
		"x=0.8169857544400843 n=58 b=true",
		"x=-0.5898877469293198 n=29 b=false",
	}
	for i, p := range ps {
		if got := p.Config.String(); got != want[i] {
			t.Errorf("trial %d is %s, want %s", i, got, want[i])
		}
	}
}

func BenchmarkSuggest(b *testing.B) { suggesttest.Benchmark(b, qmc.Method, 100) }
