package cmaes

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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

// sim is a study by hand: trials are asked for and ended in any order.
type sim struct {
	t    testing.TB
	s    *suggester
	book *study.Book
	seed uint64
}

func newSim(t testing.TB, sp *space.Space, v setting.Values) *sim {
	t.Helper()
	s, err := Method().New(suggest.Problem{Objectives: 1}, v)
	if err != nil {
		t.Fatal(err)
	}
	return &sim{t: t, s: s.(*suggester), book: study.NewBook(sp, suggesttest.Loss(), nil), seed: 1}
}

// propose asks for n configurations and adds no trial.
func (s *sim) propose(n int) []suggest.Proposal {
	s.t.Helper()
	r := suggest.Request{History: s.book.History(), N: n, First: s.book.Len(), Seed: s.seed}
	ps, err := s.s.Suggest(context.Background(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return ps
}

// ask asks for n trials and starts them.
func (s *sim) ask(n int) {
	s.t.Helper()
	h := s.book.History()
	for _, p := range s.propose(n) {
		s.start(p.Config, &study.Origin{Method: "cmaes", Seen: h.Len(), SeenEnded: h.EndedLen(), Stream: s.book.Len(), Note: p.Note})
	}
}

func (s *sim) start(c space.Config, o *study.Origin) {
	s.book.Put(&study.Trial{Number: s.book.Len(), State: study.Running, Config: c, Origin: o})
}

// end completes a trial.
func (s *sim) end(number int, loss float64) {
	t := *s.book.Trial(number)
	t.State, t.Values = study.Complete, []float64{loss}
	s.book.Put(&t)
}

// state asks for the present distribution.
func (s *sim) state() *model {
	s.t.Helper()
	if err := s.s.fold.advance(context.Background(), s.book.History(), s.seed); err != nil {
		s.t.Fatal(err)
	}
	s.s.fold.begin()
	return s.s.fold.model
}

func floats(n int) *space.Space {
	var ps []space.Param
	for i := range n {
		ps = append(ps, space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: -5, High: 5})
	}
	return suggesttest.Space(ps...)
}

// Every kind of parameter, conditional ones, and a constraint.
func everything(t testing.TB) *space.Space {
	t.Helper()
	cond, err := expr.Compile("x + y < 1.5")
	if err != nil {
		t.Fatal(err)
	}
	s, err := space.New(space.Spec{
		Params: []space.Param{
			{Name: "x", Kind: space.Float, High: 1},
			{Name: "y", Kind: space.Float, High: 1},
			{Name: "opt", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b"), value.String("c")}},
			{Name: "depth", Kind: space.Int, Low: 1, High: 30},
			{Name: "flag", Kind: space.Bool},
			{Name: "momentum", Kind: space.Float, High: 1, Branches: []space.Branch{{Parent: "opt", Values: []space.Value{value.String("a")}}}},
			{Name: "width", Kind: space.Int, Low: 1, High: 8, Branches: []space.Branch{{Parent: "flag", Values: []space.Value{value.Bool(true)}}}},
		},
		Constraints: []*expr.Program{cond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A trial drawn from the model is found again in the history, whatever
// rounding and conditions have taken from its configuration: nothing is left
// over, and every lambda trials make a generation.
func TestEveryDrawIsFoundAgain(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		if c.Size > 0 { // proposals come from the list of what is left
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := newSim(t, c.Space, setting.Values{"restart": value.String("none")})
			bowl := suggesttest.Bowl(c.Space)
			drawn := 0
			for n := range 120 {
				s.ask(1)
				if s.book.Trial(n).Origin.Note != "" {
					drawn++
				}
				s.end(n, bowl(s.book.Trial(n).Config))
			}
			m := s.state()
			f := &s.s.fold
			if got := m.gauss.gen*m.gauss.lambda + len(f.own); got != drawn {
				t.Errorf("%d draws found again, want %d", got, drawn)
			}
			if drawn < 100 {
				t.Errorf("%d of 120 proposals drawn from the model", drawn)
			}
		})
	}
}

func TestOrderOfEndsWithinAGeneration(t *testing.T) {
	sp := everything(t)
	bowl := suggesttest.Bowl(sp)
	lambda := defaultLambda(sp.Len())
	var want []string
	for k := range 5 {
		s := newSim(t, sp, nil)
		r := rand.New(rand.NewPCG(uint64(k), 2))
		for gen := range 4 {
			s.ask(lambda)
			for _, i := range r.Perm(lambda) {
				n := gen*lambda + i
				s.end(n, math.Floor(20*bowl(s.book.Trial(n).Config))) // with ties
			}
		}
		var got []string
		for _, p := range s.propose(3) {
			got = append(got, p.Config.String())
		}
		if k == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("order %d (-first +this):\n%s", k, diff)
		}
	}
}

func TestMonotoneTransformsChangeNothing(t *testing.T) {
	sp := everything(t)
	bowl := suggesttest.Bowl(sp)
	var want []string
	for k, f := range []func(float64) float64{
		func(x float64) float64 { return x },
		func(x float64) float64 { return 1e6*math.Exp(3*x) - 7 },
		func(x float64) float64 { return -1 / (x + 1e-3) },
	} {
		s := newSim(t, sp, nil)
		var got []string
		for n := range 150 {
			s.ask(1)
			c := s.book.Trial(n).Config
			s.end(n, f(bowl(c)))
			got = append(got, c.String())
		}
		if k == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("transform %d (-identity +this):\n%s", k, diff)
		}
	}
}

// A trial that was drawn before others but stored after them makes the state
// go back, so that a long-lived instance agrees with a fresh one.
func TestTrialThatComesLate(t *testing.T) {
	s := newSim(t, floats(3), nil)
	s.ask(3)
	h := s.book.History()
	late := s.propose(1)[0]
	s.end(0, 3)
	s.end(1, 2)
	s.propose(1) // the state moves on
	s.start(late.Config, &study.Origin{Seen: h.Len(), SeenEnded: h.EndedLen(), Stream: 3, Note: late.Note})
	s.ask(6)
	for n := 2; n < s.book.Len(); n++ {
		s.end(n, float64(n))
	}
	fresh := newSim(t, floats(3), nil)
	fresh.book = s.book
	if got, want := s.propose(1)[0].Config, fresh.propose(1)[0].Config; !got.Equal(want) {
		t.Errorf("long-lived %v, fresh %v", got, want)
	}
	if s.s.fold.started && len(s.s.fold.others) > 0 {
		t.Errorf("%d results count as of other origin", len(s.s.fold.others))
	}
}

func TestResultsOfOtherOriginAttractOnly(t *testing.T) {
	run := func(loss float64) *model {
		s := newSim(t, floats(3), nil)
		s.ask(7)
		far, err := s.book.Space.Config(map[string]space.Value{"x0": value.Float(4), "x1": value.Float(4), "x2": value.Float(4)})
		if err != nil {
			t.Fatal(err)
		}
		s.start(far, &study.Origin{Method: "enqueued", Stream: -1})
		s.end(7, loss)
		for n := range 7 {
			s.end(n, float64(n))
		}
		return s.state()
	}
	plain, good, bad := run(3.5), run(-1), run(100)
	if good.gauss.gen != 1 {
		t.Fatalf("generation %d, want 1", good.gauss.gen)
	}
	for i := range 3 {
		if good.gauss.mean[i] <= bad.gauss.mean[i] {
			t.Errorf("mean %v with a good result at 0.9, %v with a bad one", good.gauss.mean, bad.gauss.mean)
			break
		}
	}
	if diff := cmp.Diff(plain.gauss.c, bad.gauss.c); diff != "" {
		t.Errorf("a bad result of other origin changes the covariance:\n%s", diff)
	}
}

func TestStart(t *testing.T) {
	param := func(d float64) space.Param {
		p := space.Param{Name: "x", Kind: space.Float, High: 1}
		if d > 0 {
			p.Default = value.Float(d)
		}
		return p
	}
	at := func(s *sim, x, loss float64) {
		c, err := s.book.Space.Config(map[string]space.Value{"x": value.Float(x)})
		if err != nil {
			t.Fatal(err)
		}
		n := s.book.Len()
		s.start(c, &study.Origin{Method: "enqueued", Stream: -1})
		s.end(n, loss)
	}
	middle := newSim(t, suggesttest.Space(param(0)), nil)
	byDefault := newSim(t, suggesttest.Space(param(0.2)), nil)
	byBest := newSim(t, suggesttest.Space(param(0.2)), nil)
	at(byBest, 0.9, 2)
	at(byBest, 0.7, 1)
	for _, c := range []struct {
		name string
		s    *sim
		want float64
	}{{"middle", middle, 0.5}, {"default", byDefault, 0.2}, {"best", byBest, 0.7}} {
		if got := c.s.state().gauss.mean[0]; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: the search starts at %v, want %v", c.name, got, c.want)
		}
	}
	warm := newSim(t, suggesttest.Space(param(0)), nil)
	for k := range 20 {
		at(warm, 0.3+0.01*float64(k), float64(k))
	}
	g := warm.state().gauss
	if math.Abs(g.mean[0]-0.305) > 1e-12 || math.Abs(g.sigma*math.Sqrt(g.c[0])-math.Hypot(0.1, 0.005)) > 1e-12 {
		t.Errorf("warm start at %v with deviation %v", g.mean[0], g.sigma*math.Sqrt(g.c[0]))
	}
}

// Golden values of cmaes.get_warm_start_mgd with γ = 0.5.
func TestWarmStartIsThatOfTheReference(t *testing.T) {
	w := golden(t).Warm
	loss := func(p []float64) float64 {
		sum := 0.0
		for _, x := range p {
			sum += x * x
		}
		return sum
	}
	slices.SortStableFunc(w.Points, func(a, b []float64) int {
		if loss(a) < loss(b) {
			return -1
		}
		return 1
	})
	mean, sigma, cov := warmStart(w.Points[:3])
	near(t, "mean", mean, w.Mean)
	near(t, "sigma", []float64{sigma}, []float64{w.Sigma})
	near(t, "cov", cov, w.Cov)
}

func TestRestarts(t *testing.T) {
	for _, c := range []struct {
		mode string
		runs int // at least
	}{{"none", 0}, {"ipop", 1}, {"bipop", 2}} {
		s := newSim(t, floats(2), setting.Values{"restart": value.String(c.mode)})
		bowl := suggesttest.Bowl(s.book.Space)
		for n := range 2500 {
			s.ask(1)
			s.end(n, bowl(s.book.Trial(n).Config))
		}
		m, f := s.state(), &s.s.fold
		if f.run < c.runs || c.mode == "none" && f.run > 0 {
			t.Errorf("%s: %d restarts, want at least %d", c.mode, f.run, c.runs)
		}
		if want := 6 << f.run; c.mode == "ipop" && m.gauss.lambda != want {
			t.Errorf("ipop: population %d after %d restarts, want %d", m.gauss.lambda, f.run, want)
		}
		if !(m.gauss.sigma > 0) || math.IsNaN(m.gauss.mean[0]) {
			t.Errorf("%s: sigma %v, mean %v", c.mode, m.gauss.sigma, m.gauss.mean)
		}
	}
}

func TestScheduleOfBipop(t *testing.T) {
	s := schedule{mode: "bipop", base: 6, lambda: 6}
	s.count(100)
	s.next(1, 1, 0.25)
	if s.small || s.lambda != 12 || s.sigma != 0.25 {
		t.Errorf("run 1: small %v, population %d, sigma %v; want a large one of 12", s.small, s.lambda, s.sigma)
	}
	s.next(1, 2, 0.25)
	if !s.small || s.lambda < 6 || s.lambda > 12 || s.sigma > 0.25 || s.sigma < 0.0025 {
		t.Errorf("run 2: small %v, population %d, sigma %v", s.small, s.lambda, s.sigma)
	}
	s.count(101) // as much as the large ones have had
	s.next(1, 3, 0.25)
	if s.small || s.lambda != 24 {
		t.Errorf("run 3: small %v, population %d; want a large one of 24", s.small, s.lambda)
	}
}

// solves returns the best value of a study of n trials.
func solves(t *testing.T, sp *space.Space, v setting.Values, n, parallel int, f func(space.Config) float64) float64 {
	t.Helper()
	s := newSim(t, sp, v)
	best := math.Inf(1)
	s.ask(parallel)
	for k := range n {
		loss := f(s.book.Trial(k).Config)
		best = math.Min(best, loss)
		s.end(k, loss)
		s.ask(1)
	}
	return best
}

func TestFindsTheOptimum(t *testing.T) {
	bowl := func(sp *space.Space) func(space.Config) float64 { return suggesttest.Bowl(sp) }
	valley := func(c space.Config) float64 { // Rosenbrock's
		sum := 0.0
		for i := range 3 {
			a, b := c.At(i).AsFloat(), c.At(i+1).AsFloat()
			sum += 100*(b-a*a)*(b-a*a) + (1-a)*(1-a)
		}
		return sum
	}
	for _, c := range []struct {
		name     string
		sp       *space.Space
		v        setting.Values
		n        int
		parallel int
		f        func(space.Config) float64
		want     float64
	}{
		{"bowl", floats(10), nil, 1500, 1, bowl(floats(10)), 1e-8},
		{"bowl, 8 at once", floats(10), nil, 1500, 8, bowl(floats(10)), 1e-8},
		{"bowl, separable", floats(10), setting.Values{"variant": value.String("separable")}, 1500, 1, bowl(floats(10)), 1e-8},
		{"bowl, adapted rates", floats(5), setting.Values{"lr_adaptation": value.Bool(true)}, 3000, 1, bowl(floats(5)), 1e-6},
		{"valley", floats(4), nil, 3000, 1, valley, 1e-8},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := solves(t, c.sp, c.v, c.n, c.parallel, c.f); !(got < c.want) {
				t.Errorf("best of %d trials is %v, want below %v", c.n, got, c.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		p suggest.Problem
		v setting.Values
	}{
		"two objectives":     {suggest.Problem{Objectives: 2}, nil},
		"separable, adapted": {suggest.Problem{Objectives: 1}, setting.Values{"variant": value.String("separable"), "lr_adaptation": value.Bool(true)}},
	} {
		if _, err := Method().New(c.p, c.v); study.CodeOf(err) != study.Invalid {
			t.Errorf("%s: error %v, want one with code %q", name, err, study.Invalid)
		}
	}
}

// A study resumed under a later afina must go on as it began. If this test
// fails, the method needs a new version.
func TestAnswersAreThoseOfVersion1(t *testing.T) {
	if v := Method().Version; v != "1" {
		t.Fatalf("version %q: pin its answers here", v)
	}
	s := newSim(t, everything(t), nil)
	bowl := suggesttest.Bowl(s.book.Space)
	for n := range 60 {
		s.ask(1)
		s.end(n, bowl(s.book.Trial(n).Config))
	}
	var got []string
	for _, n := range []int{0, 1, 59} {
		c := s.book.Trial(n).Config
		x, _ := c.Get("x")
		depth, _ := c.Get("depth")
		got = append(got, value.Float(math.Round(1e9*x.AsFloat())/1e9).Text()+" "+depth.Text())
	}
	if diff := cmp.Diff([]string{"0.011630319 13", "0.274455039 11", "0.387235745 13"}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// One trial asked for and told, in a study that runs on.
func BenchmarkTrial(b *testing.B) {
	for _, n := range []int{10, 40} {
		b.Run(value.Int(int64(n)).Text()+" parameters", func(b *testing.B) {
			s := newSim(b, floats(n), nil)
			bowl := suggesttest.Bowl(s.book.Space)
			b.ReportAllocs()
			for b.Loop() {
				s.ask(1)
				k := s.book.Len() - 1
				s.end(k, bowl(s.book.Trial(k).Config))
			}
		})
	}
}

// A fresh instance's first answer in a study of 10,000 trials.
func BenchmarkReplay(b *testing.B) {
	s := newSim(b, floats(10), nil)
	bowl := suggesttest.Bowl(s.book.Space)
	for k := range 10_000 {
		s.ask(1)
		s.end(k, bowl(s.book.Trial(k).Config))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.s = newSim(b, s.book.Space, nil).s
		s.propose(1)
	}
}

func TestRanking(t *testing.T) {
	o := study.Objective{Metric: "score", Goal: study.Maximize}
	best := []study.Trial{
		{State: study.Complete, Values: []float64{5}},
		{State: study.Complete, Values: []float64{-1e300}, Violations: []float64{0}},
		{State: study.Pruned, Values: []float64{9}},
		{State: study.Pruned, Values: []float64{8}},
		{State: study.Complete, Values: []float64{99}, Violations: []float64{-1, 0.5}},
		{State: study.Pruned, Values: []float64{99}, Violations: []float64{1, 1}},
		{State: study.Complete, Values: []float64{99}, Violations: []float64{math.NaN()}},
		{State: study.Pruned},
		{State: study.Failed},
		{State: study.Infeasible},
		{State: study.Complete, Values: []float64{math.NaN()}},
		{State: study.Complete, Values: []float64{math.Inf(1)}},
	}
	var ms []*member
	for n := range best {
		m := &member{number: n}
		m.classify(&best[n], o)
		ms = append(ms, m)
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
	slices.SortFunc(ms, (*member).before)
	for want, m := range ms {
		if m.number != want {
			t.Errorf("place %d is trial %d, %+v", want, m.number, best[m.number])
		}
	}
}

// Where all values are the same there is nothing to learn: the search goes
// elsewhere.
func TestPlateauIsLeft(t *testing.T) {
	s := newSim(t, floats(2), nil)
	for n := range 1000 {
		s.ask(1)
		s.end(n, 7)
	}
	s.state()
	if s.s.fold.run == 0 {
		t.Error("no restart on a plateau")
	}
}
