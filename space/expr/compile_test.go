package expr_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/google/go-cmp/cmp"
)

func TestCompileErrors(t *testing.T) {
	const escapes = `escapes are \\ \' \" \n \r \t \uXXXX`
	const joined = "strings cannot be joined; compare them with == or in"
	const cond = "compare it with something, as in x > 0"
	const follow = "write a < b && b < c, or add parentheses"
	const missing = "is an operator missing before it?"
	const brackets = `only params["..."] and metrics["..."] have brackets; a list stands after in`
	for _, test := range []struct {
		src           string
		offset        int
		message, hint string
	}{
		// Text.
		{"", 0, "empty expression", ""},
		{" \n\t", 0, "empty expression", ""},
		{"a == '\xff'", 6, "not UTF-8 text", ""},
		{"a # b", 2, "unexpected character '#'", ""},
		{"a = 1", 2, "unknown operator =", "did you mean ==?"},
		{"a === 1", 2, "unknown operator ===", "did you mean ==?"},
		{"a !== 1", 2, "unknown operator !==", "did you mean !=?"},
		{"a <> 1", 2, "unknown operator <>", "did you mean !=?"},
		{"a =< 1", 2, "unknown operator =<", "did you mean <=?"},
		{"a => 1", 2, "unknown operator =>", "did you mean >=?"},
		{"a ≤ 1", 2, "unknown operator ≤", "did you mean <=?"},
		{"a & b", 2, "unknown operator &", "did you mean &&?"},
		{"a | b", 2, "unknown operator |", "did you mean ||?"},
		{"a ^ 2", 2, "unknown operator ^", "did you mean ** (power)?"},
		{"a // 2", 2, "unknown operator //", "write floor(a / b)"},
		{"a in {1}", 5, "unknown operator {", "lists are written [a, b]"},
		{"a == “x”", 5, "unknown operator “", `use plain quotes, "..." or '...'`},
		// Numbers.
		{"1 + 2x", 4, "malformed number 2x", "a number is digits, as in 64, 0.1 or 1e-5"},
		{"65_536", 0, "malformed number 65_536", "did you mean 65536?"},
		{"0x10", 0, "malformed number 0x10", "a number is digits, as in 64, 0.1 or 1e-5"},
		{"1.", 0, "malformed number 1.", "did you mean 1.0?"},
		{"1.2.3", 0, "malformed number 1.2.3", "a number is digits, as in 64, 0.1 or 1e-5"},
		{"1e", 0, "malformed number 1e", "a number is digits, as in 64, 0.1 or 1e-5"},
		{"1e999", 0, "number out of range", "the largest number is 1.7976931348623157e308"},
		// Strings.
		{"a == 'x", 5, "string without closing quote", ""},
		{"a == 'x\n'", 5, "string without closing quote", `a line break in a string is written \n`},
		{`a == "\q"`, 6, "unknown escape", escapes},
		{`a == "\ud800"`, 6, "unknown escape", escapes},
		{`a == "\u12"`, 6, "unknown escape", escapes},
		{`a == "\`, 6, "unknown escape", escapes},
		// Words and names.
		{"a == None", 5, "unknown word None", `did you mean null? A parameter of that name is params["None"]`},
		{"a == True", 5, "unknown word True", `did you mean true? A parameter of that name is params["True"]`},
		{"a AND b", 2, "unknown word AND", `did you mean and? A parameter of that name is params["AND"]`},
		{"block.0.width > 1", 5, "a dot must be followed by a letter or underscore", `write other names as params["block..."]`},
		{"params[x]", 7, "unexpected x, expected a name in quotes", ""},
		{`params[""]`, 7, "empty name", ""},
		{`params["x"`, 10, "expression ends too early, expected ]", ""},
		{`other["x"]`, 5, "unexpected [", brackets},
		// Structure.
		{"1 +", 3, "expression ends too early, expected a value", ""},
		{"+1", 0, "unexpected +, expected a value", "there is no unary plus"},
		{"(1", 2, "expression ends too early, expected )", ""},
		{"1)", 1, "unexpected )", ""},
		{"()", 1, "unexpected ), expected a value", ""},
		{"a b", 2, "unexpected b", missing},
		{"a 'x'", 2, "unexpected 'x'", missing},
		{"a ? b", 5, "expression ends too early, expected :", ""},
		{"a ? : b", 4, "unexpected :, expected a value", ""},
		{"a < b < c", 6, "comparisons cannot follow each other", follow},
		{"a == b in [1]", 7, "comparisons cannot follow each other", follow},
		{"a in [1] == b", 9, "comparisons cannot follow each other", follow},
		{"a in b", 5, "in needs a list", `write x in ["a", "b"]`},
		{"a in", 4, "in needs a list", `write x in ["a", "b"]`},
		{"a not b", 6, "unexpected b, expected in", ""},
		{"a in [1, ]", 9, "unexpected ], expected a value after the comma", ""},
		{"a in [1 2]", 8, "unexpected 2, expected , or ]", ""},
		{"a in [1", 7, "expression ends too early, expected , or ]", ""},
		{"[1, 2]", 0, "unexpected [, expected a value", brackets},
		// Calls.
		{"flor(1)", 0, "unknown function flor", "did you mean floor?"},
		{"math.sqrt(1)", 0, "unknown function math.sqrt", "did you mean sqrt?"},
		{"length(1)", 0, "unknown function length", "the functions are min, max, pow, abs, floor, ceil, round, sqrt, exp, log, log2, log10, int, float"},
		{"sqrt()", 0, "sqrt takes 1 argument, not 0", ""},
		{"sqrt(1, 2)", 0, "sqrt takes 1 argument, not 2", ""},
		{"pow(2)", 0, "pow takes 2 arguments, not 1", ""},
		{"min()", 0, "min takes at least 1 argument, not 0", ""},
		{"min(1", 5, "expression ends too early, expected , or )", ""},
		// Types.
		{`"a" + 1`, 0, "+ needs a number, but this is a string", joined},
		{`1 + ("a")`, 5, "+ needs a number, but this is a string", joined},
		{"a * (b + c) - 'x'", 14, "- needs a number, but this is a string", ""},
		{"2 * true", 4, "* needs a number, but this is true or false", ""},
		{"a / 2 % 2", 0, "% needs an int, but this is a float or null", "int(...) drops the fraction"},
		{"7 % 1.5", 4, "% needs an int, but this is a float", "int(...) drops the fraction"},
		{"'a' ** 2", 0, "** needs a number, but this is a string", ""},
		{"-'a'", 1, "- needs a number, but this is a string", ""},
		{"!1", 1, "a condition needs true or false, but this is an int", cond},
		{"a && 1.5", 5, "a condition needs true or false, but this is a float", cond},
		{"1 + 1 || a", 0, "a condition needs true or false, but this is a number", cond},
		{"'a' ? 1 : 2", 0, "a condition needs true or false, but this is a string", cond},
		{"1 == 'a'", 2, "a number and a string are never equal", ""},
		{"(a == b) != 1", 9, "true or false and a number are never equal", ""},
		{"1 < 'a'", 2, "< cannot order a number and a string", "it orders two numbers or two strings"},
		{"true < a", 0, "< needs a number or a string, but this is true or false", ""},
		{"abs('a')", 4, "abs needs a number, but this is a string", ""},
		{"max(1, a, 'a')", 10, "max needs a number, but this is a string", ""},
		{"(a < b) + 1", 1, "+ needs a number, but this is true or false or null", ""},
		{"a + 1 < 'x'", 6, "< cannot order a number or null and a string", "it orders two numbers or two strings"},
		{"'x' < -a", 4, "< cannot order a string and a number or null", "it orders two numbers or two strings"},
		{"a * 2 && b", 0, "a condition needs true or false, but this is a number or null", cond},
		// The first mistake is the one reported.
		{"'a' + 1 + $", 10, "unexpected character '$'", ""},
	} {
		t.Run(test.src, func(t *testing.T) {
			p, err := expr.Compile(test.src)
			var got *expr.Error
			if !errors.As(err, &got) {
				t.Fatalf("compiled to %v, %v", p, err)
			}
			if diff := cmp.Diff(&expr.Error{Offset: test.offset, Message: test.message, Hint: test.hint}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	for _, test := range []struct {
		name, src, message string // no message: compiles
	}{
		{"longest", "1" + strings.Repeat(" ", expr.MaxSource-1), ""},
		{"too long", "1" + strings.Repeat(" ", expr.MaxSource), "expression longer than 4096 bytes"},
		{"long row", "1" + strings.Repeat("+1", expr.MaxNodes-2), ""},
		{"too long a row", "1" + strings.Repeat("+1", expr.MaxNodes-1), "more than 1024 operators and operands"},
		{"long row of or", "a" + strings.Repeat("||a", 500), ""},
		{"deep parentheses", strings.Repeat("(", expr.MaxDepth-1) + "1" + strings.Repeat(")", expr.MaxDepth-1), ""},
		{"too deep parentheses", strings.Repeat("(", expr.MaxDepth) + "1" + strings.Repeat(")", expr.MaxDepth), "nested deeper than 64 levels"},
		{"too deep minus", strings.Repeat("-", expr.MaxDepth) + "1", "nested deeper than 64 levels"},
		{"too deep not", strings.Repeat("not ", expr.MaxDepth) + "true", "nested deeper than 64 levels"},
		{"too deep power", strings.Repeat("2**", expr.MaxDepth) + "1", "nested deeper than 64 levels"},
		{"too deep choice", strings.Repeat("a?1:", expr.MaxDepth) + "1", "nested deeper than 64 levels"},
		{"only openings", strings.Repeat("(", expr.MaxSource), "nested deeper than 64 levels"},
		{"only calls", strings.Repeat("min(", expr.MaxSource/4), "nested deeper than 64 levels"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := expr.Compile(test.src)
			if test.message == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Eval(nil); err != nil {
					t.Error(err)
				}
				return
			}
			var got *expr.Error
			if !errors.As(err, &got) || got.Message != test.message {
				t.Errorf("got %v, want %q", err, test.message)
			}
		})
	}
}

func TestNames(t *testing.T) {
	const src = `params["b/1"] + a < metrics["z"] && a in [net.w, 1] ? min(params["a"], b) : not_ == inn`
	p, err := expr.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "b/1", "inn", "net.w", "not_", "z"}, p.Names()); diff != "" {
		t.Error(diff)
	}
	if p.Source() != src || p.String() != src {
		t.Errorf("source %q", p.Source())
	}
}

func TestIsCondition(t *testing.T) {
	for src, want := range map[string]bool{
		"a": true, "a < b": true, "a + 1": false, "a - null": true, "1 + 1": false, "'x'": false, "sqrt(2)": false,
		"a ? 1 : 2": false, "a ? 1 : true": true, "1 in [2]": true, "null": true, "floor(2.5) % 2": false,
	} {
		p, err := expr.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if p.IsCondition() != want {
			t.Errorf("%s: got %v", src, p.IsCondition())
		}
	}
}

func TestText(t *testing.T) {
	type study struct{ Constraint *expr.Program }
	var s study
	if err := json.Unmarshal([]byte(`{"Constraint":"a  <= 1"}`), &s); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Constraint.Bool(func(string) value.Value { return value.Int(1) }); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
	out, err := json.Marshal(s)
	if err != nil || string(out) != `{"Constraint":"a  \u003c= 1"}` {
		t.Errorf("got %s, %v", out, err)
	}
	if err := s.Constraint.UnmarshalText([]byte("1 +")); err == nil || s.Constraint.Source() != "a  <= 1" {
		t.Errorf("a failed UnmarshalText gave %v and left %q", err, s.Constraint.Source())
	}
}

func TestZeroProgram(t *testing.T) {
	var p expr.Program
	if v, err := p.Eval(nil); v != value.Null || err != nil {
		t.Errorf("Eval: %v, %v", v, err)
	}
	if b, err := p.Bool(nil); b || err != nil {
		t.Errorf("Bool: %v, %v", b, err)
	}
	if a, err := p.Violation(nil); !(a > 0) || err != nil {
		t.Errorf("Violation: %v, %v", a, err)
	}
}
