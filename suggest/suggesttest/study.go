package suggesttest

import (
	"context"
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Bowl returns a smooth loss of configurations of s with one minimum, 0: the
// squared distance in the unit cube from the point whose coordinates are all
// 0.3, where an inactive parameter counts as 0.2 away.
func Bowl(s *space.Space) func(space.Config) float64 {
	return func(c space.Config) float64 {
		sum := 0.0
		for i := range s.Len() {
			d := 0.2
			if v := c.At(i); !v.IsAbsent() {
				d = s.EncodeParam(i, v) - 0.3
			}
			sum += d * d
		}
		return sum
	}
}

// Mixed returns an Evaluate in which everything happens: of twenty trials
// about two fail, one is infeasible, three are pruned after a few reports (or
// before any), one stays paused, one is cancelled and two violate an outcome;
// some lose attempts before. Those that complete have the loss f as first
// value and functions of it as further ones.
func Mixed(objectives int, f func(space.Config) float64) func(int, space.Config) Outcome {
	return func(n int, c space.Config) Outcome {
		r := study.Stream(0xd1ce, n, "mixed")
		o := Outcome{Duration: 0.2 + r.ExpFloat64()}
		loss := f(c)
		for k := range objectives {
			o.Values = append(o.Values, loss*float64(1+k)-float64(k))
		}
		for i := range 4 {
			o.Curve = append(o.Curve, loss+1/float64(i+1))
		}
		switch r.IntN(20) {
		case 0, 1:
			o.State = study.Failed
		case 2:
			o.State = study.Infeasible
		case 3, 4:
			o.State, o.Curve = study.Pruned, o.Curve[:1+r.IntN(3)]
		case 5:
			o.State, o.Curve = study.Pruned, nil
		case 6:
			o.State = study.Paused
		case 7:
			o.State = study.Cancelled
		case 8, 9:
			o.Violations = []float64{1, -1}
		case 10, 11:
			o.Lost = 1 + r.IntN(2)
		}
		return o
	}
}

// study drives a whole study, in which everything happens, and asks other
// instances the same questions.
func (s suite) study(t *testing.T, c Case) {
	s.drive(t, Setup{
		Space: c.Space, Seed: 11, Trials: s.o.Trials, Parallel: 4,
		Evaluate: Mixed(1, Bowl(c.Space)),
	})
}

// drive runs d and holds every answer to the contract.
func (s suite) drive(t *testing.T, d Setup) *Result {
	t.Helper()
	objectives := max(len(d.Objectives), 1)
	asked := 0
	var early suggest.Request
	var earlyAnswer answer
	// The traveller sees the study's own history and rebuilt ones in turn, so
	// that its caches never fit.
	own, traveller := s.make(t, objectives), s.make(t, objectives)
	ctx := context.Background()
	d.Observe = func(r suggest.Request, ps []suggest.Proposal, err error, so *Result) error {
		if err := s.check(r, ps, err); err != nil {
			return err
		}
		first := answer{ps, err}
		asked++
		if asked == 4 {
			early, earlyAnswer = r, first
		}
		if (asked-1)%s.o.Every != 0 {
			return nil
		}
		ask := func(who suggest.Suggester, r suggest.Request) answer {
			ps, err := who.Suggest(ctx, r)
			return answer{ps, err}
		}
		if err := same(first, ask(own, r)); err != nil {
			return fmt.Errorf("the same instance, asked again: %w", err)
		}
		if err := same(first, ask(s.make(t, objectives), r)); err != nil {
			return fmt.Errorf("a fresh instance: %w", err)
		}
		h, err := restart(d.Definition(), so.Events)
		if err != nil {
			return fmt.Errorf("restart: %w", err)
		}
		again := r
		again.History = h
		if err := same(first, ask(traveller, again)); err != nil {
			return fmt.Errorf("after a restart: %w", err)
		}
		if err := same(first, ask(traveller, r)); err != nil {
			return fmt.Errorf("an instance that saw another study in between: %w", err)
		}
		return nil
	}
	result, err := Drive(ctx, own, d)
	if err != nil {
		t.Fatal(err)
	}
	if asked == 0 {
		t.Fatal("the suggester was never asked")
	}
	if early.History != nil {
		ps, err := own.Suggest(ctx, early)
		if err := same(earlyAnswer, answer{ps, err}); err != nil {
			t.Errorf("an early question, asked again at the end: %v", err)
		}
	}
	if err := estimates(own, result.Log.Book.History()); err != nil {
		t.Error(err)
	}
	return result
}

// exhaustion uses up a finite space: every configuration comes once, whatever
// became of the others, then the suggester says that it is exhausted.
func (s suite) exhaustion(t *testing.T, c Case) {
	for _, parallel := range []int{1, 5} {
		setup := Setup{
			Space: c.Space, Seed: 5, Trials: c.Size + 10, Parallel: parallel,
			Evaluate: Mixed(1, Bowl(c.Space)),
		}
		if first, err := c.Space.Sample(study.Stream(9, 0, "enqueue")); err == nil {
			setup.Enqueue = []space.Config{first}
		}
		result := s.drive(t, setup)
		h := result.Log.Book.History()
		if h.Len() != c.Size || !result.Exhausted {
			t.Errorf("parallel %d: %d trials in a space of %d, exhausted: %v", parallel, h.Len(), c.Size, result.Exhausted)
		}
	}
}

// goals mirrors a study: maximizing -f has to be minimizing f.
func (s suite) goals(t *testing.T) {
	for _, c := range Cases() {
		if s.o.Skip != nil && s.o.Skip(c) {
			continue
		}
		f := Bowl(c.Space)
		loss := Setup{Space: c.Space, Seed: 3, Trials: s.o.Trials / 2, Parallel: 2, Evaluate: Mixed(1, f)}
		gain := loss
		gain.Objectives = []study.Objective{{Metric: "loss", Goal: study.Maximize, Reduce: study.Reduction{Kind: "best"}}}
		gain.Evaluate = func(n int, c space.Config) Outcome {
			o := loss.Evaluate(n, c)
			o.Values = []float64{-o.Values[0]}
			curve := make([]float64, len(o.Curve))
			for i, x := range o.Curve {
				curve[i] = -x
			}
			o.Curve = curve
			return o
		}
		a, err := Drive(context.Background(), s.make(t, 1), loss)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		b, err := Drive(context.Background(), s.make(t, 1), gain)
		if err != nil {
			t.Fatalf("%s, mirrored: %v", c.Name, err)
		}
		if a.Log.Book.Len() != b.Log.Book.Len() {
			t.Fatalf("%s: %d trials minimizing, %d maximizing", c.Name, a.Log.Book.Len(), b.Log.Book.Len())
		}
		for n := range a.Log.Book.Len() {
			if x, y := a.Log.Book.Trial(n).Config, b.Log.Book.Trial(n).Config; x.Key() != y.Key() {
				t.Errorf("%s: trial %d is %v minimizing, %v maximizing the opposite", c.Name, n, x, y)
				break
			}
		}
	}
}

// objectives drives studies of two and three objectives, with both goals.
func (s suite) objectives(t *testing.T) {
	goals := []study.Goal{study.Minimize, study.Maximize, study.Minimize}
	for k := 2; k <= 3; k++ {
		if s.o.MaxObjectives > 0 && k > s.o.MaxObjectives {
			continue // New has refused them
		}
		var list []study.Objective
		for i, g := range goals[:k] {
			list = append(list, study.Objective{Metric: fmt.Sprintf("f%d", i), Goal: g, Reduce: study.Reduction{Kind: "last"}})
		}
		for _, c := range Cases() {
			if s.o.Skip != nil && s.o.Skip(c) {
				continue
			}
			t.Run(fmt.Sprintf("%d, %s", k, c.Name), func(t *testing.T) {
				s.drive(t, Setup{
					Space: c.Space, Objectives: list, Seed: 17, Trials: s.o.Trials / 2, Parallel: 3,
					Evaluate: Mixed(k, Bowl(c.Space)),
				})
			})
		}
	}
}

// growth lets a program reveal its space bit by bit.
func (s suite) growth(t *testing.T) {
	reveal := map[int]space.Param{
		0: {Name: "x", Kind: space.Float, Low: 0, High: 1},
		2: {Name: "opt", Kind: space.Choice, Choices: []space.Value{value.String("sgd"), value.String("adam")}},
		5: {Name: "momentum", Kind: space.Float, Low: 0, High: 0.99,
			Branches: []space.Branch{{Parent: "opt", Values: []space.Value{value.String("sgd")}}}},
		9: {Name: "layers", Kind: space.Int, Low: 1, High: 8},
	}
	small := map[int]space.Param{
		0: {Name: "a", Kind: space.Bool},
		3: {Name: "b", Kind: space.Bool, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(true)}}}},
	}
	for _, c := range []struct {
		name   string
		reveal map[int]space.Param
	}{{"to an infinite space", reveal}, {"to a finite space", small}} {
		for _, parallel := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d at once", c.name, parallel), func(t *testing.T) {
				result := s.drive(t, Setup{
					Space: mustSpace(space.Spec{Open: true}), Seed: 23, Trials: 20, Parallel: parallel,
					Evaluate: func(n int, c2 space.Config) Outcome {
						o := Outcome{Values: []float64{float64(n % 7)}, Duration: float64(1 + n%3)}
						if p, ok := c.reveal[n]; ok {
							o.Reveals = []space.Param{p}
						}
						return o
					},
				})
				if got := result.Log.Book.Space.Len(); got != len(c.reveal) && !s.o.Ends {
					t.Errorf("the space has grown to %d parameters, want %d", got, len(c.reveal))
				}
			})
		}
	}
}
