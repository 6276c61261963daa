package study_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

func TestObjectiveValue(t *testing.T) {
	const missing = -77 // a report without the metric
	best, last := study.Reduction{Kind: "best"}, study.Reduction{Kind: "last"}
	mean := func(n int) study.Reduction { return study.Reduction{Kind: "mean", Window: n} }
	for _, c := range []struct {
		name    string
		reduce  study.Reduction
		reports []float64
		min     float64
		max     float64
		ok      bool
	}{
		{"none", best, nil, 0, 0, false},
		{"never reported", best, []float64{missing, missing}, 0, 0, false},
		{"best", best, []float64{3, 1, 2}, 1, 3, true},
		{"best after NaN", best, []float64{nan, 3, nan, 1, nan}, 1, 3, true},
		{"best of NaN", best, []float64{nan, nan}, nan, nan, true},
		{"best with infinities", best, []float64{inf, 1, -inf}, -inf, inf, true},
		{"last", last, []float64{3, 1, 2}, 2, 2, true},
		{"last there is", last, []float64{3, 1, missing}, 1, 1, true},
		{"last is NaN", last, []float64{3, nan}, nan, nan, true},
		{"the zero reduction is the last", study.Reduction{}, []float64{3, 1, 2}, 2, 2, true},
		{"mean of three", mean(3), []float64{100, 3, 1, 2}, 2, 2, true},
		{"mean of fewer", mean(9), []float64{3, 1}, 2, 2, true},
		{"mean skips what is missing", mean(2), []float64{100, 4, missing, 2, missing}, 3, 3, true},
		{"mean counts NaN but leaves it out", mean(3), []float64{100, 4, nan, 2}, 3, 3, true},
		{"mean of all", mean(0), []float64{4, 1, nan, 1}, 2, 2, true},
		{"mean of NaN", mean(2), []float64{1, nan, nan}, nan, nan, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var reports []study.Report
			for i, x := range c.reports {
				r := study.Report{Step: float64(i), Values: study.Metrics{{Name: "acc", Value: 0.25}}}
				if x != missing {
					r.Values = r.Values.With(metrics(x))
				}
				reports = append(reports, r)
			}
			for _, g := range []struct {
				goal study.Goal
				want float64
			}{{study.Minimize, c.min}, {study.Maximize, c.max}} {
				o := study.Objective{Metric: "loss", Goal: g.goal, Reduce: c.reduce}
				got, ok := o.Value(reports)
				if ok != c.ok || !(got == g.want || math.IsNaN(got) && math.IsNaN(g.want)) {
					t.Errorf("%s: got %v, %v; want %v, %v", g.goal, got, ok, g.want, c.ok)
				}
			}
		})
	}
}

func TestGoal(t *testing.T) {
	small := study.Objective{Goal: study.Minimize}
	large := study.Objective{Goal: study.Maximize}
	for _, c := range []struct {
		a, b         float64
		small, large bool
	}{
		{1, 2, true, false}, {2, 1, false, true}, {1, 1, false, false},
		{nan, 1, false, false}, {1, nan, true, true}, {nan, nan, false, false},
		{inf, nan, true, true}, {-inf, inf, true, false},
	} {
		if got := small.Better(c.a, c.b); got != c.small {
			t.Errorf("minimize: Better(%v, %v) = %v", c.a, c.b, got)
		}
		if got := large.Better(c.a, c.b); got != c.large {
			t.Errorf("maximize: Better(%v, %v) = %v", c.a, c.b, got)
		}
		if a, b := large.Loss(c.a), large.Loss(c.b); large.Better(c.a, c.b) != small.Better(a, b) {
			t.Errorf("the losses of %v and %v are in another order", c.a, c.b)
		}
	}
	if small.Loss(3) != 3 || large.Loss(3) != -3 {
		t.Error("a loss has the wrong sign")
	}
}

func TestParseReduction(t *testing.T) {
	for in, want := range map[string]study.Reduction{
		"best": {Kind: "best"}, " last ": {Kind: "last"}, "mean": {Kind: "mean"}, "mean(last,5)": {Kind: "mean", Window: 5}, "mean( last , 1 )": {Kind: "mean", Window: 1},
	} {
		got, err := study.ParseReduction(in)
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
		if again, err := study.ParseReduction(got.String()); err != nil || again != got {
			t.Errorf("%q does not survive printing as %q: %v", in, got, err)
		}
	}
	for _, in := range []string{"", "Best", "mean()", "mean(last)", "mean(last,0)", "mean(last,-1)", "mean(last,5", "mean(first,5)", "mean(last,5)x", "mean(last,99999999)", "mean(last,1e3)"} {
		got, err := study.ParseReduction(in)
		if err == nil {
			t.Errorf("%q is read as %v", in, got)
		} else if want := `is no way to reduce a trial's reports; use best, last, mean or mean(last,N)`; err.Error() != jsonText(in)+" "+want {
			t.Errorf("%q: %v", in, err)
		}
	}
	var r study.Reduction
	if err := json.Unmarshal([]byte("5"), &r); err == nil {
		t.Error("a number is a reduction")
	}
}

func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// equalMetrics compares metrics; NaN equals NaN.
func equalMetrics(a, b study.Metrics) bool {
	return cmp.Equal(a, b, cmpopts.EquateNaNs(), cmpopts.EquateEmpty())
}

func someMetrics() *rapid.Generator[map[string]float64] {
	x := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{nan, inf, -inf, 0, 5e-324, 1e15}))
	return rapid.MapOfN(rapid.SampledFrom([]string{"loss", "val/acc", "a b", "ü", "\"", "", "Z"}), x, 0, 5)
}

func TestMetricsWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := someMetrics().Draw(t, "a"), someMetrics().Draw(t, "b")
		ma, mb := study.MakeMetrics(a), study.MakeMetrics(b)
		got := ma.With(mb)
		union := map[string]float64{}
		for k, v := range a {
			union[k] = v
		}
		for k, v := range b {
			union[k] = v
		}
		if !equalMetrics(got, study.MakeMetrics(union)) {
			t.Fatalf("%v with %v is %v", a, b, got)
		}
		if !equalMetrics(ma, study.MakeMetrics(a)) || !equalMetrics(mb, study.MakeMetrics(b)) {
			t.Fatal("With changed its operands")
		}
		for k, v := range union {
			if x, ok := got.Get(k); !ok || !(x == v || x != x && v != v) {
				t.Fatalf("%q is %v, %v; want %v", k, x, ok, v)
			}
		}
		if _, ok := got.Get("nothing"); ok {
			t.Fatal("got a metric that is not there")
		}
	})
}

func TestMetricsJSON(t *testing.T) {
	m := study.MakeMetrics(map[string]float64{"loss": 0.5, "n": 3, "bad": nan, "up": inf, "down": -inf, "tiny": 1e-9, "ü\"": 1})
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"bad":"NaN","down":"-Infinity","loss":0.5,"n":3,"tiny":1e-9,"up":"Infinity","ü\"":1}`
	if d := cmp.Diff(want, string(text)); d != "" {
		t.Error(d)
	}
	for in, want := range map[string]string{
		`[1]`:              "metrics are an object of numbers: json: cannot unmarshal array into Go value of type map[string]json.RawMessage",
		`{"a":"high"}`:     `metric "a": "high" is not a number`,
		`{"a":null}`:       `metric "a": null is not a number`,
		`{"a":{"b":1}}`:    `metric "a": an object is not a parameter value; use a number, a string, true, false or null`,
		`{"a":1,"b":true}`: `metric "b": true is not a number`,
	} {
		var got study.Metrics
		if err := json.Unmarshal([]byte(in), &got); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
}

// FuzzMetricsJSON reads any text as metrics: what is read must be sorted,
// without duplicates, and survive being written again.
func FuzzMetricsJSON(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `{"a":1,"b":"NaN","a":2}`, `{"x":"-inf"}`, `{"\ud800":1,"\ud801":2}`, `{"a":1e999}`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m study.Metrics
		if err := m.UnmarshalJSON(b); err != nil {
			return
		}
		for i := 1; i < len(m); i++ {
			if m[i-1].Name >= m[i].Name {
				t.Fatalf("%q: %q before %q", b, m[i-1].Name, m[i].Name)
			}
		}
		text := m.AppendJSON(nil)
		var again study.Metrics
		if err := json.Unmarshal(text, &again); err != nil || !equalMetrics(m, again) {
			t.Fatalf("%q is written %s, read as %v: %v", b, text, again, err)
		}
	})
}
