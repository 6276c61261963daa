package expr_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// FuzzCompile feeds any text to the compiler and, where it compiles, evaluates
// it with values drawn from seed: nothing may panic, every error must have a
// place inside the text, and Eval, Bool and Violation must agree.
func FuzzCompile(f *testing.F) {
	f.Add("batch * seq <= 65536", uint64(1))
	f.Add(`opt in ["sgd", 'rms\u0070rop'] and not (x == null)`, uint64(2))
	f.Add("1 - one_minus_gamma ** 2 % 3", uint64(3))
	f.Add(`a ? min(b, params["c/d"], 1e-5) : -metrics['e'] / .5 || f`, uint64(4))
	values := []value.Value{
		{}, value.Null, value.Bool(true), value.Bool(false), value.String("sgd"), value.String(""),
		value.Int(0), value.Int(1), value.Int(-3), value.Int(math.MaxInt64), value.Int(math.MinInt64),
		value.Float(0.5), value.Float(-2), value.Float(1e308), value.Float(5e-324), value.Float(math.Inf(1)), value.Float(math.NaN()),
	}
	f.Fuzz(func(t *testing.T, src string, seed uint64) {
		p, err := expr.Compile(src)
		if err != nil {
			var e *expr.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(src) || e.Message == "" {
				t.Fatalf("%q: bad error %#v", src, err)
			}
			return
		}
		env := func(name string) value.Value {
			if !slices.Contains(p.Names(), name) {
				t.Fatalf("%q: asks for %q, which is not among its names", src, name)
			}
			h := seed
			for i := range len(name) {
				h = (h ^ uint64(name[i])) * 0x100000001b3
			}
			return values[(h>>32)%uint64(len(values))]
		}
		v, err := p.Eval(env)
		if err != nil {
			var e *expr.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset >= len(src) {
				t.Fatalf("%q: bad error %#v", src, err)
			}
		}
		if v.IsAbsent() {
			t.Fatalf("%q gives absent", src)
		}
		checkCondition(t, p, env)
	})
}
