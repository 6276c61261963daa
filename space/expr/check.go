package expr

import "strconv"

// check returns the kinds of value that n can give, from those of its
// operands, or the mistake of type that it must end in. Names can have any
// kind, so only what fails whatever they are is reported.
func (c *compiler) check(n *node) (kindSet, *Error) {
	switch n.kind {
	case nodeLiteral:
		return kindOf(n.lit), nil
	case nodeName:
		return kindAny, nil
	case nodeChain:
		first := n.args[0]
		t := c.types[first.node]
		for _, arg := range n.args[1:] {
			var err *Error
			if t, err = c.checkArithmetic(arg.op, n.start, t, arg.node); err != nil {
				return 0, err
			}
		}
		return t, nil
	case nodePower:
		left := n.args[0].node
		return c.checkArithmetic(opPow, n.start, c.types[left], n.args[1].node)
	case nodeMinus:
		arg := n.args[0].node
		if err := c.want("-", arg, kindNumber); err != nil {
			return 0, err
		}
		return c.types[arg] & (kindNumber | kindNull), nil
	case nodeAnd, nodeOr, nodeNot:
		for _, arg := range n.args {
			if err := c.want(conditionOp, arg.node, kindBool); err != nil {
				return 0, err
			}
		}
		return kindBool, nil
	case nodeChoose:
		if err := c.want(conditionOp, n.args[0].node, kindBool); err != nil {
			return 0, err
		}
		return c.types[n.args[1].node] | c.types[n.args[2].node], nil
	case nodeCompare:
		return c.checkComparison(n)
	case nodeIn:
		return kindBool, nil
	default:
		return c.checkCall(n)
	}
}

// conditionOp stands in messages for everything that takes true or false.
const conditionOp = "a condition"

// lacks reports whether a value of s is of none of the kinds whenever it is not
// null. That it may be null is no excuse: "a / 2 % 2" fails for every a.
func (s kindSet) lacks(kinds kindSet) bool {
	return s&^kindNull != 0 && s&kinds == 0
}

// want refuses an operand of op that cannot be of one of the kinds.
func (c *compiler) want(op string, arg int32, kinds kindSet) *Error {
	if t := c.types[arg]; t.lacks(kinds) {
		return needs(c.nodes[arg].start, op, kinds, t.String())
	}
	return nil
}

// checkArithmetic checks left o right, of which the left starts at start and
// may be the first part of a chain.
func (c *compiler) checkArithmetic(o op, start int32, left kindSet, right int32) (kindSet, *Error) {
	takes := takenBy(o)
	if left.lacks(takes) {
		return 0, needs(start, o.String(), takes, left.String())
	}
	if err := c.want(o.String(), right, takes); err != nil {
		return 0, err
	}
	r := c.types[right]
	l := left & (takes | kindNull)
	r &= takes | kindNull
	result := (l | r) & kindNull
	switch {
	case l == kindNull || r == kindNull:
	case o == opDiv || l&kindInt == 0 || r&kindInt == 0:
		result |= kindFloat
	default: // ints can overflow into a float, and n % 0 is NaN
		result |= kindNumber
	}
	return result, nil
}

// takenBy returns the kinds, besides null, that an arithmetic operator takes.
func takenBy(o op) kindSet {
	if o == opMod {
		return kindInt
	}
	return kindNumber
}

func (c *compiler) checkComparison(n *node) (kindSet, *Error) {
	left, right := n.args[0].node, n.args[1].node
	l, r := widen(c.types[left]), widen(c.types[right])
	if n.op == opEqual || n.op == opUnequal {
		if l&r == 0 {
			return 0, &Error{int(n.opAt), l.String() + " and " + r.String() + " are never equal", ""}
		}
		return kindBool, nil
	}
	for _, arg := range n.args {
		if err := c.want(n.op.String(), arg.node, kindNumber|kindString); err != nil {
			return 0, err
		}
	}
	l, r = l&(kindNumber|kindString|kindNull), r&(kindNumber|kindString|kindNull)
	if l != kindNull && r.lacks(l&^kindNull) {
		return 0, incomparable(n, l.String(), r.String())
	}
	return kindBool | (l|r)&kindNull, nil
}

// widen takes ints for floats and the other way round.
func widen(s kindSet) kindSet {
	if s&kindNumber != 0 {
		s |= kindNumber
	}
	return s
}

func incomparable(n *node, left, right string) *Error {
	return &Error{int(n.opAt), n.op.String() + " cannot order " + left + " and " + right, "it orders two numbers or two strings"}
}

func (c *compiler) checkCall(n *node) (kindSet, *Error) {
	f := &functions[n.fn]
	if got := len(n.args); got < f.least || got > f.most {
		want := strconv.Itoa(f.least)
		if f.most > f.least {
			want = "at least " + want
		}
		return 0, &Error{int(n.start), f.name + " takes " + want + " " + plural("argument", f.least) + ", not " + strconv.Itoa(got), ""}
	}
	null := kindSet(0)
	for _, arg := range n.args {
		if err := c.want(f.name, arg.node, f.takes); err != nil {
			return 0, err
		}
		null |= c.types[arg.node] & kindNull
	}
	return f.gives | null, nil
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
