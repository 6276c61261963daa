package de

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// line is the space of one number, in which the t-th configuration of a test
// is somewhere.
func line() *space.Space {
	return suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
}

// ended is a trial of a test: its loss (NaN: it failed) and its note.
type ended struct {
	loss float64
	note string
}

// folded returns the population after trials, which have ended in that order.
func folded(o options, list ...ended) *population {
	s := line()
	book := study.NewBook(s, suggesttest.Loss(), nil)
	for n, e := range list {
		t := &study.Trial{Number: n, State: study.Complete, Values: []float64{e.loss},
			Config: s.Decode([]float64{float64(n+1) / 1000}), Origin: &study.Origin{Note: e.note}}
		if math.IsNaN(e.loss) {
			t.State, t.Values = study.Failed, nil
		}
		book.Put(t)
	}
	p := &population{o: &o}
	p.update(book.History(), 1)
	return p
}

// child is a trial bred for a slot.
func child(slot int, loss float64) ended {
	return ended{loss, note{Slot: slot, Parent: slot, F: 0.9, CR: 0.3}.String()}
}

func four() options {
	return options{variant: variantLShade, given: 4, least: 4, f: 0.5, cr: 0.5, p: 0.11, archive: 2, memory: 2}
}

var start = []ended{{loss: 40}, {loss: 10}, {loss: 30}, {loss: 20}}

func trialsOf(p *population) []int {
	var out []int
	for _, m := range p.members {
		out = append(out, m.trial)
	}
	return out
}

func TestSelection(t *testing.T) {
	for _, c := range []struct {
		name    string
		more    []ended
		want    []int // the members' trials, by slot
		archive int
		success []float64 // weights
	}{
		{"the first join whoever made them", nil, []int{0, 1, 2, 3}, 0, nil},
		{"a better child takes its target's slot", []ended{child(2, 25)}, []int{0, 1, 4, 3}, 1, []float64{1}},
		{"and is weighed by the members overtaken", []ended{child(0, 5)}, []int{4, 1, 2, 3}, 1, []float64{4}},
		{"an equal child too, but is no success", []ended{child(1, 10)}, []int{0, 4, 2, 3}, 0, nil},
		{"a worse child is forgotten", []ended{child(1, 11)}, []int{0, 1, 2, 3}, 0, nil},
		{"a failed child too", []ended{child(1, math.NaN())}, []int{0, 1, 2, 3}, 0, nil},
		{"a second child competes with the first", []ended{child(2, 15), child(2, 17)}, []int{0, 1, 4, 3}, 1, []float64{2}},
		{"a stranger takes the worst slot", []ended{{loss: 35}}, []int{4, 1, 2, 3}, 1, nil},
		{"or none", []ended{{loss: 41}}, []int{0, 1, 2, 3}, 0, nil},
		{"so does a child of a slot that is gone", []ended{child(9, 35)}, []int{4, 1, 2, 3}, 1, nil},
		{"a damaged note makes a stranger", []ended{{35, `{"de":{"slot":1,"f":7}}`}}, []int{4, 1, 2, 3}, 1, nil},
	} {
		p := folded(four(), append(slices.Clone(start), c.more...)...)
		if got := trialsOf(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: members %v, want %v", c.name, got, c.want)
		}
		var weights []float64
		for _, s := range p.memory.successes {
			weights = append(weights, s.weight)
			if s.f != 0.9 || s.cr != 0.3 {
				t.Errorf("%s: a success with F %v and CR %v", c.name, s.f, s.cr)
			}
		}
		if !slices.Equal(weights, c.success) || len(p.archive) != c.archive {
			t.Errorf("%s: weights %v and %d archived, want %v and %d", c.name, weights, len(p.archive), c.success, c.archive)
		}
	}
}

func TestImprovementWeighsByTheObjective(t *testing.T) {
	o := four()
	o.improves = true
	p := folded(o, append(slices.Clone(start), child(0, 5), child(2, 29))...)
	if s := p.memory.successes; len(s) != 2 || s[0].weight != 35*s[1].weight {
		t.Errorf("successes %+v, want the first to weigh 35 times the second", s)
	}
}

func TestGeneration(t *testing.T) {
	o := four()
	p := folded(o, append(slices.Clone(start), child(0, 50), child(1, 5), child(2, math.NaN()))...)
	if p.memory.next != 0 || p.children != 3 {
		t.Errorf("after three children: entry %d, %d children", p.memory.next, p.children)
	}
	p = folded(o, append(slices.Clone(start), child(0, 50), child(1, 5), child(2, math.NaN()), child(3, 99))...)
	if p.memory.next != 1 || p.children != 0 || p.memory.f[0] != 0.9 || p.memory.cr[0] != 0.3 {
		t.Errorf("after a generation: %+v, %d children; want F 0.9 and CR 0.3 learned", p.memory, p.children)
	}
}

func TestShrinking(t *testing.T) {
	o := four()
	o.given, o.budget = 6, 24
	list := []ended{{loss: 6}, {loss: 1}, {loss: 5}, {loss: 2}, {loss: 4}, {loss: 3}}
	for slot := range 6 {
		list = append(list, child(slot, 100))
	}
	// After 12 of 24 trials 5 of 6 are left: the worst, slot 0, has gone.
	p := folded(o, list...)
	if got := trialsOf(p); !slices.Equal(got, []int{1, 2, 3, 4, 5}) || p.size != 5 {
		t.Fatalf("members %v of %d, want 1 to 5", got, p.size)
	}
	// Its late child replaces the worst that is left, slot 2.
	p = folded(o, append(slices.Clone(list), child(0, 4.5))...)
	if got := trialsOf(p); !slices.Equal(got, []int{1, 12, 3, 4, 5}) {
		t.Errorf("members %v, want trial 12 in the place of trial 2", got)
	}
}

// TestBookkeeping drives whole studies and compares what is kept
// incrementally with what it means.
func TestBookkeeping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		variant := rapid.SampledFrom([]string{variantLShade, variantPBest, variantRand}).Draw(t, "variant")
		cases := suggesttest.Cases()
		sp := cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")].Space
		one, err := Method().New(suggest.Problem{Objectives: 1, Trials: 120}, setting.Values{
			"variant":    value.String(variant),
			"population": value.Int(int64(rapid.IntRange(4, 20).Draw(t, "population")))})
		if err != nil {
			t.Fatal(err)
		}
		s := one.(*suggester)
		best := math.Inf(1)
		result, err := suggesttest.Drive(context.Background(), s, suggesttest.Setup{
			Space: sp, Trials: 120, Parallel: rapid.IntRange(1, 9).Draw(t, "parallel"), Seed: rapid.Uint64().Draw(t, "seed"),
			Evaluate: suggesttest.Mixed(1, suggesttest.Bowl(sp)),
			Observe: func(r suggest.Request, _ []suggest.Proposal, _ error, so *suggesttest.Result) error {
				p := &s.population
				if len(p.order) != len(p.members) || len(p.members) > p.size {
					t.Fatalf("%d members in order, %d members of %d", len(p.order), len(p.members), p.size)
				}
				for i, k := range p.order {
					if i > 0 && p.members[p.order[i-1]].merit.Compare(p.members[k].merit) > 0 {
						t.Fatalf("rank %d is worse than rank %d", i-1, i)
					}
				}
				for i, m := range p.members {
					if i > 0 && p.members[i-1].slot >= m.slot {
						t.Fatal("slots are not ascending")
					}
					if want := sp.Encode(r.History.Trial(m.trial).Config, nil); !slices.EqualFunc(m.genes, want, func(a, b float64) bool { return a == b || a != a && b != b }) {
						t.Fatalf("slot %d has the genes %v, want %v", m.slot, m.genes, want)
					}
				}
				if len(p.archive) > p.archiveSize() {
					t.Fatalf("%d archived, at most %d are", len(p.archive), p.archiveSize())
				}
				// The best is never lost.
				if curve := so.BestSoFar(); len(curve) > 0 && !math.IsNaN(curve[len(curve)-1]) {
					best = curve[len(curve)-1]
					if got := r.History.Trial(p.members[p.order[0]].trial).Values[0]; got != best {
						t.Fatalf("the best member has %v, the best trial %v", got, best)
					}
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if sp.Len() > 20 && result.Log.Book.Len() < 120 {
			t.Fatalf("%d trials", result.Log.Book.Len())
		}
	})
}

// TestChildrenAreSharedEvenly checks that targets take turns although trials
// end out of order.
func TestChildrenAreSharedEvenly(t *testing.T) {
	sp := suggesttest.Wide(8)
	s := newSuggester(t, 0, setting.Values{"variant": value.String(variantRand), "population": value.Int(10)})
	drive(t, s, suggesttest.Setup{
		Space: sp, Trials: 10 + 200, Parallel: 7, Seed: 1,
		Evaluate: func(n int, c space.Config) suggesttest.Outcome {
			return suggesttest.Outcome{Values: []float64{suggesttest.Bowl(sp)(c)}, Duration: 1 + float64(n*7%5)}
		},
		Observe: func(suggest.Request, []suggest.Proposal, error, *suggesttest.Result) error {
			low, high := math.MaxInt, 0
			for _, m := range s.population.members {
				low, high = min(low, m.load), max(high, m.load)
			}
			if high-low > 1 && len(s.population.members) == 10 {
				t.Errorf("slots have from %d to %d children", low, high)
			}
			return nil
		},
	})
}
