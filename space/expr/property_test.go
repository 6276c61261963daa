package expr_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"testing"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"pgregory.net/rapid"
)

// tree is the reference: an expression as a syntax tree, with a printer that
// knows precedence and an evaluator that computes ints in math/big and knows
// nothing of the package's nodes. Powers are left to a table.
type tree struct {
	op   string // operator, function, "name", "literal", "?:"
	lit  any
	name string
	args []*tree
}

// failed is the reference's value of an expression that is a type error.
type failed struct{}

var levels = map[string]int{
	"?:": 0, "||": 1, "&&": 2, "not": 3,
	"==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "in": 4, "not in": 4,
	"+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "neg": 7, "!": 7,
}

// text prints t, in parentheses where it is looser than level.
func (t *tree) text(level int) string {
	var s string
	own, isOp := levels[t.op]
	if !isOp {
		own = 8
	}
	switch t.op {
	case "literal":
		switch x := t.lit.(type) {
		case nil:
			s = "null"
		case bool:
			s = strconv.FormatBool(x)
		case int64:
			s = strconv.FormatInt(x, 10)
		case float64:
			s = strconv.FormatFloat(x, 'e', -1, 64)
		case string:
			s = "'" + x + "'"
		}
	case "name":
		s = t.name
		if len(s)%2 == 0 {
			s = `params["` + s + `"]`
		}
	case "?:":
		s = t.args[0].text(1) + " ? " + t.args[1].text(0) + ":" + t.args[2].text(0)
	case "not":
		s = "not " + t.args[0].text(3)
	case "!":
		s = "!" + t.args[0].text(7)
	case "neg":
		s = "-" + t.args[0].text(7)
	case "in", "not in":
		s = t.args[0].text(5) + " " + t.op + " ["
		for i, arg := range t.args[1:] {
			if i > 0 {
				s += ", "
			}
			s += arg.text(0)
		}
		s += "]"
	default:
		switch {
		case !isOp: // a call
			s = t.op + "("
			for i, arg := range t.args {
				if i > 0 {
					s += ", "
				}
				s += arg.text(0)
			}
			s += ")"
		case own == 4:
			s = t.args[0].text(5) + " " + t.op + " " + t.args[1].text(5)
		default: // to the left
			s = t.args[0].text(own) + " " + t.op + " " + t.args[1].text(own+1)
		}
	}
	if own < level {
		return "(" + s + ")"
	}
	return s
}

func (t *tree) eval(env map[string]any) any {
	arg := func(i int) any { return t.args[i].eval(env) }
	switch t.op {
	case "literal":
		return t.lit
	case "name":
		return env[t.name]
	case "?:":
		switch refTruth(arg(0)) {
		case true:
			return arg(1)
		case false:
			return arg(2)
		}
		return failed{}
	case "&&", "||":
		first := refTruth(arg(0))
		if first == (failed{}) || first == (t.op == "||") {
			return first
		}
		return refTruth(arg(1))
	case "not", "!":
		if b, ok := refTruth(arg(0)).(bool); ok {
			return !b
		}
		return failed{}
	case "in", "not in":
		x := arg(0)
		if x == (failed{}) {
			return x
		}
		for i := range t.args[1:] {
			y := arg(i + 1)
			if y == (failed{}) {
				return y
			}
			if refEqual(x, y) {
				return t.op == "in"
			}
		}
		return t.op != "in"
	}
	args := make([]any, len(t.args))
	null := false
	for i := range t.args {
		args[i] = arg(i)
		if args[i] == (failed{}) {
			return failed{}
		}
		null = null || args[i] == nil
	}
	switch t.op {
	case "==":
		return refEqual(args[0], args[1])
	case "!=":
		return !refEqual(args[0], args[1])
	case "<", "<=", ">", ">=":
		return refOrder(t.op, args[0], args[1])
	}
	for i, x := range args {
		switch b, isBool := x.(bool); {
		case isBool && t.op == "int":
			args[i] = map[bool]int64{true: 1}[b]
		case isBool:
			return failed{}
		}
		if _, isString := x.(string); isString {
			return failed{}
		}
		if _, isFloat := x.(float64); isFloat && t.op == "%" {
			return failed{}
		}
	}
	if null {
		return nil
	}
	return refArithmetic(t.op, args)
}

func refTruth(x any) any {
	switch x.(type) {
	case nil:
		return false
	case bool:
		return x
	}
	return failed{}
}

// refBig returns a finite number exactly.
func refBig(x any) (*big.Float, bool) {
	switch x := x.(type) {
	case int64:
		return new(big.Float).SetInt64(x), true
	case float64:
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			return big.NewFloat(x), true
		}
	}
	return nil, false
}

func refFloat(x any) (float64, bool) {
	switch x := x.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

func refEqual(x, y any) bool {
	if a, ok := refBig(x); ok {
		if b, ok := refBig(y); ok {
			return a.Cmp(b) == 0
		}
	}
	return x == y // NaN is unequal here too
}

func refOrder(op string, x, y any) any {
	for _, v := range []any{x, y} {
		if _, isBool := v.(bool); isBool {
			return failed{}
		}
	}
	if x == nil || y == nil {
		return nil
	}
	sign := 0
	a, aok := refFloat(x)
	b, bok := refFloat(y)
	s, sok := x.(string)
	u, uok := y.(string)
	switch {
	case aok && bok:
		if math.IsNaN(a) || math.IsNaN(b) {
			return false
		}
		p, pok := refBig(x)
		q, qok := refBig(y)
		switch {
		case pok && qok:
			sign = p.Cmp(q)
		case a < b:
			sign = -1
		case a > b:
			sign = 1
		}
	case sok && uok:
		switch {
		case s < u:
			sign = -1
		case s > u:
			sign = 1
		}
	default:
		return failed{}
	}
	return map[string]bool{"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[op]
}

func refArithmetic(op string, args []any) any {
	x, _ := refFloat(args[0])
	i, xInt := args[0].(int64)
	var y float64
	var j int64
	ints := xInt
	if len(args) > 1 {
		y, _ = refFloat(args[1])
		var yInt bool
		j, yInt = args[1].(int64)
		ints = xInt && yInt
	}
	a, b, exact := big.NewInt(i), big.NewInt(j), new(big.Int)
	var f float64
	switch op {
	case "+":
		exact, f = exact.Add(a, b), x+y
	case "-":
		exact, f = exact.Sub(a, b), x-y
	case "*":
		exact, f = exact.Mul(a, b), x*y
	case "neg":
		exact, f = exact.Neg(a), -x
	case "abs":
		exact, f = exact.Abs(a), math.Abs(x)
	case "floor", "ceil", "int":
		f = map[string]func(float64) float64{"floor": math.Floor, "ceil": math.Ceil, "int": math.Trunc}[op](x)
		if xInt {
			return i
		}
		if g, ok := refBig(f); ok {
			exact, _ = g.Int(nil)
			ints = true
		}
	case "/":
		return x / y
	case "%":
		if j == 0 {
			return math.NaN()
		}
		return exact.Rem(a, b).Int64()
	case "sqrt":
		return math.Sqrt(x)
	case "min", "max":
		best := args[0]
		for _, arg := range args {
			if g, _ := refFloat(arg); math.IsNaN(g) {
				return g
			}
			if refOrder(map[string]string{"min": "<", "max": ">"}[op], arg, best) == true {
				best = arg
			}
		}
		return best
	}
	if ints && exact.IsInt64() {
		return exact.Int64()
	}
	return f
}

// refNames are the names in drawn expressions; the last two are usually truth
// values, the others numbers.
var refNames = []string{"a", "bb", "c.d", "ee_1", "f"}

func drawScalar(t *rapid.T, label string) any {
	switch rapid.IntRange(0, 6).Draw(t, label) {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, label)
	case 2:
		return rapid.SampledFrom([]string{"", "x", "yy"}).Draw(t, label)
	case 3:
		return rapid.SampledFrom([]float64{0, 0.5, 1, 2.5, 1 << 53, 1 << 63, math.MaxFloat64, 5e-324}).Draw(t, label)
	case 4:
		return rapid.SampledFrom([]int64{1<<53 + 1, math.MaxInt64, 1 << 32, 1e9}).Draw(t, label)
	default:
		return rapid.Int64Range(0, 4).Draw(t, label)
	}
}

// drawLikely draws a truth value or a number, as wanted, or now and then
// anything.
func drawLikely(t *rapid.T, condition bool) any {
	x := drawScalar(t, "scalar")
	if rapid.IntRange(0, 9).Draw(t, "any") == 9 {
		return x
	}
	switch x.(type) {
	case int64, float64:
		if condition {
			return rapid.Bool().Draw(t, "truth")
		}
	case string, bool:
		if !condition {
			return rapid.Int64Range(0, 9).Draw(t, "small")
		}
		return rapid.Bool().Draw(t, "truth")
	}
	return x
}

// drawTree draws an expression. Most of the time it is of the kind wanted by
// the operator above it: a condition or a number. A uniform choice would be a
// type error nearly always.
func drawTree(t *rapid.T, depth int, condition bool) *tree {
	if depth == 0 || rapid.IntRange(0, 5).Draw(t, "leaf") == 5 {
		if rapid.IntRange(0, 3).Draw(t, "name") > 0 {
			first, last := 0, 2
			if condition {
				first, last = 3, 4
			}
			return &tree{op: "name", name: refNames[rapid.IntRange(first, last).Draw(t, "which")]}
		}
		return &tree{op: "literal", lit: drawLikely(t, condition)}
	}
	if rapid.IntRange(0, 19).Draw(t, "stray") == 19 {
		condition = !condition
	}
	ops := []string{"+", "-", "*", "/", "%", "neg", "abs", "floor", "ceil", "int", "sqrt", "min", "max", "+", "*", "?:"}
	if condition {
		ops = []string{"<=", "||", "&&", "not", "!", "==", "!=", "<", ">", ">=", "in", "not in", "?:"}
	}
	op := rapid.SampledFrom(ops).Draw(t, "op")
	n := 2
	switch op {
	case "?:":
		n = 3
	case "not", "!", "neg", "abs", "floor", "ceil", "int", "sqrt":
		n = 1
	case "in", "not in", "min", "max":
		n = rapid.IntRange(1, 4).Draw(t, "arguments")
	}
	x := &tree{op: op}
	for i := range n {
		below := op == "||" || op == "&&" || op == "not" || op == "!" || op == "?:" && (condition || i == 0)
		x.args = append(x.args, drawTree(t, depth-1, below))
	}
	return x
}

func toValue(t *rapid.T, x any) value.Value {
	v, err := value.FromAny(x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestProgramsMatchReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawTree(t, 5, rapid.Bool().Draw(t, "condition"))
		src := x.text(0)
		env := map[string]any{}
		for i, name := range refNames {
			env[name] = drawLikely(t, i >= 3)
		}
		lookup := func(name string) value.Value {
			if env[name] == nil {
				return value.Value{} // absent and null are the same here
			}
			return toValue(t, env[name])
		}
		p, err := expr.Compile(src)
		if err != nil {
			// What the compiler refuses must be a mistake of type: the printer
			// makes no other. That it fails is the business of a table test, for
			// this env may not reach it.
			var e *expr.Error
			if !errors.As(err, &e) || !typeMistake.MatchString(e.Message) {
				t.Fatalf("%s: %v", src, err)
			}
			return
		}
		got, err := p.Eval(lookup)
		want := x.eval(env)
		if want == (failed{}) {
			if err == nil {
				t.Fatalf("%s gave %v, not an error", src, got)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		if want := toValue(t, want); got != want {
			t.Fatalf("%s gave %v (%s), want %v (%s)", src, got, got.Kind(), want, want.Kind())
		}
		checkCondition(t, p, lookup)
	})
}

var typeMistake = regexp.MustCompile(` needs .* but this is | cannot order | are never equal$`)

// checkCondition checks that Eval, Bool and Violation agree.
func checkCondition(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *expr.Program, env expr.Env) {
	t.Helper()
	v, evalErr := p.Eval(env)
	b, boolErr := p.Bool(env)
	amount, amountErr := p.Violation(env)
	if (boolErr == nil) != (amountErr == nil) {
		t.Fatalf("%s: Bool gives %v and Violation %v", p, boolErr, amountErr)
	}
	if evalErr != nil && boolErr == nil {
		t.Fatalf("%s: Eval gives %v and Bool no error", p, evalErr)
	}
	if boolErr != nil {
		return
	}
	if truth, _ := v.AsBool(); truth != b {
		t.Fatalf("%s: Eval gives %v and Bool %v", p, v, b)
	}
	if math.IsNaN(amount) || b != (amount <= 0) {
		t.Fatalf("%s: Bool gives %v and Violation %v", p, b, amount)
	}
	if v == value.Null && !math.IsInf(amount, 1) {
		t.Fatalf("%s: null has the violation %v", p, amount)
	}
	if b && !p.IsCondition() {
		t.Fatalf("%s is true but no condition", p)
	}
}
