package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/afina-hpo/afina/space/value"
)

type nodeKind uint8

const (
	nodeLiteral nodeKind = iota
	nodeName
	nodeChain   // operators of one level in a row: a + b - c
	nodeAnd     // two or more operands
	nodeOr      // two or more operands
	nodeNot     // one operand
	nodeMinus   // one operand
	nodePower   // two operands
	nodeCompare // two operands; op is the comparison
	nodeIn      // the first operand is looked for among the rest
	nodeChoose  // condition, then, else
	nodeCall    // call of functions[fn]
)

// op is an operator of a chain or a comparison.
type op uint8

const (
	opNone op = iota
	opAdd
	opSub
	opMul
	opDiv
	opMod
	opPow
	opEqual
	opUnequal
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
)

// opTexts spells the operators; the index is the op.
var opTexts = [...]string{"", "+", "-", "*", "/", "%", "**", "==", "!=", "<", "<=", ">", ">="}

func (o op) String() string { return opTexts[o] }

// node is one node of a program; nodes lie in a slice and name each other by
// index. A row of operators of one level is one node with many operands, not a
// tree leaning left, so that its length does not become depth of recursion.
type node struct {
	kind    nodeKind
	negated bool // of nodeIn: not in
	op      op   // of nodeCompare
	fn      int8 // of nodeCall
	start   int32
	opAt    int32 // offset of the operator, or start
	lit     value.Value
	name    string
	args    []operand
}

// operand is a child of a node, in a chain with the operator before it.
type operand struct {
	node int32
	op   op
}

// compiler scans, parses and checks in one pass. The first error stays in err
// and makes the scanner return the end for ever, so that every loop of the
// parser ends by itself; node 0 is a null that stands for what could not be
// parsed.
type compiler struct {
	src   string
	at    int // of the scanner
	tok   token
	nodes []node
	types []kindSet // of the nodes
	depth int
	err   *Error
}

// fail keeps the first error and ends the tokens.
func (c *compiler) fail(offset int, message, hint string) {
	if c.err == nil {
		c.err = &Error{Offset: offset, Message: message, Hint: hint}
	}
	c.tok = token{start: c.tok.start}
}

func (c *compiler) next() { c.tok = c.scan() }

func (c *compiler) compile() int32 {
	c.nodes = append(c.nodes, node{})
	c.types = append(c.types, kindNull)
	switch {
	case len(c.src) > MaxSource:
		c.fail(MaxSource, "expression longer than "+strconv.Itoa(MaxSource)+" bytes", "")
	case !utf8.ValidString(c.src):
		at := 0
		for i, r := range c.src {
			if _, size := utf8.DecodeRuneInString(c.src[i:]); r == utf8.RuneError && size == 1 {
				at = i
				break
			}
		}
		c.fail(at, "not UTF-8 text", "")
	case strings.Trim(c.src, " \t\r\n") == "":
		c.fail(0, "empty expression", "")
	}
	c.next()
	root := c.expression()
	if c.tok.kind != tokenEnd {
		c.unexpected("")
	}
	return root
}

// unexpected reports the current token where something else had to stand.
func (c *compiler) unexpected(wanted string) {
	message, hint := "unexpected "+c.tok.text, ""
	if wanted != "" {
		message += ", expected " + wanted
	}
	switch {
	case c.tok.kind == tokenEnd:
		message = "expression ends too early, expected " + wanted
	case c.tok.is("["):
		hint = `only params["..."] and metrics["..."] have brackets; a list stands after in`
	case c.tok.is("+"):
		hint = "there is no unary plus"
	case wanted == "" && c.tok.kind != tokenOp:
		hint = "is an operator missing before it?"
	}
	c.fail(int(c.tok.start), message, hint)
}

// expect steps over op, which must be the current token.
func (c *compiler) expect(op string) {
	if !c.tok.is(op) {
		c.unexpected(op)
		return
	}
	c.next()
}

// nested runs parse one level deeper.
func (c *compiler) nested(parse func() int32) int32 {
	if c.depth == MaxDepth {
		c.fail(int(c.tok.start), "nested deeper than "+strconv.Itoa(MaxDepth)+" levels", "name a part of it as a derived value")
		return 0
	}
	c.depth++
	n := parse()
	c.depth--
	return n
}

// add checks n and appends it.
func (c *compiler) add(n node) int32 {
	if c.err != nil {
		return 0
	}
	if len(c.nodes) > MaxNodes { // node 0 does not count
		c.fail(int(n.start), "more than "+strconv.Itoa(MaxNodes)+" operators and operands", "name a part of it as a derived value")
		return 0
	}
	t, err := c.check(&n)
	if err != nil {
		c.fail(err.Offset, err.Message, err.Hint)
		return 0
	}
	c.nodes = append(c.nodes, n)
	c.types = append(c.types, t)
	return int32(len(c.nodes) - 1)
}

func (c *compiler) expression() int32 { return c.nested(c.choose) }

func (c *compiler) choose() int32 {
	cond := c.or()
	if !c.tok.is("?") {
		return cond
	}
	n := node{kind: nodeChoose, start: c.nodes[cond].start, opAt: c.tok.start}
	c.next()
	then := c.expression()
	c.expect(":")
	n.args = []operand{{node: cond}, {node: then}, {node: c.expression()}}
	return c.add(n)
}

func (c *compiler) or() int32  { return c.logic("||", nodeOr, c.and) }
func (c *compiler) and() int32 { return c.logic("&&", nodeAnd, c.not) }

func (c *compiler) logic(op string, kind nodeKind, part func() int32) int32 {
	first := part()
	if !c.tok.is(op) {
		return first
	}
	n := node{kind: kind, start: c.nodes[first].start, opAt: c.tok.start}
	n.args = []operand{{node: first}}
	for c.tok.is(op) {
		c.next()
		n.args = append(n.args, operand{node: part()})
	}
	return c.add(n)
}

func (c *compiler) not() int32 {
	if !c.tok.is("not") {
		return c.comparison()
	}
	return c.prefix(nodeNot, c.not)
}

// prefix parses the operand of the current token, a unary operator.
func (c *compiler) prefix(kind nodeKind, part func() int32) int32 {
	n := node{kind: kind, start: c.tok.start, opAt: c.tok.start}
	c.next()
	n.args = []operand{{node: c.nested(part)}}
	return c.add(n)
}

// comparisonOp returns the comparison that text spells, or opNone.
func comparisonOp(t token) op {
	if t.kind == tokenOp {
		for o := opEqual; o <= opGreaterEqual; o++ {
			if opTexts[o] == t.text {
				return o
			}
		}
	}
	return opNone
}

func (c *compiler) comparison() int32 {
	left := c.sum()
	n := node{start: c.nodes[left].start, opAt: c.tok.start}
	n.args = []operand{{node: left}}
	switch o := comparisonOp(c.tok); {
	case o != opNone:
		n.kind, n.op = nodeCompare, o
		c.next()
		n.args = append(n.args, operand{node: c.sum()})
	case c.tok.is("in"), c.tok.is("not"):
		n.kind, n.negated = nodeIn, c.tok.is("not")
		c.next()
		if n.negated {
			c.expect("in")
		}
		if c.err == nil && !c.tok.is("[") {
			c.fail(int(c.tok.start), "in needs a list", `write x in ["a", "b"]`)
		}
		n.args = c.list("[", "]", n.args)
	default:
		return left
	}
	if comparisonOp(c.tok) != opNone || c.tok.is("in") || c.tok.is("not") {
		c.fail(int(c.tok.start), "comparisons cannot follow each other", "write a < b && b < c, or add parentheses")
	}
	return c.add(n)
}

// list parses expressions between open and end, and appends them to args.
func (c *compiler) list(open, end string, args []operand) []operand {
	c.expect(open)
	for !c.tok.is(end) && c.err == nil {
		args = append(args, operand{node: c.expression()})
		if !c.tok.is(",") {
			break
		}
		c.next()
		if c.tok.is(end) {
			c.unexpected("a value after the comma")
		}
	}
	if c.err == nil && !c.tok.is(end) {
		c.unexpected(", or " + end)
	}
	c.expect(end)
	return args
}

func (c *compiler) sum() int32     { return c.chain(opAdd, opSub, c.product) }
func (c *compiler) product() int32 { return c.chain(opMul, opMod, c.unary) }

// chain parses a row of the operators from lowest to highest.
func (c *compiler) chain(lowest, highest op, part func() int32) int32 {
	first := part()
	n := node{kind: nodeChain, start: c.nodes[first].start, opAt: c.tok.start}
	for {
		o := opNone
		for i := lowest; i <= highest; i++ {
			if c.tok.is(opTexts[i]) {
				o = i
			}
		}
		if o == opNone {
			break
		}
		if n.args == nil {
			n.args = []operand{{node: first}}
		}
		c.next()
		n.args = append(n.args, operand{node: part(), op: o})
	}
	if n.args == nil {
		return first
	}
	return c.add(n)
}

func (c *compiler) unary() int32 {
	switch {
	case c.tok.is("-"):
		return c.prefix(nodeMinus, c.unary)
	case c.tok.is("!"):
		return c.prefix(nodeNot, c.unary)
	}
	base := c.primary()
	if !c.tok.is("**") {
		return base
	}
	n := node{kind: nodePower, start: c.nodes[base].start, opAt: c.tok.start}
	c.next()
	n.args = []operand{{node: base}, {node: c.nested(c.unary)}}
	return c.add(n)
}

func (c *compiler) primary() int32 {
	t := c.tok
	switch {
	case t.kind == tokenLiteral:
		c.next()
		return c.add(node{kind: nodeLiteral, start: t.start, opAt: t.start, lit: t.lit})
	case t.kind == tokenName:
		c.next()
		switch {
		case c.tok.is("("):
			return c.call(t)
		case c.tok.is("[") && (t.text == "params" || t.text == "metrics"):
			return c.index(t)
		}
		return c.add(node{kind: nodeName, start: t.start, opAt: t.start, name: t.text})
	case t.is("("):
		c.next()
		inner := c.expression()
		c.expect(")")
		return inner
	}
	c.unexpected("a value")
	return 0
}

// index parses params["name"] and metrics["name"] from the bracket on.
func (c *compiler) index(t token) int32 {
	c.next()
	name, ok := c.tok.lit.AsString()
	if !ok {
		c.unexpected("a name in quotes")
	} else if name == "" {
		c.fail(int(c.tok.start), "empty name", "")
	}
	c.next()
	c.expect("]")
	return c.add(node{kind: nodeName, start: t.start, opAt: t.start, name: name})
}

// call parses the arguments of a call of the function that t names.
func (c *compiler) call(t token) int32 {
	n := node{kind: nodeCall, start: t.start, opAt: t.start, fn: -1}
	var names []string
	for i, f := range functions {
		names = append(names, f.name)
		if f.name == t.text {
			n.fn = int8(i)
		}
	}
	if n.fn < 0 {
		hint := "the functions are " + strings.Join(names, ", ")
		last := t.text[strings.LastIndexByte(t.text, '.')+1:]
		if near := nearest(last, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		c.fail(int(t.start), "unknown function "+t.text, hint)
		return 0
	}
	n.args = c.list("(", ")", nil)
	return c.add(n)
}
