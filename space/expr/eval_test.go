package expr_test

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/google/go-cmp/cmp"
)

var config = map[string]value.Value{
	"batch": value.Int(32), "seq": value.Int(512), "lr": value.Float(0.01),
	"opt": value.String("sgd"), "nesterov": value.Bool(true), "choice": value.Null,
	"net.width": value.Int(128), "odd/name-x": value.Int(7), "val/loss": value.Float(0.25),
	"big": value.Int(math.MaxInt64), "least": value.Int(math.MinInt64),
	"nan": value.Float(math.NaN()), "inf": value.Float(math.Inf(1)),
}

func env(name string) value.Value { return config[name] }

func TestEval(t *testing.T) {
	f, i, s, b, null := value.Float, value.Int, value.String, value.Bool, value.Null
	nan, inf := math.NaN(), math.Inf(1)
	for _, test := range []struct {
		src  string
		want value.Value
	}{
		// Literals.
		{"42", i(42)}, {"007", i(7)}, {"1e3", f(1000)}, {"1.5", f(1.5)}, {".5", f(0.5)}, {"2E-1", f(0.2)}, {"1e+2", f(100)},
		{"9223372036854775807", i(math.MaxInt64)}, {"9223372036854775808", f(1 << 63)},
		{"true", b(true)}, {"false", b(false)}, {"null", null},
		{`"a'b"`, s("a'b")}, {`'a"b'`, s(`a"b`)}, {`"\\\'\"\n\r\t\u00e9x"`, s("\\'\"\n\r\téx")}, {`"é→"`, s("é→")}, {`""`, s("")},
		// Names.
		{"batch", i(32)}, {"net.width", i(128)}, {`params["odd/name-x"]`, i(7)}, {`metrics['val/loss']`, f(0.25)},
		{`params["batch"]`, i(32)}, {"absent", null}, {"choice", null}, {"_x1", null}, {" \t\r\n batch \n", i(32)},
		{"min", null}, {"params", null}, {"notable", null}, {"inner", null},
		// Precedence.
		{"1 + 2 * 3", i(7)}, {"(1 + 2) * 3", i(9)}, {"10 - 4 - 3", i(3)}, {"2 * 3 % 4", i(2)}, {"7 - 2 + 1", i(6)},
		{"2 ** 3 ** 2", i(512)}, {"-2 ** 2", i(-4)}, {"(-2) ** 2", i(4)}, {"2 ** -1", f(0.5)}, {"2 * 3 ** 2", i(18)}, {"- - 3", i(3)}, {"1 - -1", i(2)},
		{"1 + 1 == 2", b(true)}, {"not 1 == 2", b(true)}, {"!nesterov == false", b(true)}, {"not nesterov == false", b(true)},
		{"true || true && false", b(true)}, {"(true || true) && false", b(false)}, {"true or true and false", b(true)}, {"not true or true", b(true)},
		{"not false and false", b(false)}, {"false ? 1 : true ? 2 : 3", i(2)}, {"true ? 1 : true ? 2 : 3", i(1)}, {"1 < 2 ? 'y' : 'n'", s("y")},
		{"false || true ? 1 : 2", i(1)}, {"1 in [1] && 2 in [2]", b(true)}, {"not 1 in [1]", b(false)}, {"1 + 1 in [2]", b(true)},
		{"8 / 2 * 4", f(16)}, {"-7 % 3", i(-1)}, {"not not true", b(true)}, {"!!true", b(true)},
		// Arithmetic.
		{"batch * seq", i(16384)}, {"1 + 0.5", f(1.5)}, {"4 / 2", f(2)}, {"1 / 3", f(1.0 / 3)}, {"7 % 3", i(1)}, {"7 % -3", i(1)},
		{"big + 1", f(1 << 63)}, {"big - 1", i(math.MaxInt64 - 1)}, {"least - 1", f(-(1 << 63))}, {"least + big", i(-1)}, {"big - least", f(1 << 64)},
		{"big * 2", f(1 << 64)}, {"big * -1", i(-math.MaxInt64)}, {"least * -1", f(1 << 63)}, {"least * 1", i(math.MinInt64)}, {"-least", f(1 << 63)}, {"-lr", f(-0.01)},
		{"4611686018427387904 * -2", i(math.MinInt64)}, {"least % -1", i(0)}, {"0 * 1.5", f(0)}, {"0 - 0", i(0)}, {"big + 0", i(math.MaxInt64)}, {"least - 0", i(math.MinInt64)},
		{"2 ** 62", i(1 << 62)}, {"2 ** 63", f(1 << 63)}, {"(-2) ** 63", i(math.MinInt64)}, {"0 ** 0", i(1)}, {"3 ** 39", i(4052555153018976267)}, {"(-1) ** big", i(-1)}, {"10 ** 400", f(inf)},
		{"0 ** -1", f(inf)}, {"4 ** 0.5", f(2)}, {"2.0 ** 3", f(8)}, {"(0 - 8.0) ** (1 / 3)", f(nan)},
		{"1 / 0", f(inf)}, {"-1 / 0", f(-inf)}, {"0 / 0", f(nan)}, {"1 % 0", f(nan)}, {"1.5 / 0", f(inf)}, {"inf - inf", f(nan)}, {"1e308 * 10", f(inf)},
		// Null.
		{"absent + 1", null}, {"1 - absent", null}, {"absent * 0", null}, {"absent / 0", null}, {"absent % 2", null}, {"absent ** 0", null}, {"-absent", null},
		{"absent < 1", null}, {"1 >= choice", null}, {"absent < 'a'", null}, {"absent == null", b(true)}, {"choice == null", b(true)}, {"batch == null", b(false)}, {"batch != null", b(true)},
		{"absent == absent", b(true)}, {"absent == 1", b(false)}, {"absent != 1", b(true)}, {"!absent", b(true)}, {"absent && true", b(false)}, {"absent || true", b(true)},
		{"null ? 1 : 2", i(2)}, {"min(1, absent)", null}, {"sqrt(absent)", null}, {"int(absent)", null}, {"pow(absent, 0)", null}, {"null + null", null}, {"absent in [null]", b(true)}, {"absent in [1]", b(false)}, {"absent not in [1]", b(true)},
		// Comparison.
		{"1 == 1.0", b(true)}, {"1 != 1.0", b(false)}, {"1 <= 1", b(true)}, {"1 < 1", b(false)}, {"2 > 1", b(true)}, {"2 >= 3", b(false)}, {"1.5 > 1", b(true)}, {"1 > 1.5", b(false)}, {"-1 < -0.5", b(true)}, {"-2.5 < -2", b(true)},
		{"9007199254740993 == 9007199254740992.0", b(false)}, {"9007199254740993 > 9007199254740992.0", b(true)}, {"big < 9223372036854775808", b(true)}, {"least == -9223372036854775808.0", b(true)}, {"big < inf", b(true)}, {"big > -inf", b(true)}, {"least >= -1e300", b(true)},
		{"opt == 'sgd'", b(true)}, {"opt == 1", b(false)}, {"opt != 1", b(true)}, {"'a' < 'b'", b(true)}, {"opt <= 'sgd'", b(true)}, {"nesterov == true", b(true)}, {"nesterov == 1", b(false)},
		{"nan == nan", b(false)}, {"nan != nan", b(true)}, {"nan < 1", b(false)}, {"1 >= nan", b(false)}, {"nan in [nan]", b(false)}, {"(1 < 2) == true", b(true)},
		// Membership.
		{`opt in ["sgd", "rmsprop"]`, b(true)}, {`opt in ["adam"]`, b(false)}, {`opt not in ["adam"]`, b(true)}, {"1 in []", b(false)}, {"1 not in []", b(true)}, {"batch in [1.5, 16 * 2]", b(true)}, {"32.0 in [batch]", b(true)}, {"batch in ['32']", b(false)},
		// Short cuts leave mistakes unseen.
		{"false && opt", b(false)}, {"true || opt", b(true)}, {"true ? 1 : -opt", i(1)}, {"1 in [1, -opt]", b(true)},
		// Functions.
		{"min(3)", i(3)}, {"min(3, 1.5, 2)", f(1.5)}, {"max(3, 1.5, 2)", i(3)}, {"min(1, 1.0)", i(1)}, {"max(1, nan, 2)", f(nan)}, {"min(nan, 1)", f(nan)},
		{"abs(-3)", i(3)}, {"abs(3)", i(3)}, {"abs(-1.5)", f(1.5)}, {"abs(least)", f(1 << 63)},
		{"floor(1.5)", i(1)}, {"floor(-1.5)", i(-2)}, {"ceil(1.5)", i(2)}, {"round(2.5)", i(3)}, {"round(-2.5)", i(-3)}, {"round(7)", i(7)}, {"floor(1e300)", f(1e300)}, {"ceil(inf)", f(inf)}, {"round(nan)", f(nan)}, {"floor(9223372036854775808.0)", f(1 << 63)}, {"floor(-9223372036854775808.0)", i(math.MinInt64)},
		{"sqrt(2)", f(math.Sqrt2)}, {"sqrt(-1)", f(nan)}, {"exp(0)", f(1)}, {"log(1)", f(0)}, {"log(0)", f(-inf)}, {"log2(8)", f(3)}, {"log10(1000)", f(3)}, {"pow(2, 10)", i(1024)}, {"pow(2, 0.5)", f(math.Sqrt2)},
		{"int(1.9)", i(1)}, {"int(-1.9)", i(-1)}, {"int(true)", i(1)}, {"int(false)", i(0)}, {"int(5)", i(5)}, {"float(2)", f(2)}, {"float(true)", f(1)}, {"int(1e300)", f(1e300)},
	} {
		t.Run(test.src, func(t *testing.T) {
			p, err := expr.Compile(test.src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Eval(env)
			if err != nil || got != test.want {
				t.Errorf("got %v (%s), %v, want %v (%s)", got, got.Kind(), err, test.want, test.want.Kind())
			}
		})
	}
}

func TestEvalErrors(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{"batch + opt", `expression, byte 8: + needs a number, but this is a string, "sgd" (strings cannot be joined; compare them with == or in)`},
		{"opt * 2", `expression, byte 0: * needs a number, but this is a string, "sgd"`},
		{"absent - nesterov", `expression, byte 9: - needs a number, but this is true`},
		{"1 + 2 - opt", `expression, byte 8: - needs a number, but this is a string, "sgd"`},
		{"-(opt)", `expression, byte 2: - needs a number, but this is a string, "sgd"`},
		{"lr % 2", `expression, byte 0: % needs an int, but this is a float, 0.01 (int(...) drops the fraction)`},
		{"batch ** opt", `expression, byte 9: ** needs a number, but this is a string, "sgd"`},
		{"opt ** 2", `expression, byte 0: ** needs a number, but this is a string, "sgd"`},
		{"batch < opt", `expression, byte 6: < cannot order an int, 32 and a string, "sgd" (it orders two numbers or two strings)`},
		{"nesterov < batch", `expression, byte 0: < needs a number or a string, but this is true`},
		{"batch && true", `expression, byte 0: a condition needs true or false, but this is an int, 32 (compare it with something, as in x > 0)`},
		{"false or opt", `expression, byte 9: a condition needs true or false, but this is a string, "sgd" (compare it with something, as in x > 0)`},
		{"not batch", `expression, byte 4: a condition needs true or false, but this is an int, 32 (compare it with something, as in x > 0)`},
		{"opt ? 1 : 2", `expression, byte 0: a condition needs true or false, but this is a string, "sgd" (compare it with something, as in x > 0)`},
		{"max(1, opt)", `expression, byte 7: max needs a number, but this is a string, "sgd"`},
		{"int(opt)", `expression, byte 4: int needs a number or true or false, but this is a string, "sgd"`},
		{"1 in [2, -opt]", `expression, byte 10: - needs a number, but this is a string, "sgd"`},
		{"-opt in [2]", `expression, byte 1: - needs a number, but this is a string, "sgd"`},
	} {
		t.Run(test.src, func(t *testing.T) {
			p, err := expr.Compile(test.src)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Eval(env)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestViolation(t *testing.T) {
	tiny, inf := math.SmallestNonzeroFloat64, math.Inf(1)
	for _, test := range []struct {
		src  string
		want float64
	}{
		{"batch * seq <= 65536", 16384 - 65536}, {"batch <= 30", 2}, {"batch <= 32", 0}, {"batch < 32", tiny}, {"batch < 33", -1},
		{"batch >= 40", 8}, {"batch >= 32", 0}, {"batch > 32", tiny}, {"batch > 30", -2},
		{"batch == 32", 0}, {"batch == 30", 2}, {"batch == 35.5", 3.5}, {"batch != 32", tiny}, {"batch != 30", -2},
		{"big < 9223372036854775808", 0}, {"9223372036854775808 <= big", tiny}, {"inf <= inf", 0}, {"inf < inf", tiny}, {"inf > batch", -inf},
		{"nan <= 1", inf}, {"nan == nan", inf}, {"nan != 1", -1}, {"absent <= 1", inf}, {"absent == 1", 1}, {"absent == null", -1}, {"absent", inf}, {"absent ? true : absent", inf},
		{"opt == 'sgd'", -1}, {"opt == 'adam'", 1}, {"opt < 'a'", 1}, {"opt in ['sgd']", -1}, {"!(batch <= 30)", -1}, {"nesterov", -1}, {"true ? batch <= 30 : true", 1},
		{"batch <= 30 && lr <= 0.01", 2}, {"batch <= 40 && seq <= 600", -8}, {"batch <= 30 || seq <= 500", 2}, {"batch <= 40 || seq <= 500", -8},
		{"absent <= 1 || batch <= 40", -8}, {"absent <= 1 && batch <= 40", inf},
		{"opt == 'adam' && -opt < 1", 1}, {"opt == 'sgd' || -opt < 1", -1}, {"batch <= 30 || (seq <= 600 && lr > 0)", -0.01},
	} {
		t.Run(test.src, func(t *testing.T) {
			p, err := expr.Compile(test.src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Violation(env)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			if b, err := p.Bool(env); err != nil || b != (got <= 0) {
				t.Errorf("Bool is %v, %v beside a violation of %v", b, err, got)
			}
		})
	}
}

func TestConditionMustBeBool(t *testing.T) {
	for _, src := range []string{"batch", "batch + 1", "opt", "true && opt", "-opt < 1 && true", "true ? 1 : false", "nan"} {
		p, err := expr.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Bool(env); err == nil {
			t.Errorf("%s: Bool gives no error", src)
		}
		if _, err := p.Violation(env); err == nil {
			t.Errorf("%s: Violation gives no error", src)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	for _, bench := range []struct{ name, src string }{
		{"arithmetic", "batch * seq <= 65536"},
		{"in", `opt in ["adam", "rmsprop", "sgd"]`},
		{"derived", "1 - lr"},
		{"mixed", `opt != "adam" || (lr < 0.1 && max(batch, 64) + net.width % 3 < 1e3)`},
		{"power", "2 ** lr"},
		{"log", "log10(lr)"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			p, err := expr.Compile(bench.src)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestEvalDoesNotAllocate(t *testing.T) {
	for _, src := range []string{"batch * seq <= 65536", `opt in ["adam", "rmsprop", "sgd"]`, "max(lr, 2 ** 0.5) + log(lr)", "absent ? 1 : 2"} {
		p, err := expr.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := p.Eval(env); err != nil {
				t.Error(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", src, allocs)
		}
	}
}
