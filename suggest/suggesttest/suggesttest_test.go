package suggesttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// walker is a right suggester: of the configurations that are drawn by a
// trial's own stream the first that is new, then the first that is left.
type walker struct {
	// spoil makes it wrong.
	spoil func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error)
}

func (w *walker) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	ps, err := propose(r)
	if w.spoil != nil {
		ps, err = w.spoil(r, ps, err)
	}
	return ps, err
}

func propose(r suggest.Request) ([]suggest.Proposal, error) {
	s := r.History.Space
	held := map[string]bool{}
	if finite(s) && !s.Open() {
		for t := range r.History.All() {
			held[t.Config.Key()] = true
		}
		for _, c := range r.Beside {
			held[c.Key()] = true
		}
	}
	var ps []suggest.Proposal
	for i := range r.N {
		rng := r.Rand(i)
		var c space.Config
		found := false
		for range 100 {
			got, err := s.Sample(rng)
			if err != nil {
				return nil, err
			}
			if c, found = got, !held[got.Key()]; found {
				break
			}
		}
		if !found {
			for got := range s.Enumerate(func(i int) (vs []space.Value) {
				n, _ := s.Param(i).Count()
				for k := range n {
					vs = append(vs, s.Param(i).Nth(k))
				}
				return vs
			}) {
				if c, found = got, !held[got.Key()]; found {
					break
				}
			}
		}
		if !found {
			return ps, suggest.ErrExhausted
		}
		if finite(s) && !s.Open() {
			held[c.Key()] = true
		}
		ps = append(ps, suggest.Proposal{Config: c})
	}
	return ps, nil
}

func method(make func() suggest.Suggester) func() suggest.Method {
	return func() suggest.Method {
		return suggest.Method{Name: "toy", Version: "1", Doc: "Walks.",
			New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return make(), nil }}
	}
}

func TestRunTakesARightSuggester(t *testing.T) {
	Run(t, method(func() suggest.Suggester { return &walker{} }), Options{BatchEqual: true})
}

// spoiled returns walkers whose every answer goes through f.
func spoiled(f func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error)) func() suggest.Suggester {
	return func() suggest.Suggester { return &walker{spoil: f} }
}

// mutants are wrong suggesters with what the suite has to say about them.
var mutants = map[string]struct {
	make func() suggest.Suggester
	o    Options
	want string
}{
	"counts its questions": {make: func() suggest.Suggester {
		n := 0
		return &walker{spoil: func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
			n++
			for i := range ps {
				ps[i].Note = fmt.Sprint(n)
			}
			return ps, err
		}}
	}, want: "the same instance, asked again"},
	"remembers what it saw": {make: func() suggest.Suggester {
		seen := 0
		return &walker{spoil: func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
			if seen == 0 {
				seen = r.History.Len() + 1
			}
			for i := range ps {
				ps[i].Note = fmt.Sprint(seen)
			}
			return ps, err
		}}
	}, want: "a fresh instance"},
	"looks at addresses": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		for i := range ps {
			ps[i].Note = fmt.Sprintf("%q", fmt.Sprintf("%p", r.History.Space))
		}
		return ps, err
	}), want: "after a restart"},
	"too many": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		return append(ps, ps...), err
	}), want: "wanted"},
	"another space": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		for i := range ps {
			ps[i].Config = Space(space.Param{Name: "x", Kind: space.Float, High: 1}).Decode([]float64{0.5})
		}
		return ps, err
	}), want: "not of the request's space"},
	"no configuration": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		for i := range ps {
			ps[i].Config = space.Config{}
		}
		return ps, err
	}), want: "not of the request's space"},
	"ignores constraints": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		if err == nil && !finite(r.History.Space) {
			for i := range ps {
				ps[i].Config = r.History.Space.Random(r.Rand(i))
			}
		}
		return ps, err
	}), want: "violates constraint"},
	"repeats itself": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		if r.History.Len() > 0 && len(ps) > 0 {
			ps[0].Config = r.History.Trial(0).Config
		}
		return ps, err
	}), o: Options{Skip: onlyFinite}, want: "or proposed twice"},
	"ignores running trials": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		for t := range r.History.Open() {
			if len(ps) > 0 {
				ps[0].Config = t.Config
			}
		}
		return ps, err
	}), o: Options{Skip: onlyFinite}, want: "or proposed twice"},
	"ignores what is beside": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		r.Beside = nil
		return propose(r)
	}), o: Options{Skip: onlyFinite}, want: "beside it"},
	"gives up early": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		if r.History.Len() >= 4 {
			return nil, suggest.ErrExhausted
		}
		return ps, err
	}), want: "exhausted"},
	"hangs": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		if errors.Is(err, suggest.ErrExhausted) {
			return ps, nil
		}
		return ps, err
	}), o: Options{Skip: onlyFinite}, want: "the study hangs"},
	"takes the goal for the other": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		if r.History.Objectives[0].Goal == study.Maximize {
			for i := range ps {
				ps[i].Config = r.History.Space.Random(study.Stream(r.Seed, r.First+i, "other"))
			}
		}
		return ps, err
	}), o: Options{Skip: func(c Case) bool { return c.Name != "flat floats" }}, want: "maximizing the opposite"},
	"depends on the batch": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		for i := range ps {
			ps[i].Note = fmt.Sprint(r.N)
		}
		return ps, err
	}), o: Options{BatchEqual: true}, want: "one by one"},
	"writes notes that are not JSON": {make: spoiled(func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error) {
		for i := range ps {
			ps[i].Note = "mean = 1"
		}
		return ps, err
	}), want: "is not JSON"},
	"takes too many objectives": {make: func() suggest.Suggester { return &walker{} },
		o: Options{MaxObjectives: 1}, want: "want an error"},
	"never proposes":    {make: func() suggest.Suggester { return &walker{} }, o: Options{Silent: true}, want: "want none and exhausted"},
	"believes nonsense": {make: func() suggest.Suggester { return &believer{} }, want: "estimate NaN"},
}

// believer is an estimator without sense.
type believer struct{ walker }

func (*believer) Estimate(*study.History, space.Config) (mean, se []float64, ok bool) {
	return []float64{math.NaN()}, []float64{1}, true
}

func onlyFinite(c Case) bool { return c.Size == 0 }

const mutantEnv = "SUGGESTTEST_MUTANT"

// TestMutant is not a test by itself: TestRunRefusesMutants runs it in another
// process, where it has to fail.
func TestMutant(t *testing.T) {
	m, ok := mutants[os.Getenv(mutantEnv)]
	if !ok {
		t.Skip("runs only for TestRunRefusesMutants")
	}
	Run(t, method(m.make), m.o)
}

func TestRunRefusesMutants(t *testing.T) {
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMutant$", "-test.failfast")
			cmd.Env = append(os.Environ(), mutantEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the suite found nothing")
			}
			if !strings.Contains(string(out), m.want) {
				t.Errorf("the suite does not say %q:\n%.2000s", m.want, out)
			}
		})
	}
}

// The cases are what their names say.
func TestCases(t *testing.T) {
	sizes := map[string]int{}
	for _, c := range Cases() {
		if _, twice := sizes[c.Name]; twice {
			t.Errorf("two cases are called %q", c.Name)
		}
		sizes[c.Name] = c.Size
		if strings.HasPrefix(c.Name, "finite, ") != finite(c.Space) {
			t.Errorf("%s: finite: %v", c.Name, finite(c.Space))
		}
	}
	// Tree: 2 biases of linear, 4 depths of tree, and of net 2 biases with 1
	// layer or with 2 or 3 layers and 2 norms.
	want := map[string]int{
		"finite, one configuration": 1, "finite, two configurations": 2, "finite, weighted": 18,
		"finite, steps": 20, "finite, tree": 2 + 4 + 2*(1+2*2), "finite, ten in a thousand allowed": 10,
		"finite, too many to use up": 0, "forty parameters": 0,
	}
	for name, n := range want {
		if sizes[name] != n {
			t.Errorf("%s: %d configurations, want %d", name, sizes[name], n)
		}
	}
}

func TestDriveEndsTrialsInOrderOfTime(t *testing.T) {
	d := Setup{
		Space: Space(space.Param{Name: "x", Kind: space.Float, High: 1}), Trials: 5, Parallel: 3,
		Evaluate: func(n int, _ space.Config) Outcome {
			o := Outcome{Values: []float64{float64(10 - n)}, Duration: []float64{5, 1, 1, 2, 9}[n]}
			switch n {
			case 1:
				o.State, o.Curve = study.Pruned, []float64{3, 2}
			case 2:
				o.Lost = 1 // and so takes twice as long
			case 3:
				o.State = study.Failed
			}
			return o
		},
	}
	result, err := Drive(context.Background(), &walker{}, d)
	if err != nil {
		t.Fatal(err)
	}
	// On three workers 0, 1 and 2 begin; 3 takes the place of 1 at time 1, 4
	// that of 2 at time 2.
	h := result.Log.Book.History()
	var order []int
	for i := range h.EndedLen() {
		order = append(order, h.Ended(i).Number)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 0, 4}, order); diff != "" {
		t.Errorf("order of ends (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{2}, h.Trial(1).Values); diff != "" {
		t.Errorf("values of the pruned trial (-want +got):\n%s", diff)
	}
	if got := len(h.Trial(2).Attempts); got != 2 {
		t.Errorf("the trial that was lost once has %d attempts, want 2", got)
	}
	nan := math.NaN()
	want := []float64{nan, 8, 8, 8, 6}
	for i, got := range result.BestSoFar() {
		if got != want[i] && !(math.IsNaN(got) && math.IsNaN(want[i])) {
			t.Errorf("best after %d ends is %v, want %v", i+1, got, want[i])
		}
	}
	if result.Best() != 6 {
		t.Errorf("best %v, want 6", result.Best())
	}
	again, err := Drive(context.Background(), &walker{}, d)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Events) != len(result.Events) {
		t.Errorf("%d events, before %d", len(again.Events), len(result.Events))
	}
}

func TestDriveReportsWhoIsAtFault(t *testing.T) {
	sp := Space(space.Param{Name: "x", Kind: space.Float, High: 1})
	one := func(int, space.Config) Outcome { return Outcome{Values: []float64{1}} }
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		spoil func(r suggest.Request, ps []suggest.Proposal, err error) ([]suggest.Proposal, error)
		eval  func(int, space.Config) Outcome
		want  string
	}{
		{"nothing proposed", func(suggest.Request, []suggest.Proposal, error) ([]suggest.Proposal, error) { return nil, nil }, one, "proposes nothing"},
		{"an error", func(suggest.Request, []suggest.Proposal, error) ([]suggest.Proposal, error) { return nil, broken }, one, "broken"},
		{"too few values", nil, func(int, space.Config) Outcome { return Outcome{} }, "0 values for 1 objectives"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Drive(context.Background(), &walker{spoil: c.spoil}, Setup{Space: sp, Trials: 3, Evaluate: c.eval})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}
