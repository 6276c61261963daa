package space_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/spacetest"
)

// naive answers from the words of the package's documentation, without
// orders, links or caches: it is slow and easy to believe.
type naive struct {
	spec   space.Spec
	values map[string]space.Value // of every parameter, whether it exists or not
}

func (n naive) active(name string) bool {
	for _, p := range n.spec.Params {
		if p.Name != name {
			continue
		}
		under := len(p.Branches) == 0
		for _, b := range p.Branches {
			for _, v := range b.Values {
				under = under || n.active(b.Parent) && n.values[b.Parent] == v
			}
		}
		if p.If == nil || !under {
			return under
		}
		holds, err := p.If.Bool(n.env)
		return holds && err == nil
	}
	return false
}

func (n naive) env(name string) space.Value {
	for _, d := range n.spec.Derived {
		if d.Name == name {
			v, _ := d.Expr.Eval(n.env)
			return v
		}
	}
	if n.active(name) {
		return n.values[name]
	}
	return space.Value{}
}

// config returns what a configuration has to hold.
func (n naive) config() map[string]space.Value {
	m := map[string]space.Value{}
	for _, p := range n.spec.Params {
		if n.active(p.Name) {
			m[p.Name] = n.values[p.Name]
		}
	}
	return m
}

// allowed reports whether no constraint is false.
func (n naive) allowed() bool {
	for _, c := range n.spec.Constraints {
		v, err := c.Eval(n.env)
		if b, ok := v.AsBool(); err != nil || ok && !b {
			return false
		}
	}
	return true
}

func equalMaps(a, b map[string]space.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func TestDecodeGivesActiveParametersOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		u := spacetest.Points(s).Draw(t, "u")
		n := naive{spec: s.Spec(), values: map[string]space.Value{}}
		for i, p := range s.Params() {
			n.values[p.Name] = s.DecodeParam(i, u[i])
		}
		c := s.Decode(u)
		if want := n.config(); !equalMaps(c.Map(), want) {
			t.Fatalf("got %v, want %v", c.Map(), want)
		}
		if got := s.Feasible(c); got != n.allowed() {
			t.Fatalf("feasible: got %v, want %v at %v", got, n.allowed(), c.Map())
		}
		if err := s.Check(c); (err == nil) != s.Feasible(c) {
			t.Fatalf("Check says %v, Feasible %v", err, s.Feasible(c))
		}
		for i, x := range s.Encode(c, nil) {
			if v := c.At(i); math.IsNaN(x) != v.IsAbsent() {
				t.Fatalf("%s = %v encodes to %v", s.Param(i).Name, v, x)
			}
		}
	})
}

// far reports whether x is where the unit interval has too few floats to tell
// values apart: see [space.Space.Encode].
func far(p *space.Param, x float64) bool {
	switch p.Prior {
	case space.Normal:
		return math.Abs(x-p.Mean) > 6*p.SD
	case space.LogNormal:
		return x <= 0 || math.Abs(math.Log(x)-p.Mean) > 6*p.SD
	}
	return false
}

// tolerance is 1e-12, and more where an interval holds so few floats that they
// are farther apart than that in the unit interval.
func tolerance(p *space.Param) float64 {
	tol := 1e-12
	if width := p.High - p.Low; width > 0 && !math.IsInf(width, 0) {
		tol += 1e-14 * math.Max(math.Abs(p.Low), math.Abs(p.High)) / width
	}
	if p.Scale == space.ReverseLog {
		tol += 1e-15 / (1 - p.High) / (math.Log1p(-p.Low) - math.Log1p(-p.High))
	}
	return tol
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		u := spacetest.Points(s).Draw(t, "u")
		c := s.Decode(u)
		there := s.Encode(c, nil)
		back := s.Decode(there)
		again := s.Encode(back, nil)
		for i := range s.Params() {
			p, v := s.Param(i), c.At(i)
			_, discrete := p.Count()
			discrete = discrete || p.Kind == space.Int || p.Step > 0
			switch {
			case v.IsAbsent():
				if !back.At(i).IsAbsent() {
					t.Fatalf("%s: absent became %v", p.Name, back.At(i))
				}
			case discrete && (!p.IsNumeric() || !far(p, v.AsFloat())):
				if back.At(i) != v {
					t.Fatalf("%+v: %v became %v by way of %v", p, v, back.At(i), there[i])
				}
			case !discrete:
				if d := math.Abs(there[i] - again[i]); !(d <= tolerance(p)) {
					t.Fatalf("%+v: %v became %v, %g apart", p, v, back.At(i), d)
				}
				if d := math.Abs(there[i] - u[i]); p.Low < p.High && !(d <= tolerance(p)) && !far(p, v.AsFloat()) {
					t.Fatalf("%+v: u = %v decodes to %v, which encodes to %v", p, u[i], v, there[i])
				}
			}
		}
	})
}

func TestDecodeStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		edges := []float64{0, 1, math.NaN(), -0.5, 1.5, math.Inf(1), math.Inf(-1), math.Copysign(0, -1), rapid.Float64Range(0, 1).Draw(t, "u")}
		for i := range s.Params() {
			p := s.Param(i)
			for _, u := range edges {
				v := s.DecodeParam(i, u)
				w, err := p.Coerce(v)
				if err != nil {
					t.Fatalf("%+v at %v: %v", p, u, err)
				}
				if w != v {
					t.Fatalf("%+v at %v: %v is not in its final form, %v", p, u, v, w)
				}
				clamped := math.Min(math.Max(u, 0), 1)
				if math.IsNaN(u) {
					clamped = 0.5
				}
				if x := s.DecodeParam(i, clamped); x != v {
					t.Fatalf("%+v: %v gives %v, %v gives %v", p, u, v, clamped, x)
				}
			}
		}
	})
}

func TestDecodeIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		for i := range s.Params() {
			if p := s.Param(i); p.IsNumeric() {
				// The last digits of the scales' functions may be off.
				if x, y := s.DecodeParam(i, a).AsFloat(), s.DecodeParam(i, b).AsFloat(); x > y+1e-12*math.Abs(y) {
					t.Fatalf("%+v: %v gives %v, %v gives %v", p, a, x, b, y)
				}
			}
		}
	})
}

func TestDistanceIsAMetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		configs := spacetest.Configs(s)
		a, b, c := configs.Draw(t, "a"), configs.Draw(t, "b"), configs.Draw(t, "c")
		if s.Distance(a, a) != 0 {
			t.Fatal("a configuration is away from itself")
		}
		ab, ba := s.Distance(a, b), s.Distance(b, a)
		if ab != ba {
			t.Fatalf("not symmetric: %v and %v", ab, ba)
		}
		if (ab == 0) != a.Equal(b) {
			t.Fatalf("distance %v, equal %v", ab, a.Equal(b))
		}
		if limit := math.Sqrt(float64(s.Len())); ab > limit {
			t.Fatalf("distance %v in a cube of diagonal %v", ab, limit)
		}
		if through := s.Distance(a, c) + s.Distance(c, b); ab > through*(1+1e-9) {
			t.Fatalf("%v is farther than the way through a third, %v", ab, through)
		}
	})
}

func TestNeighbouringFloatsAreApart(t *testing.T) {
	for _, x := range []float64{0, 0.3, 1, -5, 9.999} {
		p := space.Param{Name: "x", Kind: space.Float, Low: -5, High: 10}
		s := spacetest.Must(space.Spec{Params: []space.Param{p}})
		a, b := assign(t, s, "x", x), assign(t, s, "x", math.Nextafter(x, 20))
		if a.Equal(b) || a.Key() == b.Key() || !(s.Distance(a, b) > 0) {
			t.Errorf("%v and the next float: equal %v, distance %v", x, a.Equal(b), s.Distance(a, b))
		}
	}
}

func TestKeyIsEquality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.FiniteSpaces().Draw(t, "space") // equal pairs are likely
		configs := spacetest.Configs(s)
		a, b := configs.Draw(t, "a"), configs.Draw(t, "b")
		if (a.Key() == b.Key()) != a.Equal(b) {
			t.Fatalf("%s and %s: keys %q and %q, equal %v", a.AppendJSON(nil), b.AppendJSON(nil), a.Key(), b.Key(), a.Equal(b))
		}
	})
}

func TestEnumerateIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.FiniteSpaces().Draw(t, "space")
		levels := make([][]space.Value, s.Len())
		points := 1
		for i := range s.Params() {
			n, ok := s.Param(i).Count()
			if !ok || n < 1 || n > 5 {
				t.Fatalf("%+v counts %d, %v", s.Param(i), n, ok)
			}
			for k := range n {
				levels[i] = append(levels[i], s.Param(i).Nth(k))
			}
			points *= n
		}
		want := map[string]bool{}
		for k := range points {
			n := naive{spec: s.Spec(), values: map[string]space.Value{}}
			for i, p := range s.Params() {
				n.values[p.Name] = levels[i][k%len(levels[i])]
				k /= len(levels[i])
			}
			if !n.allowed() {
				continue
			}
			c, err := s.Config(n.config())
			if err != nil {
				t.Fatal(err)
			}
			want[c.Key()] = true
		}
		got := map[string]bool{}
		for c := range s.Enumerate(func(i int) []space.Value { return levels[i] }) {
			if got[c.Key()] {
				t.Fatalf("%s twice", c.AppendJSON(nil))
			}
			if !want[c.Key()] {
				t.Fatalf("%s is not in the space", c.AppendJSON(nil))
			}
			got[c.Key()] = true
		}
		if len(got) != len(want) {
			t.Fatalf("%d configurations, want %d", len(got), len(want))
		}
		if n, ok := s.Finite(points); !ok || n != len(want) {
			t.Fatalf("Finite says %d, %v; want %d", n, ok, len(want))
		}
		if n := len(want); n > 0 {
			if k, ok := s.Finite(n - 1); ok {
				t.Fatalf("Finite(%d) says %d of %d", n-1, k, n)
			}
		}
	})
}

func TestSampleSatisfiesConstraints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		r := random(rapid.Uint64().Draw(t, "seed"))
		c, err := s.Sample(r)
		if err == nil && !s.Feasible(c) {
			t.Fatalf("sampled %s: %v", c.AppendJSON(nil), s.Check(c))
		}
		if err != nil && len(s.Spec().Constraints) == 0 {
			t.Fatal(err)
		}
	})
}

func TestDeriveMatchesExpressions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		c := spacetest.Configs(s).Draw(t, "c")
		n := naive{spec: s.Spec(), values: map[string]space.Value{}}
		for name, v := range c.Map() {
			n.values[name] = v
		}
		got, err := s.Derive(c)
		if err != nil {
			t.Fatal(err)
		}
		for k, d := range s.Deriveds() {
			want := n.env(d.Name)
			if want == (space.Value{}) || want.Any() == nil {
				want = space.Value{}
			}
			if got[k] != want {
				t.Fatalf("%s = %v, want %v", d.Name, got[k], want)
			}
		}
	})
}

// A chain in which each derived value uses the one before twice would take 2^n
// evaluations without memory.
func TestDerivedChainIsLinear(t *testing.T) {
	spec := space.Spec{Params: []space.Param{{Name: "x", Kind: space.Int, Low: 0, High: 1}}}
	last := "x"
	for i := range 200 {
		name := "d" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		spec.Derived = append(spec.Derived, space.Derived{Name: name, Expr: spacetest.Program("max(" + last + ", " + last + ")")})
		last = name
	}
	spec.Constraints = []*expr.Program{spacetest.Program(last + " == 1")}
	s := spacetest.Must(spec)
	c, err := s.Sample(random(1))
	if err != nil {
		t.Fatal(err)
	}
	if x, _ := c.Get("x"); x.AsFloat() != 1 {
		t.Errorf("x = %v", x)
	}
}

func TestExtendKeepsPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		u := spacetest.Points(s).Draw(t, "u")
		old := s.Decode(u)
		more, err := s.Extend(space.Param{Name: "extra", Kind: space.Float, High: 1}, space.Param{Name: "more", Kind: space.Bool})
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Params() {
			if more.Param(i).Name != s.Param(i).Name {
				t.Fatalf("%s moved", s.Param(i).Name)
			}
		}
		now := more.Decode(append(append([]float64(nil), u...), 0.5, 0.5))
		for i := range s.Params() {
			if now.At(i) != old.At(i) {
				t.Fatalf("%s is %v, was %v", s.Param(i).Name, now.At(i), old.At(i))
			}
		}
		if !old.At(s.Len()).IsAbsent() || old.Equal(now) || more.Feasible(old) != s.Feasible(old) {
			t.Fatal("the old configuration changed its meaning")
		}
		if d := more.Distance(old, now); math.Abs(d-math.Sqrt2) > 1e-12 {
			t.Fatalf("distance %v, want the root of two", d)
		}
	})
}
