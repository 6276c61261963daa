package dehb

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/halving"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func mixed() *space.Space {
	return suggesttest.Space(
		space.Param{Name: "lr", Kind: space.Float, Low: 1e-5, High: 1, Scale: space.Log},
		space.Param{Name: "layers", Kind: space.Int, Low: 1, High: 6},
		space.Param{Name: "kind", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b"), value.String("c")}},
		space.Param{Name: "depth", Kind: space.Float, Low: 0, High: 1, Branches: []space.Branch{{Parent: "kind", Values: []space.Value{value.String("b")}}}},
	)
}

// play runs DEHB on a virtual clock. See looks at every request before it is
// answered.
func play(t interface{ Fatal(...any) }, seed uint64, trials, workers int, high float64, see func(suggest.Request)) *study.History {
	s := mixed()
	bowl := suggesttest.Bowl(s)
	d := simulate.Setup{
		Space: s, Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize}}, Fidelity: &study.Fidelity{Min: 1, Max: high},
		Seed: seed, Trials: trials, Workers: workers,
		Program: func(n int, c space.Config) simulate.Program {
			r := study.Stream(seed, n, "program")
			p := simulate.Program{Duration: 0.5 + r.Float64(), Value: func(step float64) float64 { return bowl(c) + 1/step }}
			if r.IntN(15) == 0 {
				p.FailAt = 1
			}
			return p
		},
	}
	problem := d.Problem()
	problem.Trials = 0
	sched, err := halving.DEHB().New(problem, nil)
	if err != nil {
		t.Fatal(err)
	}
	made, err := Method().New(suggest.Problem{Objectives: 1, Parallel: workers}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Suggest = func(h *study.History, n int, o schedule.Order) (suggest.Proposal, error) {
		r := suggest.Request{History: h, N: 1, First: n, Seed: seed, Until: o.Until, Bracket: o.Bracket}
		if see != nil {
			see(r)
		}
		ps, err := made.Suggest(context.Background(), r)
		if err == nil && len(ps) != 1 {
			err = errors.New("no proposal")
		}
		if err != nil {
			return suggest.Proposal{}, err
		}
		if ps[0].Until != o.Until {
			return suggest.Proposal{}, fmt.Errorf("made for step %v, wanted for %v", ps[0].Until, o.Until)
		}
		return ps[0], nil
	}
	result, err := simulate.Run(sched, d)
	if err != nil {
		t.Fatal(err)
	}
	return result.Log.Book.History()
}

// plain is the population of a step by the definition: the best of each family
// that has a value there, the best of those.
func plain(h *study.History, step float64, size int) []member {
	type entry struct {
		member
		loss  float64
		first int // of the family to have it
	}
	best := map[int]entry{}
	for t := range h.All() {
		n, _ := parse(t.Origin.Note)
		k := slices.IndexFunc(t.Reports, func(r study.Report) bool { return r.Step >= step })
		if n.Step > step || k < 0 {
			continue
		}
		loss, _ := t.Reports[k].Values.Get("loss")
		family := t.Number
		if n.Step == step && n.Family >= 0 {
			family = n.Family
		}
		switch old, has := best[family]; {
		case !has || loss < old.loss:
			best[family] = entry{member{family, t.Number}, loss, t.Number}
		case loss == old.loss:
			best[family] = entry{member{family, t.Number}, loss, old.first}
		}
	}
	var list []entry
	for _, e := range best {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(a.first, b.first)) })
	var out []member
	for _, e := range list[:min(size, len(list))] {
		out = append(out, e.member)
	}
	return out
}

// At every request the population is what the definition says, and a new
// instance proposes the same; children are spread evenly over it.
func TestPopulationsAreTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		workers := rapid.SampledFrom([]int{1, 3, 10}).Draw(t, "workers")
		every := rapid.IntRange(7, 23).Draw(t, "every")
		var own populations
		own.o = options{f: 0.5, cr: 0.5, reduction: 3}
		children := 0
		targets := map[int][]int{} // families with the fewest children, by the trial to be
		h := play(t, seed, 70, workers, 9, func(r suggest.Request) {
			if r.First%every != 0 {
				return
			}
			own.follow(r.History)
			size := own.size(r.Until)
			if want := map[float64]int{1: 9, 3: 5, 9: 3}[r.Until]; size != want {
				t.Fatalf("the population at step %v has size %d, want %d", r.Until, size, want)
			}
			got, want := own.members(r.Until, size), plain(r.History, r.Until, size)
			if !slices.Equal(got, want) {
				t.Fatalf("before trial %d the population at step %v is %v, want %v", r.First, r.Until, got, want)
			}
			children := map[int]int{}
			for tr := range r.History.All() {
				if n, _ := parse(tr.Origin.Note); n.Step == r.Until && n.Family >= 0 {
					children[n.Family]++
				}
			}
			targets[r.First] = []int{}
			if len(got) == size { // else it may be filled first
				for _, m := range got {
					fewest := true
					for _, other := range got {
						fewest = fewest && children[m.family] <= children[other.family]
					}
					if fewest {
						targets[r.First] = append(targets[r.First], m.family)
					}
				}
			}
		})
		for tr := range h.All() {
			n, ok := parse(tr.Origin.Note)
			if !ok || n.Step > tr.Until {
				t.Fatalf("trial %d until %v has the note %q", tr.Number, tr.Until, tr.Origin.Note)
			}
			if n.Family >= 0 {
				children++
			}
			if n.Family >= 0 && tr.Config.Equal(h.Trial(n.Parent).Config) {
				t.Fatalf("trial %d is trial %d again", tr.Number, n.Parent)
			}
			if want := targets[tr.Number]; len(want) > 0 && !slices.Contains(want, n.Family) {
				t.Fatalf("trial %d challenges family %d, and %v have the fewest children", tr.Number, n.Family, want)
			}
		}
		if children < 20 {
			t.Fatalf("%d of %d trials are children", children, h.Len())
		}
	})
}

// golden is testdata/dehb.json: mutants and pools of dehb 0.1.2.
type golden struct {
	Mutants []struct {
		A, B, C, V []float64
		F          float64
	}
	Pools []struct {
		Bracket, Best int
		Step, Below   float64
	}
	Defaults struct{ F, CR float64 }
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "dehb.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMutants(t *testing.T) {
	g := readGolden(t)
	for _, c := range g.Mutants {
		for i, x := range differ(c.A, c.B, c.C, c.F) {
			if math.Abs(x-c.V[i]) > 1e-15 {
				t.Errorf("coordinate %d is %v, want %v", i, x, c.V[i])
			}
		}
	}
	for name, want := range map[string]float64{"f": g.Defaults.F, "cr": g.Defaults.CR} {
		for _, s := range settings {
			if s.Name == name && s.Default.AsFloat() != want {
				t.Errorf("the default of %s is %v, want %v", name, s.Default, want)
			}
		}
	}
}

// Parents come from the step, and are as many, as in the authors' program.
func TestPools(t *testing.T) {
	h := play(t, 1, 143+206, 1, 81, nil)
	var p populations
	p.o = options{f: 0.5, cr: 0.5, reduction: 3}
	p.follow(h)
	for _, c := range readGolden(t).Pools {
		s := suggester{populations: p}
		members := p.members(c.Step, p.size(c.Step))
		s.breeder.begin(&s, suggest.Request{History: h, Bracket: c.Bracket + 5}, c.Step, members)
		var want []int
		for _, m := range p.members(c.Below, p.size(c.Below)) {
			want = append(want, m.trial)
		}
		want = want[:min(c.Best, len(want))]
		if !slices.Equal(s.breeder.pool, want) {
			t.Errorf("bracket %d at step %v: parents %v, want %v", c.Bracket, c.Step, s.breeder.pool, want)
		}
	}
}

func TestThree(t *testing.T) {
	rng := study.Stream(1, 1, "three")
	for _, n := range []int{3, 4, 9} {
		seen := map[[3]int]int{}
		for range 2000 * n {
			i, j, k := three(n, rng)
			if i == j || j == k || i == k || min(i, j, k) < 0 || max(i, j, k) >= n {
				t.Fatalf("%d, %d and %d of %d", i, j, k, n)
			}
			seen[[3]int{i, j, k}]++
		}
		if want := n * (n - 1) * (n - 2); len(seen) != want {
			t.Errorf("of %d: %d triples, want %d", n, len(seen), want)
		}
	}
}

func TestCross(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(1, 8).Draw(t, "parameters")
		rng := study.Stream(rapid.Uint64().Draw(t, "seed"), 0, "cross")
		target, mutant := make([]float64, d), make([]float64, d)
		for i := range target {
			target[i], mutant[i] = rng.Float64(), 3*rng.Float64()-1
		}
		rate := rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "rate")
		taken := 0
		for i, x := range cross(target, mutant, rate, rng) {
			if !(x >= 0 && x <= 1) {
				t.Fatalf("coordinate %d is %v", i, x)
			}
			if x != target[i] {
				taken++
				if x != mutant[i] && mutant[i] >= 0 && mutant[i] <= 1 {
					t.Fatalf("coordinate %d is %v, neither %v nor %v", i, x, target[i], mutant[i])
				}
			}
		}
		if taken == 0 || rate == 0 && taken != 1 || rate == 1 && taken != d {
			t.Fatalf("%d of %d coordinates are not the target's at a rate of %v", taken, d, rate)
		}
	})
}

// A point stands on the value of its trial wherever in the interval it is.
func TestPointsStandOnTheirValues(t *testing.T) {
	s := mixed()
	book := study.NewBook(s, suggesttest.Loss(), nil)
	for n, c := range suggesttest.Drawn(s, 30) {
		book.Put(&study.Trial{Number: n, State: study.Complete, Values: []float64{1}, Config: c})
	}
	var p populations
	p.o = options{reduction: 3}
	h := book.History()
	p.follow(h)
	rng := study.Stream(1, 1, "points")
	for t0 := range h.All() {
		var places []float64
		for range 20 {
			u := p.point(t0, rng)
			places = append(places, u[2])
			if got := s.Decode(u); !got.Equal(t0.Config) {
				t.Fatalf("%v has become %v", t0.Config, got)
			}
		}
		if slices.Min(places) == slices.Max(places) {
			t.Errorf("trial %d always stands at %v", t0.Number, places[0])
		}
	}
}

func TestNote(t *testing.T) {
	for _, n := range []note{{Step: 3, Family: -1}, {Step: 0, Family: -1}, {Step: 0.1, Family: 7, Parent: 9}, {Step: 27, Family: 0, Parent: 0}} {
		if got, ok := parse(n.String()); !ok || got != n {
			t.Errorf("%s is read as %+v", n, got)
		}
	}
	for _, text := range []string{"", `{"de":{"slot":1}}`, `{"dehb":`, `{"dehb":{"step":-1}}`, `{"dehb":{"step":1,"family":-5}}`, `{"dehb":{"step":1,"family":2,"parent":-1}}`, `{"dehb":{"step":"x"}}`} {
		if got, ok := parse(text); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

// The proposals of a run, noted once.
func TestPinned(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the proposals were noted on amd64")
	}
	var got []string
	for tr := range play(t, 11, 60, 2, 9, nil).All() {
		got = append(got, fmt.Sprintf("%s %s", tr.Config, tr.Origin.Note))
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "suggestions.json")
	if os.Getenv("AFINA_UPDATE") != "" {
		if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(want), string(text)+"\n"); d != "" {
		t.Errorf("the proposals have changed; if that is meant, raise the method's version and run with AFINA_UPDATE=1\n%s", d)
	}
}

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("%d trials", n), func(b *testing.B) {
			h := play(b, 1, n, 1, 81, nil)
			s, err := Method().New(suggest.Problem{Objectives: 1}, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := suggest.Request{History: h, N: 1, First: n + i, Until: []float64{1, 3, 9, 27, 81}[i%5], Bracket: 1}
				if _, err := s.Suggest(context.Background(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
