package repeat_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/portfolio"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/repeat"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

var auto = &study.Limit{Auto: true}

func wrapped(t *testing.T, m suggest.Method, rule *study.Limit) suggest.Suggester {
	t.Helper()
	p := suggest.Problem{Objectives: 1, Parallel: 1}
	s, err := m.New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = repeat.New(s, rule, p, m.Name); err != nil {
		t.Fatal(err)
	}
	return s
}

// bowl is a study of a bowl with so much noise.
func bowl(seed uint64, trials, parallel int, noise float64) suggesttest.Setup {
	return suggesttest.Setup{
		Space: suggesttest.Space(
			space.Param{Name: "x", Kind: space.Float, High: 1}, space.Param{Name: "y", Kind: space.Float, High: 1},
			space.Param{Name: "n", Kind: space.Int, Low: 1, High: 5}),
		Seed: seed, Trials: trials, Parallel: parallel,
		Evaluate: func(n int, c space.Config) suggesttest.Outcome {
			x, y, k := c.At(0).AsFloat()-0.3, c.At(1).AsFloat()-0.6, c.At(2).AsFloat()-2
			return suggesttest.Outcome{Values: []float64{x*x + y*y + k*k/9 + noise*study.Stream(seed, n, "noise").NormFloat64()}}
		},
	}
}

func drive(t *testing.T, s suggest.Suggester, d suggesttest.Setup) *study.History {
	t.Helper()
	r, err := suggesttest.Drive(context.Background(), s, d)
	if err != nil {
		t.Fatal(err)
	}
	return r.Log.Book.History()
}

// repeats returns which trial each of h repeats, and checks that it does.
func repeats(t *testing.T, h *study.History) map[int]int {
	t.Helper()
	of, runs := map[int]int{}, map[int]int{}
	for tr := range h.All() {
		r, ok := tr.Repeats()
		if !ok {
			continue
		}
		of[tr.Number] = r.Of
		runs[r.Of]++
		if first := h.Trial(r.Of); !first.Config.Equal(tr.Config) || r.Run != runs[r.Of]+1 {
			t.Errorf("trial %d is said to be run %d of trial %d: %v, %v", tr.Number, r.Run, r.Of, tr.Config, first.Config)
		}
		if _, again := h.Trial(r.Of).Repeats(); again {
			t.Errorf("trial %d repeats a repeat", tr.Number)
		}
	}
	return of
}

func TestNoiseIsRepeatedWithinBounds(t *testing.T) {
	for _, m := range []suggest.Method{bo.Method(), portfolio.Method()} {
		for _, parallel := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s %d at once", m.Name, parallel), func(t *testing.T) {
				h := drive(t, wrapped(t, m, auto), bowl(5, 60, parallel, 0.2))
				n := len(repeats(t, h))
				if n < 2 || n > 12 {
					t.Errorf("%d of 60 trials are repeats, want 2 to 12", n)
				}
			})
		}
	}
}

func TestWhereThereIsNoNoiseNothingIsRepeated(t *testing.T) {
	for seed := range uint64(3) {
		h := drive(t, wrapped(t, bo.Method(), auto), bowl(seed, 100, 1, 0))
		if n := len(repeats(t, h)); n > 2 {
			t.Errorf("seed %d: %d repeats, want at most the two that show there is no noise", seed, n)
		}
	}
}

// Whatever looks best has three runs before anything else is believed, and
// every second trial at least is new.
func TestByNumber(t *testing.T) {
	h := drive(t, wrapped(t, random.Method(), &study.Limit{Value: 3}), bowl(2, 80, 1, 0.1))
	of := repeats(t, h)
	if len(of) < 5 || len(of) > 40 {
		t.Errorf("%d of 80 trials are repeats", len(of))
	}
	runs, sum := map[int]int{}, map[int]float64{}
	for tr := range h.All() {
		n, ok := of[tr.Number]
		if !ok {
			n = tr.Number
		}
		runs[n]++
		sum[n] += tr.Values[0]
	}
	best := -1
	for n, k := range runs {
		if k > 3 {
			t.Errorf("trial %d has %d runs", n, k)
		}
		if best < 0 || sum[n]/float64(k) < sum[best]/float64(runs[best]) {
			best = n
		}
	}
	if runs[best] < 2 {
		t.Errorf("the best has %d runs", runs[best])
	}
}

// A search that lives long answers what one does that was started just now.
func TestRepeatsAreAFunctionOfTheHistory(t *testing.T) {
	for _, c := range []struct {
		m    suggest.Method
		rule *study.Limit
	}{{bo.Method(), auto}, {portfolio.Method(), auto}, {random.Method(), &study.Limit{Value: 4}}} {
		d := bowl(9, 45, 2, 0.2)
		asked := 0
		d.Observe = func(r suggest.Request, ps []suggest.Proposal, _ error, _ *suggesttest.Result) error {
			if asked++; asked%3 > 0 {
				return nil
			}
			again, err := wrapped(t, c.m, c.rule).Suggest(context.Background(), r)
			if err != nil {
				return err
			}
			for i := range ps {
				if !again[i].Config.Equal(ps[i].Config) || again[i].Repeat != ps[i].Repeat || again[i].Note != ps[i].Note {
					t.Errorf("%s: trial %d was %v %+v, asked anew it is %v %+v", c.m.Name, r.First+i, ps[i].Config, ps[i].Repeat, again[i].Config, again[i].Repeat)
				}
			}
			return nil
		}
		if len(repeats(t, drive(t, wrapped(t, c.m, c.rule), d))) == 0 {
			t.Errorf("%s: nothing was repeated", c.m.Name)
		}
	}
}

// Without repeats the wrapped search is the search.
func TestNoRuleNoChange(t *testing.T) {
	p := suggest.Problem{Objectives: 1}
	s, err := random.Method().New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := repeat.New(s, nil, p, "random"); err != nil || same != s {
		t.Errorf("%v, %v", same, err)
	}
	two := drive(t, wrapped(t, bo.Method(), auto), bowl(1, 9, 1, 1))
	plain, err := bo.Method().New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	one := drive(t, plain, bowl(1, 9, 1, 1))
	for n := range one.Len() {
		if d := cmp.Diff(one.Trial(n).Config.String(), two.Trial(n).Config.String()); d != "" {
			t.Errorf("trial %d: %s", n, d)
		}
	}
}

func TestWhatCannotBe(t *testing.T) {
	s, err := random.Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule       *study.Limit
		objectives int
		want       string
	}{
		{auto, 1, "random cannot say"},
		{&study.Limit{Value: 1}, 1, "1 runs"},
		{&study.Limit{Value: 2.5}, 1, "2.5 runs"},
		{&study.Limit{Value: math.NaN()}, 1, "NaN runs"},
		{&study.Limit{Value: 3}, 2, "one objective"},
	} {
		_, err := repeat.New(s, c.rule, suggest.Problem{Objectives: c.objectives}, "random")
		if err == nil || !strings.Contains(err.Error(), c.want) || study.CodeOf(err) != study.Invalid {
			t.Errorf("%+v for %d objectives: %v, want %q", c.rule, c.objectives, err, c.want)
		}
	}
}

// Where values are held, what runs again has them, and who has lived long
// answers what one does that was started just now.
func TestRepeatsHaveWhatIsHeld(t *testing.T) {
	d := bowl(5, 0, 1, 0.3)
	for _, c := range []struct {
		m    suggest.Method
		rule *study.Limit
	}{{bo.Method(), auto}, {portfolio.Method(), auto}, {random.Method(), &study.Limit{Value: 3}}} {
		s := wrapped(t, c.m, c.rule)
		holder, ok := s.(suggest.Holder)
		if !ok {
			t.Fatalf("%s with repeats holds no values", c.m.Name)
		}
		book := study.NewBook(d.Space, suggesttest.Loss(), nil)
		repeated := map[int64]int{}
		for i := range 46 {
			k := int64(2 + i%2*2)
			r := suggest.Request{
				History: book.History(), N: 1, First: i, Seed: 7,
				Fixed: map[string]space.Value{"n": value.Int(k)},
			}
			ps, err := holder.Suggest(t.Context(), r)
			if err != nil || len(ps) != 1 {
				t.Fatalf("%s: %v, %v", c.m.Name, ps, err)
			}
			p := ps[0]
			if got, _ := p.Config.At(2).AsInt(); got != k {
				t.Fatalf("%s: trial %d has n = %d, not %d: %+v", c.m.Name, i, got, k, p.Repeat)
			}
			if i%7 == 0 {
				again, err := wrapped(t, c.m, c.rule).Suggest(t.Context(), r)
				if err != nil || !again[0].Config.Equal(p.Config) || again[0].Repeat != p.Repeat {
					t.Errorf("%s: trial %d was %v %+v, asked anew it is %v, %v", c.m.Name, i, p.Config, p.Repeat, again, err)
				}
			}
			o := &study.Origin{Method: c.m.Name}
			if p.Mark(o); p.Repeat.Run > 0 {
				repeated[k]++
				if !book.History().Trial(p.Repeat.Of).Config.Equal(p.Config) {
					t.Errorf("%s: trial %d is no repeat of trial %d", c.m.Name, i, p.Repeat.Of)
				}
			}
			book.Put(&study.Trial{
				Number: i, State: study.Complete, Config: p.Config, Origin: o,
				Values: d.Evaluate(i, p.Config).Values,
			})
		}
		if repeated[2] == 0 || repeated[4] == 0 {
			t.Errorf("%s: %v trials repeat, by n", c.m.Name, repeated)
		}
	}
}
