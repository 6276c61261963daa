package value_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space/value"
)

// values draws values of every kind, with those likely on which comparisons
// stumble.
func values() *rapid.Generator[value.Value] {
	edges := []value.Value{
		{}, value.Null, value.Bool(true), value.Bool(false), value.String(""), value.String("a"), value.String("b"), value.String("1"),
		value.Int(0), value.Int(1), value.Int(-1), value.Int(math.MaxInt64), value.Int(math.MinInt64), value.Int(1 << 53), value.Int(1<<53 + 1), value.Int(1<<62 + 1),
		value.Float(0), value.Float(1), value.Float(-1), value.Float(0.5), value.Float(1 << 53), value.Float(1 << 62), value.Float(1 << 63), value.Float(-1 << 63),
		value.Float(1e300), value.Float(5e-324), value.Float(math.NaN()), value.Float(math.Inf(1)), value.Float(math.Inf(-1)), value.Float(math.Copysign(0, -1)),
	}
	return rapid.OneOf(
		rapid.SampledFrom(edges),
		rapid.Map(rapid.Int64(), value.Int),
		rapid.Map(rapid.Float64(), value.Float),
		rapid.Map(rapid.String(), value.String),
	)
}

func TestEqualAndCompareLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := values().Draw(t, "a"), values().Draw(t, "b"), values().Draw(t, "c")
		if !value.Equal(a, a) {
			t.Fatalf("%v is not itself", a)
		}
		if value.Equal(a, b) != value.Equal(b, a) {
			t.Fatal("Equal is not symmetric")
		}
		if value.Equal(a, b) && value.Equal(b, c) && !value.Equal(a, c) {
			t.Fatal("Equal is not transitive")
		}
		ab, ok := value.Compare(a, b)
		ba, ok2 := value.Compare(b, a)
		if ok != ok2 || ab != -ba {
			t.Fatalf("Compare: %d, %v one way, %d, %v the other", ab, ok, ba, ok2)
		}
		if ok && (ab == 0) != value.Equal(a, b) {
			t.Fatalf("%v and %v: Compare %d, Equal %v", a, b, ab, value.Equal(a, b))
		}
		bc, ok3 := value.Compare(b, c)
		if ac, _ := value.Compare(a, c); ok && ok3 && ab <= 0 && bc <= 0 && ac > 0 {
			t.Fatalf("%v <= %v <= %v, but the first is above the last", a, b, c)
		}
	})
}

func TestEqualAndCompare(t *testing.T) {
	nan := value.Float(math.NaN())
	for _, c := range []struct {
		a, b       value.Value
		equal      bool
		order      int
		comparable bool
	}{
		{value.Int(1), value.Float(1), true, 0, true},
		{value.Int(1), value.Float(1.5), false, -1, true},
		{value.Int(-1), value.Float(-1.5), false, 1, true},
		{value.Int(1<<53 + 1), value.Float(1 << 53), false, 1, true}, // the same as floats
		{value.Int(1 << 60), value.Float(1 << 60), true, 0, true},
		{value.Int(math.MaxInt64), value.Float(1 << 63), false, -1, true},
		{value.Int(math.MinInt64), value.Float(-1 << 63), true, 0, true},
		{value.Int(math.MinInt64), value.Float(math.Inf(-1)), false, 1, true},
		{nan, nan, true, 0, false},
		{value.Int(1), nan, false, 0, false},
		{value.Int(1), value.Bool(true), false, 0, false},
		{value.Int(1), value.String("1"), false, 0, false},
		{value.Null, value.Value{}, false, 0, false},
		{value.Value{}, value.Value{}, true, 0, false},
		{value.String("a"), value.String("b"), false, -1, true},
		{value.Bool(true), value.Bool(false), false, 1, true},
	} {
		if got := value.Equal(c.a, c.b); got != c.equal {
			t.Errorf("Equal(%v, %v) = %v", c.a, c.b, got)
		}
		if order, ok := value.Compare(c.a, c.b); order != c.order || ok != c.comparable {
			t.Errorf("Compare(%v, %v) = %d, %v; want %d, %v", c.a, c.b, order, ok, c.order, c.comparable)
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "v")
		text := v.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("%s is not JSON", text)
		}
		got, err := value.ParseJSON(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := v
		switch x := v.AsFloat(); {
		case v.IsAbsent():
			want = value.Null
		case v.Kind() == value.KindFloat && (math.IsNaN(x) || math.IsInf(x, 0)):
			want = value.String(v.Text()) // the only thing JSON has for it
		}
		if got != want {
			t.Fatalf("%v is written %s, which is read as %v", v, text, got)
		}
		if f, err := value.ParseFloat(text); v.IsNumber() && (err != nil || value.Float(f) != value.Float(v.AsFloat())) {
			t.Fatalf("%s is read as the number %v: %v", text, f, err)
		}
	})
}

func TestFormatFloat(t *testing.T) {
	for in, want := range map[float64]string{
		0: "0", 1: "1", -2.5: "-2.5", 0.1: "0.1", 0.001: "0.001", 1e-4: "0.0001", 1e-5: "1e-5", 1.5e-10: "1.5e-10",
		123456: "123456", 1e14: "100000000000000", 1e15: "1e15", 1e20: "1e20", -1.25e100: "-1.25e100",
		5e-324: "5e-324", math.MaxFloat64: "1.7976931348623157e308",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
	} {
		if got := value.FormatFloat(in); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := value.FormatFloat(math.NaN()); got != "NaN" {
		t.Errorf("got %s for NaN", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		got := value.FormatFloat(f)
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || back != f {
			t.Fatalf("%v is written %s, which is %v: %v", f, got, back, err)
		}
		// As many digits as the shortest of strconv, and no padding.
		digits := func(s string) string {
			s, _, _ = strings.Cut(s, "e")
			return strings.Trim(strings.NewReplacer(".", "", "-", "").Replace(s), "0")
		}
		if a, b := digits(got), digits(strconv.FormatFloat(f, 'e', -1, 64)); a != b {
			t.Fatalf("%s has the digits %s, strconv %s", got, a, b)
		}
		if strings.Contains(got, "e+") || strings.Contains(got, "e0") || strings.Contains(got, "e-0") {
			t.Fatalf("%s has a padded exponent", got)
		}
	})
}

func TestParseJSON(t *testing.T) {
	for _, c := range []struct {
		in   string
		want value.Value
		err  string
	}{
		{" 1 ", value.Int(1), ""},
		{"-0", value.Int(0), ""},
		{"1.0", value.Float(1), ""},
		{"1e3", value.Float(1000), ""},
		{"9223372036854775807", value.Int(math.MaxInt64), ""},
		{"9223372036854775808", value.Float(1 << 63), ""},
		{"null", value.Null, ""},
		{"true", value.Bool(true), ""},
		{`"a\n"`, value.String("a\n"), ""},
		{`"NaN"`, value.String("NaN"), ""},
		{"", value.Value{}, "empty value"},
		{"1e999", value.Value{}, `number "1e999" is out of range`},
		{"01", value.Value{}, `bad value "01"`},
		{"0x10", value.Value{}, `bad value "0x10"`},
		{"NaN", value.Value{}, `bad value "NaN"`},
		{"nul", value.Value{}, `bad value "nul": `},
		{"true false", value.Value{}, `bad value "true false": `},
		{"{}", value.Value{}, "an object is not a parameter value; use a number, a string, true, false or null"},
		{"[1]", value.Value{}, "a list is not a parameter value; use a number, a string, true, false or null"},
	} {
		got, err := value.ParseJSON([]byte(c.in))
		if got != c.want || (err == nil) != (c.err == "") || !strings.HasPrefix(errText(err), c.err) {
			t.Errorf("%q: got %v, %v; want %v, %s", c.in, got, err, c.want, c.err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseFloat(t *testing.T) {
	for in, want := range map[string]float64{
		"1": 1, "-2.5e3": -2500, `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1), `"inf"`: math.Inf(1), `"+Inf"`: math.Inf(1), `"-INF"`: math.Inf(-1),
	} {
		if got, err := value.ParseFloat([]byte(in)); err != nil || got != want {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
	for _, in := range []string{`"NaN"`, `"nan"`} {
		if got, err := value.ParseFloat([]byte(in)); err != nil || !math.IsNaN(got) {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "null", "true", `"1"`, `"in`, "[1]", "1 2"} {
		if got, err := value.ParseFloat([]byte(in)); err == nil {
			t.Errorf("%s: read as %v", in, got)
		}
	}
}

func TestFromAny(t *testing.T) {
	for _, c := range []struct {
		in   any
		want value.Value
		err  string
	}{
		{nil, value.Null, ""},
		{true, value.Bool(true), ""},
		{"x", value.String("x"), ""},
		{7, value.Int(7), ""},
		{int8(-7), value.Int(-7), ""}, {int16(7), value.Int(7), ""}, {int32(7), value.Int(7), ""}, {int64(7), value.Int(7), ""},
		{uint(7), value.Int(7), ""}, {uint8(7), value.Int(7), ""}, {uint16(7), value.Int(7), ""}, {uint32(7), value.Int(7), ""}, {uint64(7), value.Int(7), ""},
		{float32(0.5), value.Float(0.5), ""}, {2.0, value.Float(2), ""},
		{value.Int(3), value.Int(3), ""},
		{json.Number("12"), value.Int(12), ""}, {json.Number("1.5"), value.Float(1.5), ""},
		{uint64(math.MaxUint64), value.Value{}, "18446744073709551615 is out of range"},
		{json.Number("Inf"), value.Value{}, `"Inf" is not a number, or out of range`},
		{json.Number("0x1p4"), value.Value{}, `"0x1p4" is not a number, or out of range`},
		{json.Number("true"), value.Value{}, `"true" is not a number, or out of range`},
		{[]int{1}, value.Value{}, "a []int is not a parameter value; use a number, a string, a bool or nil"},
	} {
		got, err := value.FromAny(c.in)
		if got != c.want || errText(err) != c.err {
			t.Errorf("%T %v: got %v, %v", c.in, c.in, got, err)
		}
	}
}

func TestAnyGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "v")
		got, err := value.FromAny(v.Any())
		if want := v; err != nil || got != want && !v.IsAbsent() {
			t.Fatalf("%v became %v: %v", v, got, err)
		}
	})
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		v            value.Value
		text, quoted string
		kind         string
	}{
		{value.Value{}, "", "(absent)", "absent"},
		{value.Null, "null", "null", "null"},
		{value.Bool(true), "true", "true", "bool"},
		{value.Int(-5), "-5", "-5", "int"},
		{value.Float(2), "2", "2.0", "float"},
		{value.Float(1e-7), "1e-7", "1e-7", "float"},
		{value.Float(math.Inf(-1)), "-Infinity", `"-Infinity"`, "float"},
		{value.Float(math.Copysign(0, -1)), "0", "0.0", "float"},
		{value.String(`a"b`), `a"b`, `"a\"b"`, "string"},
		{value.String("é\x00"), "é\x00", `"é\u0000"`, "string"},
	} {
		if c.v.Text() != c.text || c.v.String() != c.quoted || c.v.Kind().String() != c.kind {
			t.Errorf("got %q, %q, %s; want %q, %q, %s", c.v.Text(), c.v, c.v.Kind(), c.text, c.quoted, c.kind)
		}
	}
}

func TestAsInt(t *testing.T) {
	for _, c := range []struct {
		v    value.Value
		want int64
		ok   bool
	}{
		{value.Int(math.MinInt64), math.MinInt64, true},
		{value.Float(3), 3, true},
		{value.Float(-1 << 53), -1 << 53, true},
		{value.Float(1 << 54), 0, false},
		{value.Float(0.5), 0, false},
		{value.Float(math.NaN()), 0, false},
		{value.Float(math.Inf(1)), 0, false},
		{value.Bool(true), 0, false},
		{value.String("3"), 0, false},
	} {
		if got, ok := c.v.AsInt(); got != c.want || ok != c.ok {
			t.Errorf("%v: got %d, %v", c.v, got, ok)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	v, w := value.Float(0.125), value.Int(3)
	dst := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		dst = v.AppendJSON(w.AppendJSON(dst[:0]))
		_ = value.Equal(v, w)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzValue reads any text as a value: nothing may panic, and what is read
// must be written in a form that is read as the same.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"1", "-0.5e-7", `"text"`, "null", "true", `"Infinity"`, "9223372036854775808", "{}", "[", "1e999", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := value.ParseJSON(b)
		if err == nil {
			if w, err := value.ParseJSON(v.AppendJSON(nil)); err != nil || w != v {
				t.Fatalf("%q is %v, written %s, read as %v: %v", b, v, v.AppendJSON(nil), w, err)
			}
		}
		if x, err := value.ParseFloat(b); err == nil {
			y, err := value.ParseFloat(value.AppendJSONFloat(nil, x, false))
			if err != nil || value.Float(x) != value.Float(y) {
				t.Fatalf("%q is %v, which became %v: %v", b, x, y, err)
			}
		}
	})
}
