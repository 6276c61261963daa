package portfolio

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// foreseen is a trial of the processes that was to end with p and ended with x.
func foreseen(p, x float64) study.Trial {
	one := complete("bo", x)
	one.Origin.Note = fmt.Sprintf(`{"arm":"bo","by":"gp","predicted":%g,"se":1,"rule":"improvement"}`, p)
	return one
}

// Expected numbers are worked out by hand. The study begins as if forty
// predictions had come true, each a quarter away from the middle: 10. Each
// later one takes a twentieth of that.
func TestDoubt(t *testing.T) {
	plain := suggesttest.Loss()
	gain := []study.Objective{{Metric: "gain", Goal: study.Maximize}}
	// Their places are 1/4, 1/2 and 3/4 of what follows.
	three := []study.Trial{complete("", 1), complete("", 2), complete("", 3)}
	long := func(n int) (out []study.Trial) { // of nobody, without improvement
		for range n {
			out = append(out, complete("", 9))
		}
		return out
	}
	for _, c := range []struct {
		name       string
		objectives []study.Objective
		trials     []study.Trial
		more       []study.Trial
		want       float64
	}{
		{"nothing is known", plain, nil, nil, 0},
		{"nothing was predicted", plain, three, nil, 0},
		// Places are (below + equal/2 + 1/2)/4: 0 is at 1/8, 9 at 7/8.
		{"came as predicted", plain, three, []study.Trial{foreseen(0, 0)}, 0},
		{"came to the same place", plain, three, []study.Trial{foreseen(-1e6, 0)}, 0},
		{"best was predicted, worst came", plain, three, []study.Trial{foreseen(0, 9)}, 0.75 / (9.5 + 0.375)},
		{"however bad it was", plain, three, []study.Trial{foreseen(0, 1e9)}, 0.75 / (9.5 + 0.375)},
		{"worst was predicted, best came", plain, three, []study.Trial{foreseen(9, 0)}, 0.75 / (9.5 + 0.375)},
		{"of the same", plain, three, []study.Trial{foreseen(2, 9)}, 0.375 / (9.5 + 0.375)},
		{"the middle came", plain, three, []study.Trial{foreseen(9, 2)}, 0.375 / 9.5},
		// The second is among four: 0 is at 1/10, 9, of which there is one, at 8/10.
		{"twice wrong", plain, three, []study.Trial{foreseen(0, 9), foreseen(0, 9)},
			(0.95*0.75 + 0.7) / (0.95*9.875 + 0.3)},
		{"maximized", gain, []study.Trial{complete("", -1), complete("", -2), complete("", -3)},
			[]study.Trial{foreseen(0, -9)}, 0.75 / (9.5 + 0.375)},
		{"a crash has no place", plain, three, []study.Trial{func() study.Trial {
			one := foreseen(0, 9)
			one.State, one.Values, one.Failure = study.Failed, nil, &study.Failure{Class: study.ClassExit}
			return one
		}()}, 0},
		{"patience ends", plain, three, long(patience + patienceBy - 2), 0},
		{"a long time without improvement", plain, three, long(patience + patienceBy - 2 + 5), 5.0 / 11},
		{"a very long time", plain, three, long(500), 1},
		{"until the next improvement", plain, three, append(long(500), complete("", 0)), 0},
		{"several objectives", append(plain, gain[0]), nil, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := study.NewBook(line1(), c.objectives, nil)
			put(b, c.trials...)
			put(b, c.more...)
			var got credit
			got.follow(b.History(), ab)
			if d := got.doubt(); math.Abs(d-c.want) > 1e-12 {
				t.Errorf("doubt %v, want %v", d, c.want)
			}
		})
	}
}

// Places need no scale: losses and predictions on another one are doubted as
// much. And doubt is a share, whatever comes.
func TestDoubtNeedsNoScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "trials")
		number := rapid.IntRange(-30, 30)
		here := study.NewBook(line1(), suggesttest.Loss(), nil)
		there := study.NewBook(line1(), suggesttest.Loss(), nil)
		for range n {
			p, x := float64(number.Draw(t, "predicted")), float64(number.Draw(t, "came"))
			put(here, foreseen(p, x))
			put(there, foreseen(math.Ldexp(1, int(p))-7, math.Ldexp(1, int(x))-7))
		}
		var a, b credit
		a.follow(here.History(), ab)
		b.follow(there.History(), ab)
		if d := a.doubt(); d != b.doubt() || !(d >= 0 && d <= 1) {
			t.Fatalf("doubt %v and on another scale %v", d, b.doubt())
		}
	})
}

func TestPredicted(t *testing.T) {
	least, most := suggesttest.Loss()[0], study.Objective{Metric: "gain", Goal: study.Maximize}
	for text, want := range map[string]float64{
		`{"arm":"bo","by":"gp","predicted":-1.5,"se":2}`: -1.5,
		`{"arm":"bo","predicted":1e-300}`:                1e-300,
		`{"arm":"bo","predicted":3`:                      3,
	} {
		one := &study.Trial{Origin: &study.Origin{Note: text}}
		if x, ok := predicted(one, least); x != want || !ok {
			t.Errorf("of %s: %v (%v)", text, x, ok)
		}
		if x, ok := predicted(one, most); x != -want || !ok {
			t.Errorf("of %s, maximized: %v (%v)", text, x, ok)
		}
	}
	for _, text := range []string{"", "{}", `{"arm":"forest","mean":1}`, `{"predicted":}`, `{"predicted":null}`,
		`{"predicted":"NaN"}`, `{"predicted":NaN}`, `{"predicted":1e999}`, `{"earlier":"\"predicted\":1"}`} {
		if x, ok := predicted(&study.Trial{Origin: &study.Origin{Note: text}}, least); ok {
			t.Errorf("of %s: %v", text, x)
		}
	}
	if _, ok := predicted(&study.Trial{}, least); ok {
		t.Error("a trial without origin has a prediction")
	}
}
