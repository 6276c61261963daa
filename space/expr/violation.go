package expr

import (
	"math"

	"github.com/afina-hpo/afina/space/value"
)

// Violation returns by how much env violates the condition p, for searches that
// can use more than yes and no. It is <= 0 exactly where [Program.Bool] is
// true, and an error exactly where Bool is one; it is never NaN.
//
// A comparison of numbers gives its signed amount: a <= b and a < b give a-b,
// a >= b and a > b give b-a, a == b gives |a-b| and a != b gives -|a-b|. Where
// the amount has the wrong sign (equality under <, a difference too small for a
// float) it becomes the smallest positive number, or 0. A row of && gives the
// largest of its amounts, a row of || the smallest; an operand that Bool would
// not reach counts only if it evaluates. Everything else gives -1 for true and
// 1 for false, and what is false by a null or a NaN gives +Inf.
func (p *Program) Violation(env Env) (float64, error) {
	if len(p.nodes) == 0 {
		return math.Inf(1), nil
	}
	amount, err := p.violation(p.root, env)
	if err != nil {
		return math.Inf(1), err
	}
	return amount, nil
}

func (p *Program) violation(at int32, env Env) (float64, *Error) {
	n := &p.nodes[at]
	switch n.kind {
	case nodeAnd, nodeOr:
		return p.violationOfRow(n, env)
	case nodeCompare:
		l, r, err := p.evalBoth(n, env)
		if err != nil {
			return 0, err
		}
		v, err := p.compare(n, l, r)
		if err != nil {
			return 0, err
		}
		if b, _ := v.AsBool(); l.IsNumber() && r.IsNumber() {
			return amount(n.op, b, l, r), nil
		}
		return plain(v), nil
	}
	v, err := p.eval(at, env)
	if err != nil {
		return 0, err
	}
	if _, err := p.truth(at, v); err != nil {
		return 0, err
	}
	return plain(v), nil
}

// violationOfRow is the largest amount of an && row, the smallest of an ||.
func (p *Program) violationOfRow(n *node, env Env) (float64, *Error) {
	settled := false // Bool would have stopped by now
	var worst float64
	for i, arg := range n.args {
		a, err := p.violation(arg.node, env)
		switch {
		case err != nil && settled:
			continue
		case err != nil:
			return 0, err
		case i == 0:
			worst = a
		case n.kind == nodeAnd:
			worst = max(worst, a)
		default:
			worst = min(worst, a)
		}
		settled = settled || (a <= 0) == (n.kind == nodeOr)
	}
	return worst, nil
}

// plain is the violation of a condition that has no amount.
func plain(v value.Value) float64 {
	switch b, ok := v.AsBool(); {
	case !ok:
		return math.Inf(1)
	case b:
		return -1
	}
	return 1
}

// amount is the violation of l o r, two numbers for which o is true or not.
func amount(o op, holds bool, l, r value.Value) float64 {
	if isNaN(l) || isNaN(r) {
		if holds {
			return -1 // NaN != x
		}
		return math.Inf(1)
	}
	d := apply(opSub, l, r).AsFloat()
	switch o {
	case opGreater, opGreaterEqual:
		d = 0 - d // never -0
	case opEqual:
		d = math.Abs(d)
	case opUnequal:
		d = 0 - math.Abs(d)
	}
	switch {
	case holds && !(d <= 0): // also Inf - Inf
		return 0
	case !holds && !(d > 0):
		return math.SmallestNonzeroFloat64
	}
	return d
}
