package expr

import (
	"github.com/afina-hpo/afina/space/value"
)

// Eval returns p's value under env: never absent, null where the expression
// comes to nothing. The error, an [*Error], is a mistake of type that depends
// on the values. Operands that && || ?: in do not reach are not evaluated, so
// their mistakes are not reported.
func (p *Program) Eval(env Env) (value.Value, error) {
	if len(p.nodes) == 0 {
		return value.Null, nil
	}
	v, err := p.eval(p.root, env)
	if err != nil {
		return value.Null, err
	}
	return v, nil
}

// Bool returns p's value as a condition: null is false, and a value other than
// true, false and null is an error, as everything that [Program.Eval] refuses.
func (p *Program) Bool(env Env) (bool, error) {
	if len(p.nodes) == 0 {
		return false, nil
	}
	v, err := p.eval(p.root, env)
	if err != nil {
		return false, err
	}
	b, err := p.truth(p.root, v)
	if err != nil {
		return false, err
	}
	return b, nil
}

// eval returns a pointer and not an error so that nil stays nil all the way.
func (p *Program) eval(at int32, env Env) (value.Value, *Error) {
	n := &p.nodes[at]
	switch n.kind {
	case nodeLiteral:
		return n.lit, nil
	case nodeName:
		if env == nil {
			return value.Null, nil
		}
		v := env(n.name)
		if v.IsAbsent() {
			return value.Null, nil
		}
		return v, nil
	case nodeChain:
		acc, err := p.eval(n.args[0].node, env)
		if err != nil {
			return value.Null, err
		}
		for _, arg := range n.args[1:] {
			if acc, err = p.arithmetic(arg.op, n.start, acc, arg.node, env); err != nil {
				return value.Null, err
			}
		}
		return acc, nil
	case nodePower:
		base, err := p.eval(n.args[0].node, env)
		if err != nil {
			return value.Null, err
		}
		return p.arithmetic(opPow, n.start, base, n.args[1].node, env)
	case nodeMinus:
		v, err := p.evalAs("-", kindNumber, n.args[0].node, env)
		if err != nil || v == value.Null {
			return value.Null, err
		}
		return negate(v), nil
	case nodeAnd, nodeOr:
		for _, arg := range n.args {
			b, err := p.condition(arg.node, env)
			if err != nil {
				return value.Null, err
			}
			if b == (n.kind == nodeOr) {
				return value.Bool(b), nil
			}
		}
		return value.Bool(n.kind == nodeAnd), nil
	case nodeNot:
		b, err := p.condition(n.args[0].node, env)
		return value.Bool(!b), err
	case nodeChoose:
		b, err := p.condition(n.args[0].node, env)
		if err != nil {
			return value.Null, err
		}
		if b {
			return p.eval(n.args[1].node, env)
		}
		return p.eval(n.args[2].node, env)
	case nodeCompare:
		l, r, err := p.evalBoth(n, env)
		if err != nil {
			return value.Null, err
		}
		return p.compare(n, l, r)
	case nodeIn:
		return p.in(n, env)
	default:
		return p.call(n, env)
	}
}

// evalAs evaluates an operand of op, which must be one of the kinds or null.
func (p *Program) evalAs(op string, kinds kindSet, at int32, env Env) (value.Value, *Error) {
	v, err := p.eval(at, env)
	if err == nil && kindOf(v)&(kinds|kindNull) == 0 {
		err = needs(p.nodes[at].start, op, kinds, describe(v))
	}
	return v, err
}

func (p *Program) condition(at int32, env Env) (bool, *Error) {
	v, err := p.eval(at, env)
	if err != nil {
		return false, err
	}
	return p.truth(at, v)
}

// truth returns v, the value of the node at, as a condition.
func (p *Program) truth(at int32, v value.Value) (bool, *Error) {
	if kindOf(v)&(kindBool|kindNull) == 0 {
		return false, needs(p.nodes[at].start, conditionOp, kindBool, describe(v))
	}
	b, _ := v.AsBool() // false for null
	return b, nil
}

// arithmetic applies o to left, which starts at start, and a right operand.
func (p *Program) arithmetic(o op, start int32, left value.Value, right int32, env Env) (value.Value, *Error) {
	takes := takenBy(o)
	if kindOf(left)&(takes|kindNull) == 0 {
		return value.Null, needs(start, o.String(), takes, describe(left))
	}
	r, err := p.evalAs(o.String(), takes, right, env)
	if err != nil || left == value.Null || r == value.Null {
		return value.Null, err
	}
	return apply(o, left, r), nil
}

func (p *Program) evalBoth(n *node, env Env) (l, r value.Value, err *Error) {
	if l, err = p.eval(n.args[0].node, env); err == nil {
		r, err = p.eval(n.args[1].node, env)
	}
	return l, r, err
}

// compare applies the comparison n to the values of its operands.
func (p *Program) compare(n *node, l, r value.Value) (value.Value, *Error) {
	switch n.op {
	case opEqual:
		return value.Bool(equal(l, r)), nil
	case opUnequal:
		return value.Bool(!equal(l, r)), nil
	}
	const ordered = kindNumber | kindString
	for i, v := range [...]value.Value{l, r} {
		if kindOf(v)&(ordered|kindNull) == 0 {
			return value.Null, needs(p.nodes[n.args[i].node].start, n.op.String(), ordered, describe(v))
		}
	}
	var sign int
	switch {
	case l == value.Null || r == value.Null:
		return value.Null, nil
	case l.IsNumber() && r.IsNumber():
		var ok bool
		if sign, ok = order(l, r); !ok {
			return value.Bool(false), nil
		}
	default:
		var ok bool
		if sign, ok = value.Compare(l, r); !ok {
			return value.Null, incomparable(n, describe(l), describe(r))
		}
	}
	return value.Bool(holds(n.op, sign)), nil
}

// holds reports whether the ordering o holds for two values in this order.
func holds(o op, sign int) bool {
	switch o {
	case opLess:
		return sign < 0
	case opLessEqual:
		return sign <= 0
	case opGreater:
		return sign > 0
	default:
		return sign >= 0
	}
}

func (p *Program) in(n *node, env Env) (value.Value, *Error) {
	x, err := p.eval(n.args[0].node, env)
	if err != nil {
		return value.Null, err
	}
	for _, arg := range n.args[1:] {
		y, err := p.eval(arg.node, env)
		if err != nil {
			return value.Null, err
		}
		if equal(x, y) {
			return value.Bool(!n.negated), nil
		}
	}
	return value.Bool(n.negated), nil
}

// call calls a function: all arguments are evaluated and checked, one null
// makes the result null, and of min and max one NaN makes it NaN.
func (p *Program) call(n *node, env Env) (value.Value, *Error) {
	f := &functions[n.fn]
	var acc value.Value
	null := false
	for i, arg := range n.args {
		v, err := p.evalAs(f.name, f.takes, arg.node, env)
		if err != nil {
			return value.Null, err
		}
		switch {
		case v == value.Null:
			null = true
		case null:
		case i == 0:
			acc = v
		case n.fn == fnPow:
			acc = apply(opPow, acc, v)
		default:
			sign, ok := order(v, acc)
			if isNaN(v) || ok && (n.fn == fnMin && sign < 0 || n.fn == fnMax && sign > 0) {
				acc = v
			}
		}
	}
	switch {
	case null:
		return value.Null, nil
	case f.run != nil:
		return f.run(acc), nil
	}
	return acc, nil
}

func isNaN(v value.Value) bool {
	f := v.AsFloat()
	return v.IsNumber() && f != f
}
