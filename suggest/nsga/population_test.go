package nsga

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

func line(t testing.TB, params ...space.Param) *space.Space {
	t.Helper()
	if params == nil {
		params = []space.Param{{Name: "x", Kind: space.Float, High: 1}}
	}
	s, err := space.New(space.Spec{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func twoGoals() []study.Objective {
	return []study.Objective{{Metric: "a", Goal: study.Minimize}, {Metric: "b", Goal: study.Maximize}}
}

func trials(members []member) []int {
	var out []int
	for _, m := range members {
		out = append(out, m.trial)
	}
	slices.Sort(out)
	return out
}

func TestGenerations(t *testing.T) {
	s := line(t)
	book := study.NewBook(s, twoGoals(), nil)
	p := population{size: 4, offspring: 2, mates: 2, survive: crowded}
	put := func(state study.State, values ...float64) {
		c := s.Decode([]float64{0.5})
		book.Put(&study.Trial{Number: book.Len(), State: state, Config: c, Values: values})
	}
	check := func(generation int, want ...int) {
		t.Helper()
		p.update(book.History(), 1)
		if p.generation != generation {
			t.Fatalf("generation %d after %d trials, want %d", p.generation, book.Len(), generation)
		}
		if diff := cmp.Diff(want, trials(p.parents)); diff != "" {
			t.Fatalf("parents after %d trials (-want +got):\n%s", book.Len(), diff)
		}
	}
	put(study.Complete, 1, 1) // 0
	put(study.Complete, 2, 2)
	put(study.Failed)
	put(study.Running)
	put(study.Complete, 9, 0) // 4
	put(study.Complete, math.Inf(1), 0)
	put(study.Complete, 0, math.NaN())
	put(study.Cancelled)
	check(0)
	put(study.Complete, 3, 3) // 8: the fourth that counts
	check(1, 0, 1, 4, 8)
	put(study.Complete, 4, 4) // 9
	check(1, 0, 1, 4, 8)
	put(study.Pruned, 0, 9) // judged, but never a parent
	check(2, 0, 1, 8, 9)
	put(study.Infeasible)
	put(study.Pruned)
	check(2, 0, 1, 8, 9)
	// The running one ends late, and of the three that it beats the middle one
	// is the most crowded.
	book.Put(&study.Trial{Number: 3, State: study.Complete, Config: s.Decode([]float64{0.5}), Values: []float64{1, 3}})
	check(3, 0, 3, 8, 9)
}

// Whatever the history, looking at it bit by bit gives the population that
// looking at it at once does.
func TestPopulationIsAFunctionOfTheHistory(t *testing.T) {
	s := line(t)
	rapid.Check(t, func(r *rapid.T) {
		book := study.NewBook(s, twoGoals(), nil)
		size, offspring := rapid.IntRange(4, 8).Draw(r, "size"), rapid.IntRange(1, 9).Draw(r, "offspring")
		survive := crowded
		if rapid.Bool().Draw(r, "niches") {
			survive = niches(pareto.Directions(2, 4))
		}
		long := population{size: size, offspring: offspring, mates: 2, survive: survive}
		for n := range rapid.IntRange(0, 60).Draw(r, "trials") {
			one := &study.Trial{Number: n, Config: s.Decode([]float64{float64(n) / 60})}
			one.State = rapid.SampledFrom([]study.State{study.Complete, study.Complete, study.Complete, study.Pruned, study.Failed, study.Running}).Draw(r, "state")
			value := rapid.Map(rapid.IntRange(0, 5), func(i int) float64 { return float64(i) })
			one.Values = []float64{value.Draw(r, "a"), value.Draw(r, "b")}
			one.Violations = []float64{value.Draw(r, "violation") - 4}
			book.Put(one)
			if rapid.Bool().Draw(r, "look") {
				long.update(book.History(), 3)
			}
		}
		long.update(book.History(), 3)
		fresh := population{size: size, offspring: offspring, mates: 2, survive: survive}
		fresh.update(book.History(), 3)
		opt := cmp.AllowUnexported(member{})
		if diff := cmp.Diff(fresh.parents, long.parents, opt); diff != "" || fresh.generation != long.generation {
			r.Fatalf("parents (-fresh +long-lived):\n%s", diff)
		}
		if diff := cmp.Diff(fresh.draws, long.draws); diff != "" {
			r.Fatal(diff)
		}
		other := population{size: size, offspring: offspring, mates: 2, survive: survive}
		other.update(book.History(), 4)
		other.update(book.History(), 3)
		if diff := cmp.Diff(fresh.parents, other.parents, opt); diff != "" {
			r.Fatalf("another seed has left a trace:\n%s", diff)
		}
	})
}

func TestConstraintsGoBeforeObjectives(t *testing.T) {
	members := []member{
		{trial: 0, loss: []float64{0, 0}, violation: 2},
		{trial: 1, loss: []float64{5, 5}},
		{trial: 2, loss: []float64{9, 9}, violation: 1},
		{trial: 3, loss: []float64{4, 6}},
		{trial: 4, loss: []float64{6, 6}},
		{trial: 5, loss: []float64{8, 8}, violation: 1},
		{trial: 6, loss: []float64{-1, -1}, violation: math.Inf(1)},
	}
	var got [][]int
	for k, front := range fronts(members) {
		got = append(got, trials(front))
		for _, m := range front {
			if m.rank != k {
				t.Errorf("trial %d has rank %d on front %d", m.trial, m.rank, k)
			}
		}
	}
	if diff := cmp.Diff([][]int{{1, 3}, {4}, {2, 5}, {0}, {6}}, got); diff != "" {
		t.Errorf("fronts (-want +got):\n%s", diff)
	}
}

// survivorsOf draws members with ties, violations and huge values.
func survivorsOf(r *rapid.T, m int) []member {
	var members []member
	value := rapid.OneOf(rapid.Map(rapid.IntRange(-2, 2), func(i int) float64 { return float64(i) }),
		rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{math.MaxFloat64, -math.MaxFloat64, 5e-324}))
	for i := range rapid.IntRange(1, 40).Draw(r, "members") {
		members = append(members, member{
			trial: i, loss: rapid.SliceOfN(value, m, m).Draw(r, "loss"),
			violation: rapid.SampledFrom([]float64{0, 0, 0, 1, 2, math.Inf(1)}).Draw(r, "violation"),
		})
	}
	return members
}

func TestSurvivorsAreTheBest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(r, "m")
		survive := crowded
		if rapid.Bool().Draw(r, "niches") {
			survive = niches(pareto.Directions(m, 3))
		}
		members := survivorsOf(r, m)
		ranks := make([]int, len(members))
		for k, front := range fronts(slices.Clone(members)) {
			for _, one := range front {
				ranks[one.trial] = k
			}
		}
		n := rapid.IntRange(1, 40).Draw(r, "n")
		left := trials(survive(slices.Clone(members), n, rand.New(rand.NewPCG(1, 1))))
		if len(left) != min(n, len(members)) || len(slices.Compact(slices.Clone(left))) != len(left) {
			r.Fatalf("%d of %d survive: %v", n, len(members), left)
		}
		worst := 0
		for _, i := range left {
			worst = max(worst, ranks[i])
		}
		for i, k := range ranks {
			if k < worst && !slices.Contains(left, i) {
				r.Fatalf("member %d of front %d is gone, one of front %d survives", i, k, worst)
			}
		}
	})
}

// On a front twice as long as the population, NSGA-III keeps one at every
// direction, whatever the units of the objectives.
func TestNichesAreServed(t *testing.T) {
	directions := pareto.Directions(3, 6)
	for _, scale := range [][]float64{{1, 1, 1}, {1e-6, 1, 1e9}} {
		r := rand.New(rand.NewPCG(3, 3))
		var members []member
		add := func(p []float64) {
			for j := range p {
				p[j] = p[j]*scale[j] - 5*scale[j]
			}
			members = append(members, member{trial: len(members), loss: p})
		}
		for _, d := range directions {
			add(slices.Clone(d))
		}
		for range 40 { // a crowd in one place of the same plane
			x, y := 0.33+0.02*r.Float64(), 0.33+0.02*r.Float64()
			add([]float64{x, y, 1 - x - y})
		}
		left := trials(niches(directions)(members, len(directions), r))
		missing := 0
		for i := range directions {
			if !slices.Contains(left, i) {
				missing++ // taken by one of the crowd, which is as near
			}
		}
		if missing > 1 {
			t.Errorf("scale %v: %d of %d directions are not served", scale, missing, len(directions))
		}
	}
}

func TestEveryParentMeetsEquallyMany(t *testing.T) {
	draws := draw(50, 2, rand.New(rand.NewPCG(1, 1)))
	met := make([]int, 50)
	for trial := 1000; trial < 1050; trial++ {
		for k := range 2 {
			i, j := opponents(draws, k, trial)
			if i == j {
				t.Fatalf("parent %d meets itself", i)
			}
			met[i]++
			met[j]++
		}
	}
	for i, n := range met {
		if n != 4 {
			t.Errorf("parent %d is in %d tournaments of 50 children, want 4", i, n)
		}
	}
}

func TestTournament(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	parents := []member{
		{rank: 0, crowding: 1}, {rank: 1, crowding: 9}, {rank: 0, crowding: 2}, {rank: 0, crowding: 2},
	}
	for _, c := range []struct{ i, j, want int }{{0, 1, 0}, {1, 0, 0}, {0, 2, 2}, {2, 0, 2}} {
		if got := tournament(parents, c.i, c.j, r); got != c.want {
			t.Errorf("of %d and %d, %d wins", c.i, c.j, got)
		}
	}
	won := map[int]int{}
	for range 1000 {
		won[tournament(parents, 2, 3, r)]++
	}
	if won[2] < 400 || won[3] < 400 {
		t.Errorf("equals win %v of 1000", won)
	}
}

func newBreeder(s *space.Space, kind string, mutating float64) *breeder {
	b := &breeder{cross: newCrossover(kind, 20, 0.5), crossing: 1, mutating: mutating, mutationEta: 20}
	b.enter(s)
	return b
}

// A mutated parameter with few values has another value, and no mutation
// leaves the unit interval.
func TestMutationsChangeValues(t *testing.T) {
	texts := []space.Value{value.String("a"), value.String("b"), value.String("c")}
	s := line(t,
		space.Param{Name: "int", Kind: space.Int, Low: 1, High: 3},
		space.Param{Name: "log", Kind: space.Int, Low: 1, High: 4096, Scale: space.Log},
		space.Param{Name: "step", Kind: space.Float, Low: -0.5, High: 0.5, Step: 0.25},
		space.Param{Name: "ordered", Kind: space.Choice, Choices: texts, Ordered: true},
		space.Param{Name: "choice", Kind: space.Choice, Choices: texts, Weights: []float64{0.9, 0.09, 0.01}},
		space.Param{Name: "bool", Kind: space.Bool},
		space.Param{Name: "one", Kind: space.Choice, Choices: texts[:1]},
		space.Param{Name: "float", Kind: space.Float, High: 1},
		space.Param{Name: "normal", Kind: space.Int, Low: math.Inf(-1), High: math.Inf(1), Prior: space.Normal, SD: 100})
	for _, uniform := range []bool{false, true} {
		b := newBreeder(s, "sbx", 0)
		b.uniform = uniform
		r := rand.New(rand.NewPCG(1, 1))
		for range 500 {
			for i := range s.Len() {
				v := s.DecodeParam(i, r.Float64())
				x := s.EncodeParam(i, v)
				y := b.mutate(i, x, r)
				if !(y >= 0 && y <= 1) {
					t.Fatalf("%s: %v becomes %v", s.Param(i).Name, x, y)
				}
				_, countable := s.Param(i).Count()
				if w := s.DecodeParam(i, y); countable && (w == v) != (b.genome.Trait(i) == vary.Fixed) {
					t.Errorf("%s: %v becomes %v", s.Param(i).Name, v, w)
				}
			}
		}
	}
}

// A gene that one parent has is inherited from it; one that none has is drawn.
func TestInheritanceInAConditionalSpace(t *testing.T) {
	under := func(name, v string) space.Param {
		return space.Param{Name: name, Kind: space.Float, High: 1,
			Branches: []space.Branch{{Parent: "opt", Values: []space.Value{value.String(v)}}}}
	}
	s := line(t,
		space.Param{Name: "opt", Kind: space.Choice, Choices: []space.Value{value.String("sgd"), value.String("adam"), value.String("none")}},
		under("momentum", "sgd"), under("beta", "adam"))
	nan := math.NaN()
	sgd, adam := s.EncodeParam(0, value.String("sgd")), s.EncodeParam(0, value.String("adam"))
	both := []member{{genes: []float64{sgd, 0.25, nan}}, {genes: []float64{adam, nan, 0.75}}}
	for _, kind := range []string{"sbx", "uniform", "blx"} {
		b := newBreeder(s, kind, 0)
		b.mates = []int{0, 1}
		r := rand.New(rand.NewPCG(1, 1))
		seen := map[float64]int{}
		for range 100 {
			b.inherit(both, r)
			if b.genes[1] != 0.25 || b.genes[2] != 0.75 {
				t.Fatalf("%s: genes %v", kind, b.genes)
			}
			seen[b.genes[0]]++
		}
		if len(seen) != 2 || seen[sgd] < 25 || seen[adam] < 25 {
			t.Errorf("%s: choices are inherited as %v", kind, seen)
		}
	}
	for _, kind := range []string{"undx", "spx", "pcx", "sbx"} {
		b := newBreeder(s, kind, 0)
		alike := []member{{genes: []float64{sgd, 0.25, nan}}, {genes: []float64{sgd, 0.5, nan}}, {genes: []float64{sgd, 0.3, nan}}}
		b.mates = []int{0, 1, 2}[:b.cross.parents]
		r := rand.New(rand.NewPCG(1, 1))
		drawn := map[float64]bool{}
		for range 50 {
			b.inherit(alike, r)
			for i, x := range b.genes {
				if !(x >= 0 && x <= 1) {
					t.Fatalf("%s: gene %d is %v", kind, i, x)
				}
			}
			if b.genes[0] != sgd {
				t.Fatalf("%s: choice %v", kind, b.genes[0])
			}
			drawn[b.genes[2]] = true
		}
		if len(drawn) != 50 {
			t.Errorf("%s: a gene that nobody has is drawn as %d values of 50", kind, len(drawn))
		}
	}
}
