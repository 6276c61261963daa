package study_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

func sampled(random bool, names ...string) *study.Definition {
	return &study.Definition{Seed: 7, Fidelity: &study.Fidelity{Step: "fold", Min: 1, Max: float64(len(names)), Samples: &study.Samples{Names: names, Random: random}}}
}

func TestSampleOrder(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	given, random := study.OrderOf(sampled(false, names...)), study.OrderOf(sampled(true, names...))
	var shuffled []string
	for k := range names {
		step := float64(k + 1)
		if given.Name(step) != names[k] {
			t.Errorf("step %v is %q, want %q", step, given.Name(step), names[k])
		}
		name := random.Name(step)
		shuffled = append(shuffled, name)
		if got, ok := random.Step(name); !ok || got != step {
			t.Errorf("%q is step %v, want %v", name, got, step)
		}
	}
	// The order belongs to the seed: a study must go on with it for ever.
	if d := cmp.Diff([]string{"b", "e", "f", "h", "g", "a", "c", "d"}, shuffled); d != "" {
		t.Errorf("the order of seed 7 (-want +got):\n%s", d)
	}
	if slices.Sort(shuffled); !slices.Equal(shuffled, names) {
		t.Errorf("the order lacks samples: %v", shuffled)
	}
	for _, step := range []float64{0, 1.5, 9, -1, math.NaN(), math.Inf(1)} {
		if name := random.Name(step); name != "" {
			t.Errorf("step %v is %q", step, name)
		}
	}
	none := study.OrderOf(&study.Definition{Fidelity: &study.Fidelity{Min: 1, Max: 3}})
	if _, ok := none.Step("a"); ok || none.Len() != 0 || none.Name(1) != "" || none.Left(&study.Trial{}, nil) != nil {
		t.Error("a study without samples has an order")
	}
}

func ranOn(values map[float64]float64) []study.Report {
	var out []study.Report
	for step := 1.0; step <= 20; step++ {
		if x, ok := values[step]; ok {
			out = append(out, study.Report{Step: step, Values: study.MakeMetrics(map[string]float64{"y": x})})
		}
	}
	return out
}

func TestSamplesLeft(t *testing.T) {
	o := study.OrderOf(sampled(false, "a", "b", "c", "d"))
	objectives := []study.Objective{{Metric: "y"}}
	for _, c := range []struct {
		has   map[float64]float64
		until float64
		want  []string
	}{
		{nil, 0, []string{"a", "b", "c", "d"}},
		{nil, 2, []string{"a", "b"}},
		{map[float64]float64{1: 5}, 0, []string{"b", "c", "d"}},
		{map[float64]float64{1: 5, 3: 5}, 3, []string{"b"}},
		{map[float64]float64{1: 5, 2: 5}, 2, []string{"b"}}, // to be judged again
		{map[float64]float64{1: 5, 2: 5, 3: 5, 4: 5}, 0, []string{"d"}},
	} {
		got := o.Left(&study.Trial{Reports: ranOn(c.has), Until: c.until}, objectives)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%v until %v (-want +got):\n%s", c.has, c.until, d)
		}
	}
	lost := &study.Trial{Reports: ranOn(map[float64]float64{1: 5, 2: 5}), Attempts: []study.Attempt{{Number: 1, Outcome: study.Requeued}, {Number: 2}}}
	if got := o.Left(lost, objectives); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("after a lost attempt: %v", got)
	}
	other := study.Report{Step: 1, Values: study.MakeMetrics(map[string]float64{"memory": 3})}
	if got := o.Left(&study.Trial{Reports: []study.Report{other}}, objectives); len(got) != 4 {
		t.Errorf("a sample without the objective counts as run: %v", got)
	}
}

func TestSamplesCheck(t *testing.T) {
	many := make([]string, study.MaxSamples+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, names := range [][]string{nil, {"a"}, {"a", "a"}, {"a", ""}, {"a", "b,c"}, {"a", "b\n"}, many} {
		if message, _ := (&study.Samples{Names: names}).Check(); message == "" {
			t.Errorf("%.3v is taken", names)
		}
	}
	if message, _ := (&study.Samples{Names: many[:study.MaxSamples]}).Check(); message != "" {
		t.Error(message)
	}
}

// TestPaired: by hand. Two complete trials have (1, 5, 9) and (3, 8, 13), so the
// samples' means are 2, 6.5, 11 and that of all is 6.5. A trial with 2.5 on the
// first and 6.5 on the second is 0.5 and 0 behind: 6.75, though its plain mean is
// 4.5. With only the second, at 4, it is 2.5 ahead: 4.
func TestPaired(t *testing.T) {
	def := sampled(false, "a", "b", "c")
	def.Objectives = []study.Objective{{Metric: "y", Goal: study.Minimize, Reduce: study.Reduction{Kind: "mean"}}}
	book := study.NewBook(nil, def.Objectives, def.Fidelity)
	put := func(state study.State, values map[float64]float64) *study.Trial {
		tr := &study.Trial{Number: book.Len(), State: state, Reports: ranOn(values)}
		book.Put(tr)
		return tr
	}
	var following study.Paired
	check := func(tr *study.Trial, want float64, ok bool) {
		t.Helper()
		h := book.History()
		for _, p := range []*study.Paired{&following, {}} {
			got, has := p.Estimate(h, tr)
			if has != ok || ok && math.Abs(got[0]-want) > 1e-12 {
				t.Errorf("estimate %v, %v; want %v, %v", got, has, want, ok)
			}
		}
	}
	early := put(study.Running, map[float64]float64{1: 2.5, 2: 6.5})
	check(early, 4.5, true) // nothing to compare with: the plain mean
	put(study.Complete, map[float64]float64{1: 1, 2: 5, 3: 9})
	check(early, 6.5, true) // 1.5 behind the one trial, whose mean is 5
	put(study.Pruned, map[float64]float64{1: 100})
	put(study.Complete, map[float64]float64{1: 77}) // told its mean
	put(study.Complete, map[float64]float64{1: 3, 2: 8, 3: 13})
	check(early, 6.75, true)
	check(&study.Trial{Reports: ranOn(map[float64]float64{2: 4})}, 4, true)
	check(&study.Trial{}, 0, false)
	check(&study.Trial{Reports: ranOn(map[float64]float64{1: math.NaN()})}, 0, false)
}

func TestLevel(t *testing.T) {
	size := &study.Fidelity{Min: 64, Max: 224, Levels: &study.Levels{Values: []value.Value{value.Int(64), value.Int(128), value.Int(224)}, Steps: []float64{64, 128, 224}}}
	coarse := &study.Fidelity{Min: 1, Max: 3, Levels: &study.Levels{Values: []value.Value{value.Int(8), value.Int(4), value.String("whole")}, Steps: []float64{1, 2, 3}}}
	part := &study.Fidelity{Min: 0.1, Max: 1, Levels: &study.Levels{}}
	trees := &study.Fidelity{Min: 1, Max: 100, Levels: &study.Levels{Whole: true}}
	for _, c := range []struct {
		f     *study.Fidelity
		until float64
		want  value.Value
		step  float64
	}{
		{size, 64, value.Int(64), 64}, {size, 65, value.Int(128), 128}, {size, 0, value.Int(224), 224}, {size, 500, value.Int(224), 224},
		{coarse, 1, value.Int(8), 1}, {coarse, 2, value.Int(4), 2}, {coarse, 0, value.String("whole"), 3},
		{part, 0.3, value.Float(0.3), 0.3}, {part, 0, value.Float(1), 1},
		{trees, 7.5, value.Int(8), 8}, {trees, 0, value.Int(100), 100},
	} {
		if v, step := c.f.Level(c.until); v != c.want || step != c.step {
			t.Errorf("until %v: got %v at step %v, want %v at %v", c.until, v, step, c.want, c.step)
		}
	}
}

func TestFidelityInJSON(t *testing.T) {
	for _, f := range []study.Fidelity{
		{Step: "fold", Min: 1, Max: 2, Samples: &study.Samples{Names: []string{"0", "1"}, Random: true, Each: true}},
		{Step: "size", Min: 1, Max: 2, Levels: &study.Levels{Parameter: "size", Values: []value.Value{value.Int(64), value.String("x")}, Steps: []float64{1, 2}}},
		{Min: 1, Max: 3},
	} {
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var got study.Fidelity
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(got); err != nil || string(again) != string(b) {
			t.Errorf("%s becomes %s, %v", b, again, err)
		}
	}
}
