package space_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

func TestSpaceJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		text, err := s.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := space.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, err := back.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != string(again) {
			t.Fatalf("%s became %s", text, again)
		}
		u := spacetest.Points(s).Draw(t, "u")
		a, b := s.Decode(u), back.Decode(u)
		if !a.Equal(b) || a.Key() != b.Key() || s.Feasible(a) != back.Feasible(b) || s.Open() != back.Open() {
			t.Fatalf("%s behaves differently at %v: %s and %s", text, u, a.AppendJSON(nil), b.AppendJSON(nil))
		}
		d, ok := s.Default()
		e, ok2 := back.Default()
		if ok != ok2 || !d.Equal(e) {
			t.Fatalf("%s: the defaults differ", text)
		}
	})
}

func TestSpaceJSONGolden(t *testing.T) {
	s := spacetest.Must(space.Spec{
		Params: []space.Param{
			{Name: "lr", Kind: space.Float, Low: 1e-5, High: 0.1, Scale: space.Log, Default: value.Float(0.001)},
			{Name: "g", Kind: space.Float, Low: 0, High: 0.99, Scale: space.ReverseLog},
			{Name: "w", Kind: space.Float, High: posInf, Prior: space.LogNormal, Mean: -1, SD: 2},
			{Name: "n", Kind: space.Int, Low: 2, High: 9, Step: 2},
			{Name: "c", Kind: space.Choice, Choices: []space.Value{value.Null, value.Float(1), value.String("é<")}, Default: value.Null, Ordered: true, Weights: []float64{1, 2, 3}},
			{Name: "f", Kind: space.Bool, Branches: []space.Branch{{Parent: "c", Values: []space.Value{value.Null}}}, If: spacetest.Program("n > 2")},
		},
		Constraints: nil,
		Derived:     []space.Derived{{Name: "d", Expr: spacetest.Program("n * 2")}},
		Open:        true,
	})
	const want = `{"parameters":[` +
		`{"name":"lr","type":"float","low":1e-5,"high":0.1,"scale":"log","default":0.001},` +
		`{"name":"g","type":"float","high":0.99,"scale":"reverse-log"},` +
		`{"name":"w","type":"float","high":"Infinity","prior":"log-normal","mean":-1,"sd":2},` +
		`{"name":"n","type":"int","low":2,"high":9,"step":2},` +
		`{"name":"c","type":"choice","choices":[null,1.0,"é\u003c"],"ordered":true,"weights":[1,2,3],"default":null},` +
		`{"name":"f","type":"bool","when":[{"parameter":"c","is":[null]}],"if":"n \u003e 2"}],` +
		`"derived":[{"name":"d","value":"n * 2"}],"open":true}`
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(text)); d != "" {
		t.Error(d)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{``, "read space: EOF"},
		{`{"parameters":[]} x`, "read space: there is something behind the space"},
		{`{"parameters":[{"name":"x","type":"float","hihg":1}]}`, `read space: json: unknown field "hihg"`},
		{`{"parameters":[{"name":"x","type":"flaot"}]}`, `read space: parameter "x" has the unknown type "flaot"`},
		{`{"parameters":[{"name":"x"}]}`, `read space: parameter "x" has the unknown type ""`},
		{`{"parameters":[{"name":"x","type":"float","scale":"lin"}]}`, `read space: parameter "x" has the unknown scale "lin"`},
		{`{"parameters":[{"name":"x","type":"float","prior":"beta"}]}`, `read space: parameter "x" has the unknown prior "beta"`},
		{`{"parameters":[{"name":"x","type":"float","low":"NaN"}]}`, `read space: parameter "x" has a bound that is not a number`},
		{`{"parameters":[{"name":"x","type":"float","low":2,"high":1}]}`, `read space: parameter x: low 2 is above high 1 (write [1, 2])`},
		{`{"parameters":[],"constraints":[null]}`, `read space: constraint 1 is null`},
		{`{"parameters":[],"derived":[{"name":"d"}]}`, `read space: derived value "d" has no expression`},
		{`{"parameters":[],"constraints":["1 +"]}`, `read space: expression, byte 3: `},
	} {
		_, err := space.Parse([]byte(c.in))
		if !strings.HasPrefix(errText(err), c.want) || c.want == "" {
			t.Errorf("%s: got %v, want %s", c.in, err, c.want)
		}
	}
}

// FuzzParse reads any text as a space, and any configuration in it: nothing
// may panic, and what is accepted must survive being written again.
func FuzzParse(f *testing.F) {
	for _, s := range spacetest.Fixed() {
		text, err := s.Space.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), `{"lr":0.01,"x":null}`)
	}
	f.Fuzz(func(t *testing.T, spec, config string) {
		s, err := space.Parse([]byte(spec))
		if err != nil {
			return
		}
		text, err := s.MarshalJSON()
		if err != nil {
			t.Fatalf("%s: %v", spec, err)
		}
		if _, err := space.Parse(text); err != nil {
			t.Fatalf("%s became %s: %v", spec, text, err)
		}
		for _, u := range []float64{0, 0.5, 1} {
			c := s.Decode(slicesOf(u, s.Len()))
			for i := range s.Params() {
				if v := c.At(i); !v.IsAbsent() {
					if w, err := s.Param(i).Coerce(v); err != nil || w != v {
						t.Fatalf("%s: %s = %v at %v: %v, %v", text, s.Param(i).Name, v, u, w, err)
					}
				}
			}
		}
		if c, err := s.ParseConfig([]byte(config)); err == nil {
			if back, err := s.ParseConfig(c.AppendJSON(nil)); err != nil || !back.Equal(c) {
				t.Fatalf("%s became %s: %v", config, c.AppendJSON(nil), err)
			}
		}
	})
}
