package warm_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/warm"
)

// trained is a study with a number, a choice of texts that look like numbers,
// and a truth value.
func trained() *study.Definition {
	return &study.Definition{
		Name:  "new",
		Space: suggesttest.Space(float("lr", 0, 1), choice("size", "8", "16"), space.Param{Name: "amp", Kind: space.Bool}),
		Objectives: []study.Objective{
			minimize("loss"), minimize("time"),
		},
	}
}

func TestReadList(t *testing.T) {
	f, s := value.Float, value.String
	trial := func(n int, pruned bool, loss, lr float64, size string, amp bool) study.EarlierTrial {
		return study.EarlierTrial{Number: n, Pruned: pruned, Values: []float64{loss}, Params: map[string]space.Value{"lr": f(lr), "size": s(size), "amp": value.Bool(amp)}}
	}
	want := []study.EarlierTrial{trial(0, false, 0.5, 0.25, "16", true), trial(2, true, 0.75, 0.5, "8", false)}
	for _, test := range []struct{ name, text string }{
		{"lines of afina export", `{"number":0,"state":"complete","params":{"lr":0.25,"size":"16","amp":true,"gone":3},"values":{"loss":0.5},"feasible":true,"seed":7}

{"number":1,"state":"failed","params":{"lr":0.3,"size":"16","amp":true},"values":{}}
{"number":2,"state":"pruned","params":{"lr":0.5,"size":"8","amp":false},"values":{"loss":0.75}}
{"number":3,"state":"complete","params":{"lr":0.5,"size":"8","amp":false},"values":{"loss":0.1},"feasible":false}
{"number":4,"state":"complete","params":{"lr":0.5,"size":"8","amp":false},"values":{"loss":"NaN"}}
`},
		{"CSV of afina export", `number,state,class,method,attempts,started,seconds,loss,param:lr,param:size,param:amp,param:gone
0,complete,,auto,1,2026-01-01T00:00:00Z,1.5,0.5,0.25,16,true,3
1,failed,exit,auto,1,2026-01-01T00:00:00Z,1.5,,0.3,16,true,3
2,pruned,,auto,1,2026-01-01T00:00:00Z,1.5,0.75,0.5,8,false,3
4,complete,,auto,1,2026-01-01T00:00:00Z,1.5,NaN,0.5,8,false,3
`},
		{"a table", "\uFEFFlr,size,amp,loss,number,note,state\r\n0.25,16,true,0.5,0,\"a, b\",\r\n0.5, 8 ,false,0.75,2,,pruned\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := warm.ReadList("old.csv", []byte(test.text), trained())
			if err != nil {
				t.Fatal(err)
			}
			same := cmp.Comparer(func(a, b space.Value) bool { return a == b })
			if d := cmp.Diff(want, e.Trials, same); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if d := cmp.Diff([]string{"loss"}, e.Metrics); d != "" || len(e.Params) != 3 {
				t.Errorf("metrics %v, parameters %v", e.Metrics, e.Params)
			}
		})
	}
}

func TestReadListMistakes(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "it is empty"},
		{"broken line", "{\"number\":0,\"params\":{},\"values\":{\"loss\":1}}\n{\"number\":\n", "line 2: unexpected end"},
		{"short row", "lr,loss\n1\n", "line 2: wrong number of fields"},
		{"no metric", "lr,acc\n1,2\n", "it has no value of loss, time"},
		{"no parameter", "rate,loss\n1,2\n", "it has no parameter in common"},
		{"out of range", "lr,loss\n3,2\n", "none of them lies within the ranges"},
		{"nothing complete", "lr,loss,state\n0.5,2,failed\n", "none of them has a value"},
		{"too large", strings.Repeat(" ", warm.MaxList+1), "it is larger than 64 MiB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := warm.ReadList("old.csv", []byte(test.text), trained())
			if err == nil || !strings.Contains(err.Error(), test.want) || study.CodeOf(err) != study.Invalid {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}

func TestIsList(t *testing.T) {
	for path, want := range map[string]bool{"a.csv": true, "b/a.JSONL": true, "x.ndjson": true, "study.yaml": false, "study.db": false, "csv": false} {
		if got := warm.IsList(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// Whatever a list holds, reading it ends, and what is taken from it is finite
// and lies in the space.
func FuzzReadList(f *testing.F) {
	for _, text := range []string{
		"lr,size,loss\n0.5,8,1\n",
		"number,state,loss,param:lr\n-1,complete,1e400,0.5\n",
		`{"number":0,"state":"complete","params":{"lr":0.25},"values":{"loss":0.5}}`,
		`{"params":{"lr":null,"size":"16"},"values":{"loss":null,"time":1}}`,
		"{}", "\"", "a\n\"b", "\xff,lr\n\x00,1",
	} {
		f.Add([]byte(text))
	}
	def := trained()
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := warm.ReadList("list", text, def)
		if err != nil {
			return
		}
		points, _ := warm.Points(&e, def.Space)
		if len(points) != len(e.Trials) || len(points) == 0 {
			t.Fatalf("%d points of %d trials", len(points), len(e.Trials))
		}
		for _, p := range points {
			if len(p.Values) != len(e.Metrics) {
				t.Fatalf("%d values of %d metrics", len(p.Values), len(e.Metrics))
			}
			for _, v := range p.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("value %v", v)
				}
			}
		}
	})
}
