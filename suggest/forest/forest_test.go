package forest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/forest"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, forest.Method, suggesttest.Options{
		BatchEqual: true, MaxObjectives: 1, Every: 8, Trials: 24, Many: 80,
		Settings: setting.Values{"candidates": value.Int(60), "starts": value.Int(4), "startup": value.Int(6), "trees": value.Int(4)},
	})
}

func drive(t *testing.T, m suggest.Method, s *space.Space, trials, parallel int, seed uint64, f func(c space.Config) suggesttest.Outcome) *suggesttest.Result {
	t.Helper()
	one, err := m.New(suggest.Problem{Objectives: 1, Parallel: parallel, Trials: trials}, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := suggesttest.Drive(context.Background(), one, suggesttest.Setup{
		Space: s, Trials: trials, Parallel: parallel, Seed: seed,
		Evaluate: func(_ int, c space.Config) suggesttest.Outcome { return f(c) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func valued(x float64) suggesttest.Outcome { return suggesttest.Outcome{Values: []float64{x}} }

// models is a space of two model families with parameters of their own.
func models() (*space.Space, func(c space.Config) suggesttest.Outcome) {
	under := func(p space.Param, v string) space.Param {
		p.Branches = []space.Branch{{Parent: "model", Values: []space.Value{value.String(v)}}}
		return p
	}
	s := suggesttest.Space(
		space.Param{Name: "model", Kind: space.Choice, Choices: []space.Value{value.String("tree"), value.String("net"), value.String("linear")}},
		under(space.Param{Name: "depth", Kind: space.Int, Low: 1, High: 30}, "tree"),
		under(space.Param{Name: "share", Kind: space.Float, Low: 0, High: 1}, "tree"),
		under(space.Param{Name: "lr", Kind: space.Float, Low: 1e-5, High: 1, Scale: space.Log}, "net"),
		under(space.Param{Name: "drop", Kind: space.Float, Low: 0, High: 0.8}, "net"),
		space.Param{Name: "seen", Kind: space.Float, Low: 0, High: 1})
	return s, func(c space.Config) suggesttest.Outcome {
		get := func(name string) float64 { v, _ := c.Get(name); return v.AsFloat() }
		loss := (get("seen") - 0.8) * (get("seen") - 0.8)
		switch model, _ := c.Get("model"); model.Text() {
		case "tree":
			loss += 0.2 + math.Abs(get("depth")-9)/30 + (get("share")-0.4)*(get("share")-0.4)
		case "net":
			d := math.Log10(get("lr")) + 3
			loss += 0.1*d*d + (get("drop")-0.3)*(get("drop")-0.3)
		default:
			loss += 0.6
		}
		return valued(loss)
	}
}

func TestForestBeatsRandomSearch(t *testing.T) {
	s, f := models()
	for _, parallel := range []int{1, 4} {
		ours, theirs := 0.0, 0.0
		for seed := range uint64(6) {
			ours += math.Log(drive(t, forest.Method(), s, 60, parallel, seed, f).Best())
			theirs += math.Log(drive(t, random.Method(), s, 60, parallel, seed, f).Best())
		}
		if !(ours < theirs-6*0.7) { // half the loss, on average
			t.Errorf("%d at once: mean logarithm of the best loss %v, of random search %v", parallel, ours/6, theirs/6)
		}
	}
}

func TestCrashesAreLearned(t *testing.T) {
	s, f := models()
	result := drive(t, forest.Method(), s, 80, 1, 5, func(c space.Config) suggesttest.Outcome {
		if v, _ := c.Get("model"); v.Text() == "net" {
			return suggesttest.Outcome{State: study.Failed}
		}
		return f(c)
	})
	h := result.Log.Book.History()
	crashed := 0
	for n := 40; n < h.Len(); n++ {
		if h.Trial(n).State == study.Failed {
			crashed++
		}
	}
	if crashed > 7 {
		t.Errorf("%d of the last 40 trials crash, at random 13 would", crashed)
	}
}

// Eight configurations asked for at once must not be one configuration with
// small changes: what is running is believed.
func TestBatchIsSpread(t *testing.T) {
	s := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1}, space.Param{Name: "y", Kind: space.Float, High: 1})
	bowl := suggesttest.Bowl(s)
	log, err := suggesttest.Fold(s, nil, suggesttest.Drawn(s, 30), func(_ int, c space.Config) suggesttest.Outcome { return valued(bowl(c)) })
	if err != nil {
		t.Fatal(err)
	}
	one, err := forest.Method().New(suggest.Problem{Objectives: 1, Parallel: 8}, setting.Values{"startup": value.Int(1), "random": value.Float(0)})
	if err != nil {
		t.Fatal(err)
	}
	h := log.Book.History()
	ps, err := one.Suggest(context.Background(), suggest.Request{History: h, N: 8, First: h.Len(), Seed: 1})
	if err != nil || len(ps) != 8 {
		t.Fatalf("%d proposals, error %v", len(ps), err)
	}
	sum := 0.0
	for i := range ps {
		for j := range i {
			sum += s.Distance(ps[i].Config, ps[j].Config) / 28
		}
	}
	if sum < 0.05 {
		t.Errorf("the proposals are %v apart on average", sum)
	}
}

// A study resumed under a later afina must go on as it began. If this test
// fails, the method needs a new version.
func TestAnswersAreThoseOfVersion1(t *testing.T) {
	if v := forest.Method().Version; v != "1" {
		t.Fatalf("version %q: pin its answers here", v)
	}
	s := suggesttest.Space(
		space.Param{Name: "x", Kind: space.Float, Low: -1, High: 1},
		space.Param{Name: "n", Kind: space.Int, Low: 1, High: 100},
		space.Param{Name: "b", Kind: space.Bool})
	bowl := suggesttest.Bowl(s)
	h := drive(t, forest.Method(), s, 16, 1, 42, func(c space.Config) suggesttest.Outcome { return valued(bowl(c)) }).Log.Book.History()
	for n, want := range map[int]string{
		0: "x=0.428856 n=83 b=true", 8: "x=-0.020836 n=21 b=false",
		12: "x=-0.618034 n=24 b=false", 15: "x=-0.347205 n=31 b=false",
	} {
		// Only the leading digits: package math may differ in the last.
		c := h.Trial(n).Config
		if got := fmt.Sprintf("x=%.6f n=%v b=%v", c.At(0).AsFloat(), c.At(1), c.At(2)); got != want {
			t.Errorf("trial %d is %s, want %s", n, got, want)
		}
	}
}

// Notes say in the objective's own units what is expected: a mean, its error and
// the gain.
func TestNotes(t *testing.T) {
	s := suggesttest.Space(space.Param{Name: "a", Kind: space.Float, Low: 0, High: 1}, space.Param{Name: "b", Kind: space.Float, Low: 0, High: 1})
	result := drive(t, forest.Method(), s, 25, 1, 3, func(c space.Config) suggesttest.Outcome {
		a, b := c.At(0).AsFloat()-0.2, c.At(1).AsFloat()-0.6
		return valued(3 + a*a + b*b)
	})
	modelled := 0
	for n := range 25 {
		var note struct {
			By             string
			Mean, SE, Gain *float64
		}
		said := result.Log.Book.Trial(n).Origin.Note
		if said == "" {
			continue
		}
		if err := json.Unmarshal([]byte(said), &note); err != nil {
			t.Fatalf("trial %d: note %s: %v", n, said, err)
		}
		if note.By != "forest" {
			continue
		}
		modelled++
		if note.Mean == nil || math.Abs(*note.Mean-3.3) > 0.7 || note.SE == nil || !(*note.SE >= 0 && *note.SE < 1) || note.Gain == nil || !(*note.Gain >= 0 && *note.Gain < 1) {
			t.Errorf("trial %d: note %s", n, said)
		}
	}
	if modelled < 10 {
		t.Errorf("%d trials of the model, want at least 10", modelled)
	}
}
