package lines

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/study"
)

var two = []study.Objective{{Metric: "loss"}, {Metric: "size"}}

// What clients send for every trial is read the quick way.
func TestQuick(t *testing.T) {
	for _, line := range []string{
		`{"op":"ask"}`,
		`{"op":"ask","n":50,"id":7}` + "\n",
		` { "op" : "tell" , "number" : 12 , "values" : { "size" : 1e3, "loss" : -0.25 } , "ask" : 1 } ` + "\r\n",
		`{"number": 0, "id": "a b", "op": "tell", "attempt": 2, "state": "pruned"}`,
		`{"op":"tell","number":3,"values":{"zeta":1,"loss":2,"alpha":3,"size":-0}}`,
		`{"op":"report","number":3,"step":4.5,"values":{}}`,
		`{"op":"tell","number":3,"values":{"loss":12345678901234567890}}`,
	} {
		got, ok := quick([]byte(line), two)
		if !ok {
			t.Errorf("%s is not read the quick way", line)
			continue
		}
		want, err := parse([]byte(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", line, diff)
		}
	}
}

// What is wrong, or unusual, is left to parse.
func TestNotQuick(t *testing.T) {
	for _, line := range []string{
		``, `{`, `{}`, `[]`, `nonsense`, `{"op":"ask"`, `{"op":"ask"}}`, `{"op":"ask"} x`, `{"op":"ask",}`, `{,"op":"ask"}`, `{"op" "ask"}`, `{"n":1}`,
		`{"op":"best"}`, `{"op":"aks"}`, `{"op":1}`, `{"OP":"ask"}`, `{"op":"ask","op":"ask"}`, `{"op":"\u0061sk"}`, "{\"op\":\"a\x01k\"}", `{"op":"ask"`,
		`{"op":"ask","number":1}`, `{"op":"ask","m":1}`, `{"op":"ask","n":null}`, `{"op":"ask","n":1.0}`, `{"op":"ask","n":1e1}`, `{"op":"ask","n":01}`, `{"op":"ask","n":-}`,
		`{"op":"ask","n":99999999999999999999}`, `{"op":"ask","n":"1"}`, `{"op":"ask","n":1,"n":2}`, `{"op":"ask","id":{"a":1}}`, `{"op":"ask","id":null}`, `{"op":"ask","id":+1}`,
		`{"op":"tell","number":0,"state":"done"}`, `{"op":"tell","number":0,"state":"failed","class":"oom"}`, `{"op":"tell","number":0,"values":[]}`,
		`{"op":"tell","number":0,"values":{"loss":NaN}}`, `{"op":"tell","number":0,"values":{"loss":"NaN"}}`, `{"op":"tell","number":0,"values":{"loss":1e999}}`, `{"op":"tell","number":0,"values":{"loss":1.}}`,
		`{"op":"tell","number":0,"values":{"loss":.5}}`, `{"op":"tell","number":0,"values":{"loss":1e}}`, `{"op":"tell","number":0,"values":{"loss":1,"loss":2}}`, `{"op":"tell","number":0,"values":{"größe":1}}`,
		`{"op":"tell","number":0,"values":{"loss":1`, `{"op":"tell","number":0,"values":{"loss"`, `{"op":"tell","number":0,"values":{"loss":1 "size":2}}`, `{"op":"report","number":0,"step":"1","values":{}}`,
	} {
		if req, ok := quick([]byte(line), two); ok {
			t.Errorf("%s is read as %+v", line, req)
		}
	}
}

// FuzzQuick holds both ways of reading a line to the same result.
func FuzzQuick(f *testing.F) {
	for _, seed := range []string{
		`{"op":"ask","n":2,"id":"x"}`, `{"op":"tell","number":0,"values":{"loss":0.1,"b":-0.0},"ask":1}`, `{"op":"report","number":-1,"attempt":2,"step":1e-3,"values":{"loss":12}}`,
		`{"op":"tell","state":"failed","number":0}`, `{"op":"ask","n":01}`, "{\"op\":\"ask\",\"id\":\"\xff\"}", `{"op":"tell","values":{"b":1,"a":2,"b":3}}`, `{"op":"ask","id":-0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, ok := quick(line, two)
		if !ok {
			return
		}
		want, err := parse(line)
		if err != nil {
			t.Fatalf("%q is read as %+v, and is wrong: %v", line, got, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q\n%s", line, diff)
		}
	})
}
