package record

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
)

// TestObject compares the scanner with encoding/json on random documents: it
// must find the same members, and refuse nothing that is JSON.
func TestObject(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		list := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(),
			rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.SampledFrom([]string{`"`, `\`, `{"}`, "[", ",", ":", " "}).AsAny(),
		}
		if depth > 0 {
			list = append(list, rapid.SliceOfN(value(depth-1), 0, 3).AsAny(), rapid.MapOfN(rapid.String(), value(depth-1), 0, 3).AsAny())
		}
		return rapid.OneOf(list...)
	}
	rapid.Check(t, func(t *rapid.T) {
		doc := rapid.MapOfN(rapid.String(), value(2), 0, 5).Draw(t, "doc")
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "indent") {
			if b, err = json.MarshalIndent(doc, " ", "\t"); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]json.RawMessage{}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		got := map[string]json.RawMessage{}
		if err := object(string(b), func(key, raw string) error { got[key] = json.RawMessage(raw); return nil }); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("members of %s (-want +got):\n%s", b, d)
		}
	})
}

func TestRefused(t *testing.T) {
	nothing := func(string) error { return nil }
	for _, s := range []string{"", " ", "{", "}", "{}}", "{} x", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":"b}`, `{"a\":1}`, `{1:2}`, "[]", `{"a":[1}`, "{,}", "\x00{}"} {
		if err := object(s, func(_, raw string) error { return array(raw, nothing) }); err == nil {
			t.Errorf("%q is taken for an object of arrays", s)
		}
	}
	for _, s := range []string{"", "[", "]", "[1", "[1,]", "[,1]", "[1 2]", "{}", "[]]"} {
		if _, err := ParseFloats(s); err == nil {
			t.Errorf("%q is taken for numbers", s)
		}
	}
	for _, s := range []string{`["a"]`, "[inf]", "[Infinity]", "[0x10]", "[1_000]", "[+1]", "[1e999]", "[null]", "[true]", `["nan"]`, "[-]", "[1.2.3]"} {
		if x, err := ParseFloats(s); err == nil {
			t.Errorf("%q is taken for the numbers %v", s, x)
		}
	}
}

func TestFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}))).Draw(t, "list")
		got, err := ParseFloats(string(AppendFloats(nil, want)))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v, %v", got, err)
		}
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) && want[i] == want[i] {
				t.Fatalf("%v came back as %v", want[i], got[i])
			}
		}
	})
}

func TestNano(t *testing.T) {
	for _, test := range []struct{ in, want time.Time }{
		{time.Unix(0, 1), time.Unix(0, 1)},
		{time.Unix(0, 0), time.Unix(0, 0)},
		{time.Date(1700, 1, 1, 0, 0, 0, 5, time.UTC), time.Date(1700, 1, 1, 0, 0, 0, 5, time.UTC)},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(math.MaxInt64/1_000_000_000-1, 0)},
		{time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Unix(math.MinInt64/1_000_000_000+1, 0)},
	} {
		if got := time.Unix(0, Nano(test.in)); !got.Equal(test.want) {
			t.Errorf("%v is kept as %v, want %v", test.in, got.UTC(), test.want.UTC())
		}
	}
}

// TestNotUTF8 stores what a crashed program may have printed.
func TestNotUTF8(t *testing.T) {
	want := &study.Event{Failure: &study.Failure{Message: "a\uFFFDb"}, Values: study.Metrics{{Name: "\uFFFD", Value: 1}}}
	b, err := AppendEvent(nil, &study.Event{Failure: &study.Failure{Message: "a\xffb"}, Values: study.Metrics{{Name: "\xfe", Value: 1}, {Name: "\xff", Value: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	var r Reader
	got := new(study.Event)
	if err := r.Event(string(b), got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(study.Event{}.Config)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestNamesShare(t *testing.T) {
	var n Names
	long := strings.Repeat("x", 1000) + "loss"
	a, b := n.Share(long[1000:]), n.Share("loss")
	if a != "loss" || b != "loss" {
		t.Fatalf("%q, %q", a, b)
	}
	if allocs := testing.AllocsPerRun(10, func() { n.Share(long[1000:]) }); allocs != 0 {
		t.Errorf("a known name costs %v allocations", allocs)
	}
}
