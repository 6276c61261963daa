package afina_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina"
)

func declared() afina.Space {
	return afina.Space{
		afina.Float("lr", 1e-4, 1, afina.Log(), afina.Default(0.01)),
		afina.Choice("opt", []string{"sgd", "adam"}, afina.Default("sgd")),
		afina.Float("momentum", 0, 0.99, afina.ReverseLog(), afina.Default(0.9), afina.When("opt", "sgd")),
		afina.Int("layers", 1, 4, afina.Default(2)),
		afina.Int("units", 16, 64, afina.Step(16), afina.Default(32), afina.If("layers >= 2")),
		afina.Choice("batch", []int{16, 32, 64}, afina.Ordered(), afina.Default(32)),
		afina.Bool("bias", afina.Default(true)),
	}
}

func TestAskTell(t *testing.T) {
	s := open(t, declared(), afina.Trials(6), afina.Seed(4))
	first, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("lr=0.01 opt=sgd momentum=0.9 layers=2 units=32 batch=32 bias=true", first.Params().String()); d != "" {
		t.Errorf("the first trial is not the default configuration:\n%s", d)
	}
	var asked []*afina.Trial
	for range 5 {
		tr, err := s.Ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, tr)
	}
	first.Report(1, 0.5)
	first.Report(2, 0.25)
	told := []error{
		s.Tell(first, 0.3),
		s.Tell(asked[0], 0.2),
		s.Fail(asked[1], errors.New("no memory")),
		s.Fail(asked[2], afina.ErrPruned),
		s.Fail(asked[3], afina.ErrInfeasible),
		s.Fail(asked[4], nil),
	}
	if err := errors.Join(told...); err != nil {
		t.Fatal(err)
	}
	want := []afina.State{afina.Complete, afina.Complete, afina.Failed, afina.Pruned, afina.Infeasible, afina.Failed}
	if d := cmp.Diff(want, states(s)); d != "" {
		t.Error(d)
	}
	if b := s.Best(); b == nil || b.Number != 1 || b.Value != 0.2 {
		t.Errorf("the best is %v", b)
	}
	if r := s.Trials()[0]; len(r.Reports) != 2 || r.Reports[1].Step != 2 || r.Value != 0.3 || r.Ended.IsZero() {
		t.Errorf("the first trial is %+v", r)
	}
	if _, err := s.Ask(t.Context()); !errors.Is(err, afina.ErrEnded) {
		t.Errorf("ask for a seventh: %v", err)
	}
	if err := s.Tell(first, 0.3); err != nil {
		t.Errorf("the same told again: %v", err)
	}
	if err := s.Tell(first, 0.4); err == nil || !strings.Contains(err.Error(), "already complete") {
		t.Errorf("something else told: %v", err)
	}
	n, err := s.Add(t.Context(), map[string]any{"lr": 0.5, "opt": "adam"})
	if err != nil || n != 6 {
		t.Fatalf("added %d, %v", n, err)
	}
	added, err := s.Ask(t.Context())
	if err != nil || added.Number() != 6 || added.Params().Float("lr") != 0.5 || added.Params().Has("momentum") || added.Params().Int("units") != 32 {
		t.Fatalf("the added trial is %v, %v", added.Params(), err)
	}
	if err := s.Tell(added, 0.1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if b := s.Best(); b == nil || b.Number != 6 || len(s.Trials()) != 7 || len(s.Front()) != 1 {
		t.Errorf("after Close the best is %v", b)
	}
	if _, err := s.Ask(t.Context()); err == nil {
		t.Error("a closed study handed out a trial")
	}
}

// An untold trial comes again when the study is opened the next time.
func TestAskResumes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := afina.Open(t.Context(), declared(), afina.Store(path))
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Tell(a, 1), s.Close()); err != nil {
		t.Fatal(err)
	}
	again := open(t, declared(), afina.Store(path))
	if again.Seed() != s.Seed() {
		t.Errorf("the seed was %d and is %d", s.Seed(), again.Seed())
	}
	c, err := again.Ask(t.Context())
	if err != nil || c.Number() != b.Number() || c.Params().String() != b.Params().String() || c.Seed() != b.Seed() {
		t.Errorf("got trial %v, want %v again (%v)", c, b, err)
	}
}

// A declared space gives the same configurations however many trials run at
// once.
func TestDeclaredParallel(t *testing.T) {
	for _, search := range []string{"random", "qmc"} {
		var want []string
		for _, n := range []int{1, 8} {
			s := open(t, declared(), afina.Search(search), afina.Seed(9), afina.Trials(64), afina.Parallel(n))
			_, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
				return t.Params().Float("lr") + t.Float("lr", 1e-4, 1, afina.Log()), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got := configs(s.Trials())
			if want == nil {
				want = got
			}
			if d := cmp.Diff(want, got); d != "" || len(got) != 64 {
				t.Errorf("%s, %d at once:\n%s", search, n, d)
			}
		}
	}
}

func TestDeclaredMistakes(t *testing.T) {
	for _, tt := range []struct {
		name string
		ask  func(*afina.Trial)
		want string
	}{
		{"unknown", func(t *afina.Trial) { t.Float("rate", 0, 1) }, "the declared space has no parameter rate"},
		{"other range", func(t *afina.Trial) { t.Int("layers", 1, 5) }, "was int [1, 4], is int [1, 5]"},
		{"absent", func(t *afina.Trial) {
			if t.Params().Text("opt") == "adam" {
				t.Float("momentum", 0, 0.99, afina.ReverseLog())
			}
		}, "parameter momentum does not exist in the configuration"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, declared(), afina.Trials(50))
			_, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) { tt.ask(t); return 0, nil })
			if !errors.Is(err, afina.ErrDefinition) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	one := afina.Space{afina.Float("x", 0, 1)}
	for _, tt := range []struct {
		name    string
		space   afina.Space
		options []afina.Option
		want    string
	}{
		{"trials", nil, []afina.Option{afina.Trials(-1)}, "bound the study to -1 trials"},
		{"timeout", nil, []afina.Option{afina.Timeout(-1)}, "bound the study to -1ns"},
		{"parallel", nil, []afina.Option{afina.Parallel(0)}, "run 0 trials at once"},
		{"no improvement", nil, []afina.Option{afina.NoImprovement(-1)}, "without improvement"},
		{"improvement", nil, []afina.Option{afina.Improvement(0)}, "above 0"},
		{"regret", nil, []afina.Option{afina.Regret(-1)}, "a regret of -1"},
		{"target", nil, []afina.Option{afina.Target(math.NaN())}, "a target of NaN"},
		{"improvement", nil, []afina.Option{afina.Improvement(math.Inf(1))}, "while +Inf may be gained"},
		{"ahead", nil, []afina.Option{afina.Ahead(-1)}, "-1 configurations ahead"},
		{"rule without a model", one, []afina.Option{afina.Search("random"), afina.Improvement(0.1)}, "the search algorithm random cannot say"},
		{"failures", nil, []afina.Option{afina.MaxFailures(-1)}, "-1 failures"},
		{"search", nil, []afina.Option{afina.Search("randm")}, `did you mean "random"`},
		{"schedule", nil, []afina.Option{afina.Schedule("medium")}, `no scheduler "medium"`},
		{"setting", nil, []afina.Option{afina.Schedule("median", afina.Set("warmpu", 1))}, `set warmpu of the scheduler median`},
		{"setting range", nil, []afina.Option{afina.Schedule("median", afina.Set("percentile", 101))}, "101 is outside [0, 100]"},
		{"setting type", nil, []afina.Option{afina.Schedule("median", afina.Set("warmup", []int{}))}, "a []int is not a parameter value"},
		{"scheduler and objectives", nil, []afina.Option{afina.Schedule("pbt"), afina.Minimize("a", "b")}, "population-based training orders trials by one objective"},
		{"twice", nil, []afina.Option{afina.Minimize("a"), afina.Maximize("a")}, "there is an objective of that name"},
		{"nameless", nil, []afina.Option{afina.Minimize("")}, "it has no name"},
		{"name", nil, []afina.Option{afina.Name("a/b")}, `name the study "a/b"`},
		{"store", nil, []afina.Option{afina.Store("")}, "its path is empty"},
		{"fidelity", nil, []afina.Option{afina.Fidelity(2, 1)}, "0 < low <= high"},
		{"constraint", nil, []afina.Option{afina.Constraint("x <")}, `read the constraint "x <"`},
		{"constraint without space", nil, []afina.Option{afina.Constraint("x < 1")}, "a constraint needs a space"},
		{"unknown name", one, []afina.Option{afina.Constraint("y < 1")}, `"y" is no parameter`},
		{"space", afina.Space{afina.Float("x", 1, 0)}, nil, "low 1 is above high 0"},
		{"default", afina.Space{afina.Float("x", 0, 1, afina.Default(struct{}{}))}, nil, "parameter x: the default"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := afina.Open(t.Context(), tt.space, tt.options...)
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := open(t, nil).Add(t.Context(), nil); err == nil {
		t.Error("a configuration was added to an open space")
	}
	if _, err := open(t, one).Add(t.Context(), map[string]any{"x": 2}); err == nil || !strings.Contains(err.Error(), "2 is outside [0, 1]") {
		t.Errorf("added outside the range: %v", err)
	}
	if _, err := open(t, one).Add(t.Context(), map[string]any{"x": []int{}}); err == nil {
		t.Error("added a list")
	}
}

func TestConstraint(t *testing.T) {
	s := open(t, declared(), afina.Constraint("lr <= 0.05"), afina.Trials(40))
	if _, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) { return t.Params().Float("lr"), nil }); err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(s.Trials(), func(r afina.Result) bool { return r.Params.Float("lr") > 0.05 }); i >= 0 {
		t.Errorf("%v violates the constraint", s.Trials()[i])
	}
}

// A stored study goes on as it was, or not at all.
func TestResumeChecks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	try := func(sp afina.Space, options ...afina.Option) error {
		s, err := afina.Open(t.Context(), sp, append([]afina.Option{afina.Store(path)}, options...)...)
		if err != nil {
			return err
		}
		return s.Close()
	}
	if err := try(declared(), afina.Seed(1), afina.Trials(5)); err != nil {
		t.Fatal(err)
	}
	if err := try(declared(), afina.Trials(9), afina.Parallel(2)); err != nil {
		t.Errorf("other bounds: %v", err)
	}
	if err := try(declared(), afina.Name("other"), afina.Seed(2)); err != nil {
		t.Errorf("another name: %v", err)
	}
	for want, err := range map[string]error{
		"seed: was 1, is 2":        try(declared(), afina.Seed(2)),
		"parameter bias is gone":   try(declared()[:6]),
		"search: was":              try(declared(), afina.Search("grid")),
		"objectives: was":          try(declared(), afina.Maximize()),
		"parameter lr is gone":     try(nil),
		"parameter x is new":       try(append(declared(), afina.Bool("x"))),
		"was int [1, 4] default 2": try(slices.Replace(declared(), 3, 4, afina.Int("layers", 1, 5, afina.Default(2)))),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	held := open(t, declared(), afina.Store(path))
	if err := try(declared()); err == nil {
		t.Error("a store was opened twice")
	}
	if _, err := held.Ask(t.Context()); err != nil {
		t.Error(err)
	}
}

// A study whose parameters an earlier program defined holds the next one to
// them.
func TestResumeConflict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	width := func(high int) error {
		_, err := afina.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
			return float64(t.Int("width", 1, high)), nil
		}, afina.Store(path), afina.Trials(high))
		return err
	}
	if err := width(8); err != nil {
		t.Fatal(err)
	}
	if err := width(16); !errors.Is(err, afina.ErrDefinition) || !strings.Contains(err.Error(), "was int [1, 8], is int [1, 16]") {
		t.Errorf("got %v", err)
	}
}

// Ask waits for what may come back, as long as its context lasts.
func TestAskWaits(t *testing.T) {
	s := open(t, declared(), afina.Trials(1))
	tr, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error)
	go func() {
		_, err := s.Ask(ctx)
		asked <- err
	}()
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	go func() {
		_, err := s.Ask(t.Context())
		asked <- err
	}()
	if err := s.Tell(tr, 1); err != nil {
		t.Fatal(err)
	}
	if err := <-asked; !errors.Is(err, afina.ErrEnded) {
		t.Errorf("got %v", err)
	}
}

func TestReportMistakes(t *testing.T) {
	s := open(t, declared())
	tr, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tr.Report(math.Inf(1), 1)
	if err := tr.Err(); err == nil || !strings.Contains(err.Error(), "not finite") {
		t.Errorf("got %v", err)
	}
}

func TestParamsJSON(t *testing.T) {
	s := open(t, declared())
	tr, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(tr.Params())
	want := `{"lr":0.01,"opt":"sgd","momentum":0.9,"layers":2,"units":32,"batch":32,"bias":true}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	if tr.Params().Len() != 7 || tr.Resume() != 0 {
		t.Errorf("%d parameters", tr.Params().Len())
	}
}

// What is done with a trial of a closed study is noted in the trial.
func TestClosed(t *testing.T) {
	for name, use := range map[string]func(*afina.Trial){
		"new parameter": func(t *afina.Trial) { t.Float("y", 0, 1) },
		"report":        func(t *afina.Trial) { t.Report(1, 1); t.Report(2, 1) },
		"should stop":   func(t *afina.Trial) { t.ShouldStop() },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			tr, err := s.Ask(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			x := tr.Float("x", 3, 4)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if tr.Float("x", 3, 4) != x || tr.Err() != nil {
				t.Error("a known parameter has changed")
			}
			use(tr)
			if err := tr.Err(); err == nil || !strings.Contains(err.Error(), "closed") || !tr.ShouldStop() {
				t.Errorf("got %v", err)
			}
			if err := s.Tell(tr, 1); err == nil {
				t.Error("told a closed study")
			}
			if _, err := s.Optimize(t.Context(), network); err == nil || !strings.Contains(err.Error(), "closed") {
				t.Errorf("optimize: %v", err)
			}
		})
	}
}

func TestResultString(t *testing.T) {
	s := open(t, afina.Space{afina.Float("x", 0, 1, afina.Default(0.5))}, afina.Minimize("a", "b"))
	for _, err := range []error{nil, errors.New("boom"), afina.ErrPruned} {
		tr, asked := s.Ask(t.Context())
		if asked != nil {
			t.Fatal(asked)
		}
		if err == nil {
			asked = s.Tell(tr, 1, 2.5)
		} else {
			asked = s.Fail(tr, err)
		}
		if asked != nil {
			t.Fatal(asked)
		}
	}
	rs := s.Trials()
	for i, want := range []string{"trial 0 complete, [1 2.5]: x=0.5", "trial 1 failed (told: boom): x=", "trial 2 pruned: x="} {
		if got := rs[i].String(); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	rs[0].Values = rs[0].Values[:1]
	if got, want := rs[0].String(), "trial 0 complete, 1: x=0.5"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParams(t *testing.T) {
	s := open(t, declared())
	tr, err := s.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := tr.Params()
	if p.Float("lr") != 0.01 || p.Float("batch") != 32 || p.Int("batch") != 32 || !p.Bool("bias") || p.Text("opt") != "sgd" {
		t.Errorf("got %v", p)
	}
	for range p.All() {
		break
	}
	for want, get := range map[string]func(){
		`parameter opt is "sgd", not a number`:     func() { p.Float("opt") },
		`parameter lr is 0.01, not a whole number`: func() { p.Int("lr") },
		`parameter lr is 0.01, not true or false`:  func() { p.Bool("lr") },
		`parameter bias is true, not a text`:       func() { p.Text("bias") },
		`has no parameter rate; look with Has`:     func() { p.Text("rate") },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("got %q, want %q", text, want)
				}
			}()
			get()
		}()
	}
}

func TestFix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "study.db")
	for run, want := range []string{"sgd", "adam"} {
		s := open(t, declared(), afina.Trials(8), afina.Seed(4), afina.Store(path), afina.Fix(map[string]any{"opt": want, "batch": 64}))
		for range 4 {
			tr, err := s.Ask(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if p := tr.Params(); p.Text("opt") != want || p.Int("batch") != 64 || p.Has("momentum") != (want == "sgd") {
				t.Errorf("run %d: trial %d has %v", run, tr.Number(), p)
			}
			if err := s.Tell(tr, float64(tr.Number())); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := afina.Open(t.Context(), declared(), afina.Fix(map[string]any{"opt": "adam", "momentum": 0.5})); err == nil || !strings.Contains(err.Error(), "momentum: does not exist beside the other values") {
		t.Errorf("what cannot be fixed: %v", err)
	}
	if _, err := afina.Open(t.Context(), declared(), afina.Fix(map[string]any{"opt": []int{1}})); err == nil || !strings.Contains(err.Error(), "parameter opt") {
		t.Errorf("what is no value: %v", err)
	}
}

func TestAskFor(t *testing.T) {
	s := open(t, append(declared(), afina.Int("rows", 1, 1000, afina.Context())), afina.Trials(8), afina.Seed(4))
	if _, err := s.Ask(t.Context()); err == nil || !strings.Contains(err.Error(), "the context rows has no value") {
		t.Errorf("without the context: %v", err)
	}
	for _, rows := range []int{10, 500, 10} {
		tr, err := s.AskFor(t.Context(), map[string]any{"rows": rows, "layers": 1})
		if err != nil {
			t.Fatal(err)
		}
		if p := tr.Params(); p.Int("rows") != rows || p.Int("layers") != 1 || p.Has("units") {
			t.Errorf("asked for %d rows: %v", rows, p)
		}
	}
}

// In a space that the program defines the fixed value is that of the first
// trial already, and of those of random search, which draws by name.
func TestFixInAnOpenSpace(t *testing.T) {
	for _, search := range []string{"auto", "random"} {
		best, err := afina.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
			x, k := tr.Float("x", 0, 1), tr.Choice("k", "a", "b", "c")
			if k != "b" {
				t.Errorf("%s: trial %d has %s", search, tr.Number(), k)
			}
			return x, nil
		}, afina.Trials(8), afina.Seed(1), afina.Search(search), afina.Fix(map[string]any{"k": "b"}))
		if err != nil || best == nil {
			t.Errorf("%s: %v", search, err)
		}
	}
	_, err := afina.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
		return tr.Float("x", 0, 1), nil
	}, afina.Trials(3), afina.Fix(map[string]any{"x": 3}))
	if err == nil || !strings.Contains(err.Error(), "3 is outside [0, 1]") {
		t.Errorf("a value out of range: %v", err)
	}
}

func TestCostBoundsAStudy(t *testing.T) {
	s := open(t, declared(), afina.Seed(4), afina.Cost("usd", 1))
	_, err := s.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
		tr.ReportMetrics(1, map[string]float64{"usd": 0.25})
		return float64(tr.Number()), nil
	})
	if n := len(s.Trials()); err != nil || n != 4 {
		t.Errorf("%d trials of a quarter each: %v", n, err)
	}
	s = open(t, declared(), afina.Seed(4), afina.Cost("usd", 1))
	if _, err := s.Optimize(t.Context(), func(*afina.Trial) (float64, error) { return 1, nil }); err == nil || !strings.Contains(err.Error(), "has not reported its cost, usd") {
		t.Errorf("without a report of the cost: %v", err)
	}
	// An hour costs so much that a trial is over the limit as soon as it ends.
	s = open(t, declared(), afina.Seed(4), afina.Price(1e12, 1))
	if _, err := s.Optimize(t.Context(), func(*afina.Trial) (float64, error) { return 1, nil }); err != nil || len(s.Trials()) != 1 {
		t.Errorf("%d trials at a price: %v", len(s.Trials()), err)
	}
	for _, o := range []afina.Option{afina.Cost("", 1), afina.Cost("usd", 0), afina.Price(-1, 1), afina.Price(1, math.Inf(1))} {
		if _, err := afina.Open(t.Context(), declared(), o); err == nil || !strings.Contains(err.Error(), "bound the study to a cost") {
			t.Errorf("a cost that cannot be: %v", err)
		}
	}
}
