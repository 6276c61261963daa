package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

func open(t *testing.T, name string) problem.Problem {
	t.Helper()
	p, err := problem.NewLibrary("").Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func method(t *testing.T, text string) Method {
	t.Helper()
	m, err := ParseMethod(builtin.Search(), text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// timeless compares traces without their seconds.
var timeless = cmp.Options{cmpopts.IgnoreFields(Trace{}, "Seconds", "Decisions"), cmpopts.EquateNaNs()}

func TestOne(t *testing.T) {
	for _, task := range []string{"bbob/f8/d5/i1", "conditional/jenatton", "constrained/gardner", "crash/bbob/f8/d5/i1", "zdt/1"} {
		for _, parallel := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d at once", task, parallel), func(t *testing.T) {
				j := Job{Method: method(t, "random"), Problem: open(t, task), Seed: 3, Budget: 30, Parallel: parallel}
				got, err := One(context.Background(), j)
				if err != nil {
					t.Fatal(err)
				}
				if got.Peer != "afina-random" || got.Task != task || got.Seed != 3 || got.Budget != 30 || got.Version == "" {
					t.Errorf("the head is %+v", got)
				}
				if len(got.Incumbent) != 30 || len(got.Seconds) != 30 {
					t.Fatalf("%d incumbents and %d times of 30 trials", len(got.Incumbent), len(got.Seconds))
				}
				// Without noise what looks better is better.
				for i := 1; i < len(got.Incumbent); i++ {
					if got.Incumbent[i] > got.Incumbent[i-1] {
						t.Errorf("incumbent %d is worse than the one before: %v", i, got.Incumbent)
					}
				}
				if last, sc := got.Incumbent[29], j.Problem.Scale(); !(last >= sc.Best) {
					t.Errorf("the last incumbent is %v, the best possible %v", last, sc.Best)
				}
				again, err := One(context.Background(), j)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(got, again, timeless); d != "" {
					t.Errorf("another time:\n%s", d)
				}
			})
		}
	}
}

// A run ends where the space has no more.
func TestExhausted(t *testing.T) {
	p := open(t, "bbob-mixint/f1/d5/i1")
	m := Method{Label: "one", Method: suggest.Method{Name: "one", Version: "1",
		New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return onlyOne{}, nil }}}
	got, err := One(context.Background(), Job{Method: m, Problem: p, Budget: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Incumbent) != 1 {
		t.Errorf("%d trials of a method that has one", len(got.Incumbent))
	}
}

type onlyOne struct{}

func (onlyOne) Suggest(_ context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	if r.History.Len() > 0 {
		return nil, suggest.ErrExhausted
	}
	return []suggest.Proposal{{Config: r.History.Space.Random(r.Rand(0))}}, nil
}

func TestAll(t *testing.T) {
	var jobs []Job
	for seed := range uint64(6) {
		jobs = append(jobs, Job{Method: method(t, "qmc"), Problem: open(t, "bbob/f1/d5/i1"), Seed: seed, Budget: 10})
	}
	var one, many []Trace
	for workers, to := range map[int]*[]Trace{1: &one, 4: &many} {
		if err := All(context.Background(), jobs, One, workers, func(t Trace) error { *to = append(*to, t); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(one) != len(jobs) {
		t.Fatalf("%d traces of %d jobs", len(one), len(jobs))
	}
	if d := cmp.Diff(one, many, timeless); d != "" {
		t.Errorf("with more workers:\n%s", d)
	}
}

func TestAllStops(t *testing.T) {
	jobs := make([]Job, 50)
	for i := range jobs {
		jobs[i] = Job{Method: method(t, "random"), Problem: open(t, "bbob/f1/d5/i1"), Seed: uint64(i), Budget: 5}
	}
	full := errors.New("full")
	if err := All(context.Background(), jobs, One, 3, func(Trace) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	broken := Method{Label: "broken", Method: suggest.Method{New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) {
		return nil, errors.New("cannot")
	}}}
	jobs[7].Method = broken
	n := 0
	err := All(context.Background(), jobs, One, 3, func(Trace) error { n++; return nil })
	if err == nil || !strings.Contains(err.Error(), "run broken on bbob/f1/d5/i1 with seed 7: cannot") || n != 7 {
		t.Errorf("after %d traces: %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := All(ctx, jobs[:5], One, 2, func(Trace) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTraceJSON(t *testing.T) {
	in := Trace{Peer: "a", Version: "1", Task: "x", Seed: 7, Budget: 3, Incumbent: Numbers{math.NaN(), 0.5, -1e-9}, Seconds: Numbers{0.1}}
	var b bytes.Buffer
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	want := `{"peer":"a","version":"1","task":"x","seed":7,"budget":3,"incumbent_true_value":[null,0.5,-1e-09],"suggest_seconds":[0.1]}` + "\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("written:\n%s", d)
	}
	got, err := Read(strings.NewReader("\n" + b.String() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Trace{in}, got, cmpopts.EquateNaNs()); d != "" {
		t.Errorf("read:\n%s", d)
	}
	for text, want := range map[string]string{
		"{":                                 "line 1",
		b.String() + `{"peer":"a"}`:         "line 2 is no trace",
		`{"peer":"a","task":"x","seed":-1}`: "line 1",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// FuzzRead: no text makes the reader panic, and what it takes is written and
// read the same.
func FuzzRead(f *testing.F) {
	f.Add(`{"peer":"a","version":"1","task":"x","seed":7,"budget":3,"incumbent_true_value":[null,0.5],"suggest_seconds":[0.1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		ts, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		for _, x := range ts {
			if err := Write(&b, x); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(ts, again, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func TestParseMethod(t *testing.T) {
	table := suggest.Table{{Name: "m", Version: "1", Settings: []setting.Setting{
		{Name: "n", Kind: setting.Int, Min: 1, Max: 9}, {Name: "kind", Kind: setting.String}, {Name: "on", Kind: setting.Bool},
	}}}
	m, err := ParseMethod(table, "m:n=3,kind=full rank,on=true")
	if err != nil {
		t.Fatal(err)
	}
	on, _ := m.Settings["on"].AsBool()
	if kind, _ := m.Settings["kind"].AsString(); m.Label != "afina-m:n=3,kind=full rank,on=true" || m.Settings["n"].AsFloat() != 3 || kind != "full rank" || !on {
		t.Errorf("%+v", m)
	}
	for text, want := range map[string]string{
		"x": "no search algorithm", "m:n": "KEY=VALUE", "m:n=30": "outside", "m:z=1": "no setting", "m:n=many": "not a number",
	} {
		if _, err := ParseMethod(table, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", text, err, want)
		}
	}
}
