package portfolio

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// ended is a trial of an arm; "" for one that no arm has made.
func ended(arm string, t study.Trial) study.Trial {
	t.Origin = &study.Origin{Method: "auto", Version: "1"}
	if arm != "" {
		t.Origin.Note = with("arm", []byte(`"`+arm+`"`), `{"by":"x"}`)
	}
	return t
}

func complete(arm string, x float64) study.Trial {
	return ended(arm, study.Trial{State: study.Complete, Values: []float64{x}})
}

func line1() *space.Space {
	return suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
}

// put adds trials that have ended to b.
func put(b *study.Book, ts ...study.Trial) {
	for _, t := range ts {
		t.Number, t.Config = b.Len(), b.Space.Decode(make([]float64, b.Space.Len()))
		b.Put(&t)
	}
}

var ab = []arm{{name: "a"}, {name: "b"}}

// Expected numbers are worked out by hand: 0.9 is forgotten a trial, and a
// factor is e to twice the distance of (sum + 3 mean)/(weight + 3) from the
// mean of both arms.
func TestCredit(t *testing.T) {
	plain := suggesttest.Loss()
	gain := []study.Objective{{Metric: "gain", Goal: study.Maximize}}
	failed := func(class study.Class) study.Trial {
		return ended("b", study.Trial{State: study.Failed, Failure: &study.Failure{Class: class}})
	}
	// b always beats what was before it, a falls back.
	leads := []study.Trial{complete("a", 2), complete("b", 1)}
	for _, x := range []float64{0.5, 0.4, 0.3, 0.2, 0.1} {
		leads = append(leads, complete("b", x))
	}
	leads = append(leads, complete("a", 3), complete("a", 4), complete("a", 5))
	for _, c := range []struct {
		name        string
		objectives  []study.Objective
		trials      []study.Trial
		sum, weight []float64
		idle        int
		factors     []float64
	}{
		{"nothing", plain, nil, []float64{0, 0}, []float64{0, 0}, 0, []float64{1, 1}},
		{"an arm without trials", plain, []study.Trial{complete("a", 5), complete("a", 4)},
			[]float64{1, 0}, []float64{1.9, 0}, 0, []float64{1, 1}},
		// Shares that are beaten: none, 1/1, 1/2, 0/3.
		{"shares squared", plain, []study.Trial{complete("a", 5), complete("b", 3), complete("a", 4), complete("b", 6)},
			[]float64{0.25, 0.9}, []float64{1.9, 1.9}, 2, []float64{0.8757688775902636, 1.1418537762515226}},
		{"maximized", gain, []study.Trial{complete("a", -5), complete("b", -3), complete("a", -4), complete("b", -6)},
			[]float64{0.25, 0.9}, []float64{1.9, 1.9}, 2, []float64{0.8757688775902636, 1.1418537762515226}},
		{"equal ones count half and improve nothing", plain, []study.Trial{complete("a", 1), complete("a", 1), complete("b", 1)},
			[]float64{0.25, 0.25}, []float64{1.9, 1}, 2, []float64{0.968828335095559, 1.0395553809752742}},
		{"trials of nobody are what others are measured by", plain, []study.Trial{complete("a", 5), complete("", 4), complete("b", 3)},
			[]float64{0, 1}, []float64{1, 1}, 0, []float64{0.7788007830714049, 1.2840254166877414}},
		{"trials of unknown methods, too", plain, []study.Trial{complete("a", 5), complete("z", 4), complete("b", 3)},
			[]float64{0, 1}, []float64{1, 1}, 0, []float64{0.7788007830714049, 1.2840254166877414}},
		{"a crash is worth nothing", plain, []study.Trial{complete("a", 5), failed(study.ClassExit), complete("b", 4)},
			[]float64{0, 1}, []float64{1, 1.9}, 0, []float64{0.8416308400672835, 1.151132169797992}},
		{"neither is what is pruned", plain, []study.Trial{complete("a", 5), ended("b", study.Trial{State: study.Pruned, Values: []float64{1}}), complete("b", 4)},
			[]float64{0, 1}, []float64{1, 1.9}, 0, []float64{0.8416308400672835, 1.151132169797992}},
		{"nor what violates an outcome", plain, []study.Trial{complete("a", 5), ended("b", study.Trial{State: study.Complete, Values: []float64{1}, Violations: []float64{0.1}}), complete("b", 4)},
			[]float64{0, 1}, []float64{1, 1.9}, 0, []float64{0.8416308400672835, 1.151132169797992}},
		{"nor what is not a number", plain, []study.Trial{complete("a", 5), complete("b", math.NaN()), complete("b", 4)},
			[]float64{0, 1}, []float64{1, 1.9}, 0, []float64{0.8416308400672835, 1.151132169797992}},
		{"nor what is infinite, however good", plain, []study.Trial{complete("a", 5), complete("b", math.Inf(-1)), complete("b", 4)},
			[]float64{0, 1}, []float64{1, 1.9}, 0, []float64{0.8416308400672835, 1.151132169797992}},
		{"the machine's failures and what was cancelled count for nothing", plain,
			[]study.Trial{complete("a", 5), failed(study.ClassLost), complete("", 4), ended("b", study.Trial{State: study.Cancelled}), complete("b", 3)},
			[]float64{0, 1}, []float64{1, 1}, 0, []float64{0.7788007830714049, 1.2840254166877414}},
		{"one leads", plain, leads,
			[]float64{0, 4.68559}, []float64{3.439, 4.68559}, 3, []float64{0.5400807103244013, 1.6755082535377641}},
		{"several objectives have no order", []study.Objective{plain[0], gain[0]},
			[]study.Trial{ended("a", study.Trial{State: study.Complete, Values: []float64{1, 2}}), ended("b", study.Trial{State: study.Complete, Values: []float64{0, 3}})},
			[]float64{0, 0}, []float64{0, 0}, 0, []float64{1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := study.NewBook(line1(), c.objectives, nil)
			put(b, c.trials...)
			var got credit
			got.follow(b.History(), ab)
			near := cmpopts.EquateApprox(1e-12, 0)
			if diff := cmp.Diff(c.sum, got.sum, near); diff != "" {
				t.Errorf("sums (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.weight, got.weight, near); diff != "" {
				t.Errorf("weights (-want +got):\n%s", diff)
			}
			if got.idle != c.idle {
				t.Errorf("%d trials without improvement, want %d", got.idle, c.idle)
			}
			if diff := cmp.Diff(c.factors, []float64{got.factor(0), got.factor(1)}, near); diff != "" {
				t.Errorf("factors (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever happens, a factor at most doubles or halves a share, and an instance
// that has seen a study grow believes what a fresh one does.
func TestCreditIsAFunctionOfTheHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := study.NewBook(line1(), suggesttest.Loss(), nil)
		var grown credit
		for range rapid.IntRange(1, 60).Draw(t, "trials") {
			one := complete(rapid.SampledFrom([]string{"", "a", "b", "z"}).Draw(t, "arm"), float64(rapid.IntRange(0, 9).Draw(t, "loss")))
			if rapid.Bool().Draw(t, "foreseen") {
				one = foreseen(float64(rapid.IntRange(0, 9).Draw(t, "predicted")), one.Values[0])
			}
			one.State = rapid.SampledFrom([]study.State{study.Complete, study.Complete, study.Failed, study.Pruned, study.Cancelled}).Draw(t, "state")
			put(b, one)
			if rapid.Bool().Draw(t, "asked") {
				grown.follow(b.History(), ab)
			}
		}
		grown.follow(b.History(), ab)
		var fresh credit
		fresh.follow(b.History(), ab)
		for k := range ab {
			f := grown.factor(k)
			if !(f >= 1/bound && f <= bound) {
				t.Fatalf("factor %v", f)
			}
			if g := fresh.factor(k); g != f {
				t.Fatalf("factor %v, of a fresh instance %v", f, g)
			}
		}
		if d := grown.doubt(); d != fresh.doubt() {
			t.Fatalf("doubt %v, of a fresh instance %v", d, fresh.doubt())
		}
		other := study.NewBook(line1(), suggesttest.Loss(), nil)
		if grown.follow(other.History(), ab); grown.factor(0) != 1 || grown.idle != 0 || grown.doubt() != 0 {
			t.Fatal("another study begins with the credit of the last")
		}
	})
}

func TestRankingCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r ranking
		var all []float64
		for _, n := range rapid.SliceOfN(rapid.IntRange(-700, 700), 0, 3*most).Draw(t, "numbers") {
			x := float64(n) / 8
			below, equal := 0, 0
			for _, y := range all {
				if y < x {
					below++
				} else if y == x {
					equal++
				}
			}
			all = append(all, x)
			if b, e := r.add(x); b != below || e != equal {
				t.Fatalf("%d below and %d equal to %v, want %d and %d", b, e, x, below, equal)
			}
		}
		got := slices.Concat(r.blocks...)
		slices.Sort(all)
		if !slices.Equal(got, all) || r.n != len(all) {
			t.Fatal("the ranking does not hold what was added, in order")
		}
	})
}
