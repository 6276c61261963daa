package grid

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

var shuffledOrder = setting.Values{"order": value.String("random")}

func TestContract(t *testing.T) {
	suggesttest.Run(t, Method, suggesttest.Options{BatchEqual: true, Ends: true})
}

func TestContractInRandomOrder(t *testing.T) {
	suggesttest.Run(t, Method, suggesttest.Options{
		BatchEqual: true, Ends: true, Settings: shuffledOrder, Every: 4,
		Skip: func(c suggesttest.Case) bool { return c.Name == "forty parameters" },
	})
}

func make1(t testing.TB, v setting.Values) suggest.Suggester {
	t.Helper()
	s, err := Method().New(suggest.Problem{Objectives: 1}, v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLevels(t *testing.T) {
	inf := math.Inf(1)
	f := func(p space.Param) space.Param { p.Name, p.Kind = "p", space.Float; return p }
	i := func(p space.Param) space.Param { p.Name, p.Kind = "p", space.Int; return p }
	for _, c := range []struct {
		name   string
		param  space.Param
		points int
		want   []any
	}{
		{"float", f(space.Param{Low: -1, High: 1}), 5, []any{-1.0, -0.5, 0.0, 0.5, 1.0}},
		{"log", f(space.Param{Low: 1e-5, High: 1e-1, Scale: space.Log}), 5, []any{1e-5, 1e-4, 1e-3, 1e-2, 1e-1}},
		{"reverse log", f(space.Param{Low: 0.9, High: 0.9999, Scale: space.ReverseLog}), 4, []any{0.9, 0.99, 0.999, 0.9999}},
		{"one point", f(space.Param{Low: 0, High: 1}), 1, []any{0.5}},
		{"float of one value", f(space.Param{Low: 2, High: 2}), 5, []any{2.0}},
		{"stepped float", f(space.Param{Low: 0, High: 0.5, Step: 0.1}), 2, []any{0.0, 0.1, 0.2, 0.3, 0.4, 0.5}},
		{"steps too fine", f(space.Param{Low: 0, High: 1, Step: 1e-5}), 3, []any{0.0, 0.5, 1.0}},
		{"short int", i(space.Param{Low: 1, High: 6}), 3, []any{1, 2, 3, 4, 5, 6}},
		{"long int", i(space.Param{Low: 1, High: 101}), 5, []any{1, 26, 51, 76, 101}},
		{"log int", i(space.Param{Low: 1, High: 10000, Scale: space.Log}), 3, []any{1, 100, 10000}},
		// Quantiles 1/6, 1/2 and 5/6 of the standard normal distribution are
		// ∓0.967421566 and 0, as in any table of it.
		{"normal prior", f(space.Param{Low: -inf, High: inf, Prior: space.Normal, Mean: 10, SD: 1}), 3, []any{9.032578433898, 10.0, 10.967421566102}},
		{"choice", space.Param{Name: "p", Kind: space.Choice, Choices: []space.Value{value.String("b"), value.Null, value.Int(1)}}, 1, []any{"b", nil, 1}},
		{"bool", space.Param{Name: "p", Kind: space.Bool}, 1, []any{false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := levels(suggesttest.Space(c.param), c.points)[0]
			if len(got) != len(c.want) {
				t.Fatalf("levels %v, want %v", got, c.want)
			}
			for k, v := range got {
				want, err := value.FromAny(c.want[k])
				if err != nil {
					t.Fatal(err)
				}
				near := v.IsNumber() && v.Kind() == want.Kind() && math.Abs(v.AsFloat()-want.AsFloat()) <= 1e-10*math.Abs(want.AsFloat())
				if v != want && !near {
					t.Errorf("level %d is %v, want %v", k, v, want)
				}
			}
		})
	}
}

// A rounded level has no digits that are noise.
func TestLevelsReadWell(t *testing.T) {
	s := suggesttest.Space(space.Param{Name: "lr", Kind: space.Float, Low: 1e-6, High: 1, Scale: space.Log})
	var got []string
	for _, v := range levels(s, 7)[0] {
		got = append(got, v.Text())
	}
	if diff := cmp.Diff([]string{"1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1"}, got); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
}

// all returns the first n points that s proposes, asked for batch at once.
func all(t *testing.T, s suggest.Suggester, sp *space.Space, seed uint64, n, batch int) []string {
	t.Helper()
	result, err := suggesttest.Drive(context.Background(), s, suggesttest.Setup{
		Space: sp, Trials: n, Parallel: batch, Seed: seed,
		Evaluate: func(int, space.Config) suggesttest.Outcome { return suggesttest.Outcome{State: study.Failed} },
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for n := range result.Log.Book.Len() {
		got = append(got, result.Log.Book.Trial(n).Config.String())
	}
	return got
}

// Enumerate is another walk through the same grid.
func TestOrderIsThatOfEnumerate(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			var want []string
			ls := levels(c.Space, 5)
			for cfg := range c.Space.Enumerate(func(i int) []space.Value { return ls[i] }) {
				if want = append(want, cfg.String()); len(want) == 300 {
					break
				}
			}
			if diff := cmp.Diff(want, all(t, make1(t, nil), c.Space, 1, 300, 7)); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRandomOrderIsAPermutation(t *testing.T) {
	sp := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Int, Low: 1, High: 9},
		space.Param{Name: "y", Kind: space.Int, Low: 1, High: 9})
	lexical := all(t, make1(t, nil), sp, 1, 100, 1)
	one := all(t, make1(t, shuffledOrder), sp, 1, 100, 1)
	two := all(t, make1(t, shuffledOrder), sp, 2, 100, 1)
	if cmp.Equal(one, lexical) || cmp.Equal(one, two) {
		t.Error("the order does not depend on the seed")
	}
	count := map[string]int{}
	for _, c := range one {
		count[c]++
	}
	for _, c := range lexical {
		if count[c] != 1 {
			t.Errorf("%s comes %d times", c, count[c])
		}
	}
	if len(one) != 81 || len(lexical) != 81 {
		t.Errorf("%d and %d points, want 81", len(one), len(lexical))
	}
}

func TestPointsAddedByHandAreLeftOut(t *testing.T) {
	sp := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1})
	byHand := []space.Config{sp.Decode([]float64{0.25}), sp.Decode([]float64{0.3})}
	result, err := suggesttest.Drive(context.Background(), make1(t, nil), suggesttest.Setup{
		Space: sp, Trials: 20, Enqueue: byHand,
		Evaluate: func(int, space.Config) suggesttest.Outcome { return suggesttest.Outcome{Values: []float64{1}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for n := range result.Log.Book.Len() {
		got = append(got, result.Log.Book.Trial(n).Config.At(0).AsFloat())
	}
	if diff := cmp.Diff([]float64{0.25, 0.3, 0, 0.5, 0.75, 1}, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestOpenSpaceIsWaitedFor(t *testing.T) {
	sp, err := space.New(space.Spec{Open: true, Params: []space.Param{{Name: "b", Kind: space.Bool}}})
	if err != nil {
		t.Fatal(err)
	}
	b := study.NewBook(sp, suggesttest.Loss(), nil)
	s := make1(t, nil)
	ask := func() (int, error) {
		ps, err := s.Suggest(context.Background(), suggest.Request{History: b.History(), N: 5, First: b.Len()})
		for _, p := range ps {
			b.Put(&study.Trial{Number: b.Len(), State: study.Running, Config: p.Config})
		}
		return len(ps), err
	}
	if n, err := ask(); n != 2 || err != nil {
		t.Fatalf("first %d proposals and error %v, want 2 and none", n, err)
	}
	if n, err := ask(); n != 0 || err != nil {
		t.Fatalf("while trials run %d proposals and error %v, want none", n, err)
	}
	for n := range b.Len() {
		over := *b.Trial(n)
		over.State = study.Complete
		b.Put(&over)
	}
	if n, err := ask(); n != 0 || !errors.Is(err, suggest.ErrExhausted) {
		t.Fatalf("at the end %d proposals and error %v, want exhausted", n, err)
	}
}

func TestGridsThatAreTooMuch(t *testing.T) {
	var wide []space.Param
	for _, name := range strings.Split("abcdefgh", "") {
		wide = append(wide, space.Param{Name: name, Kind: space.Float, High: 1})
	}
	never, err := expr.Compile("a + b > 3")
	if err != nil {
		t.Fatal(err)
	}
	impossible, err := space.New(space.Spec{Params: wide, Constraints: []*expr.Program{never}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		space  *space.Space
		values setting.Values
		want   string
	}{
		{"random order of a huge grid", suggesttest.Space(wide...), shuffledOrder, "too many for order: random"},
		{"constraints refuse everything", impossible, setting.Values{"points": value.Int(7)}, "in a row violate the constraints"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := study.NewBook(c.space, suggesttest.Loss(), nil).History()
			_, err := make1(t, c.values).Suggest(context.Background(), suggest.Request{History: h, N: 1})
			if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

// BenchmarkSuggest asks for one point at a time in a grid of 5^10.
func BenchmarkSuggest(b *testing.B) {
	var ps []space.Param
	for _, name := range strings.Split("abcdefghij", "") {
		ps = append(ps, space.Param{Name: name, Kind: space.Float, High: 1})
	}
	book := study.NewBook(suggesttest.Space(ps...), suggesttest.Loss(), nil)
	s := make1(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		got, err := s.Suggest(context.Background(), suggest.Request{History: book.History(), N: 1, First: book.Len()})
		if err != nil {
			b.Fatal(err)
		}
		book.Put(&study.Trial{Number: book.Len(), State: study.Failed, Config: got[0].Config})
	}
}
