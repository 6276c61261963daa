package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// operator prepares a node whose inputs are known: it returns the output and
// the step that computes it, nil where the output is there already.
type operator struct {
	least, most int // inputs
	prepare     func(s *Session, n node, in []*tensor) (*tensor, func() error, error)
}

var operators = map[string]operator{
	"Add":                {2, 2, pairwise(func(a, b float32) float32 { return a + b }, func(a, b float64) float64 { return a + b }, func(a, b int64) int64 { return a + b })},
	"Sub":                {2, 2, pairwise(func(a, b float32) float32 { return a - b }, func(a, b float64) float64 { return a - b }, func(a, b int64) int64 { return a - b })},
	"Mul":                {2, 2, pairwise(func(a, b float32) float32 { return a * b }, func(a, b float64) float64 { return a * b }, func(a, b int64) int64 { return a * b })},
	"Div":                {2, 2, pairwise(func(a, b float32) float32 { return a / b }, func(a, b float64) float64 { return a / b }, nil)},
	"Exp":                {1, 1, unary(math.Exp)},
	"Log":                {1, 1, unary(math.Log)},
	"Neg":                {1, 1, unary(func(x float64) float64 { return -x })},
	"Relu":               {1, 1, unary(func(x float64) float64 { return max(x, 0) })},
	"Sigmoid":            {1, 1, unary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })},
	"Constant":           {0, 0, constant},
	"Cast":               {1, 1, cast},
	"Gather":             {2, 2, gather},
	"Unsqueeze":          {2, 2, unsqueeze},
	"Shape":              {1, 1, shape},
	"Slice":              {4, 4, slice},
	"Concat":             {1, 1 << 10, concat},
	"Gemm":               {2, 3, gemm},
	"BatchNormalization": {5, 5, batchNorm},
}

func constant(_ *Session, n node, _ []*tensor) (*tensor, func() error, error) {
	t := n.attr["value"].t
	if t == nil {
		return nil, nil, errors.New("it has no value that is a tensor")
	}
	return t, nil, nil
}

// unary applies f, which works in double precision and is rounded, to every
// number of a tensor of floats.
func unary(f func(float64) float64) func(*Session, node, []*tensor) (*tensor, func() error, error) {
	return func(s *Session, _ node, in []*tensor) (*tensor, func() error, error) {
		x := in[0]
		if x.kind == integer {
			return nil, nil, errors.New("its input is of integers")
		}
		y, err := s.make(x.kind, x.dims)
		if err != nil {
			return nil, nil, err
		}
		return y, func() error {
			for i, v := range x.f {
				y.f[i] = float32(f(float64(v)))
			}
			for i, v := range x.d {
				y.d[i] = f(v)
			}
			return nil
		}, nil
	}
}

// pairwise applies one of the functions to the numbers of two tensors, which
// are stretched to one shape as numpy does. Without a function of integers
// those are divided, rounding towards zero.
func pairwise(f func(a, b float32) float32, d func(a, b float64) float64, i func(a, b int64) int64) func(*Session, node, []*tensor) (*tensor, func() error, error) {
	return func(s *Session, _ node, in []*tensor) (*tensor, func() error, error) {
		a, b := in[0], in[1]
		if a.kind != b.kind {
			return nil, nil, errors.New("its inputs are of different types")
		}
		dims, ia, ib, err := s.stretch(a, b)
		if err != nil {
			return nil, nil, err
		}
		y, err := s.make(a.kind, dims)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case a.kind == single:
			return y, func() error { apply(f, a.f, b.f, y.f, ia, ib); return nil }, nil
		case a.kind == double:
			return y, func() error { apply(d, a.d, b.d, y.d, ia, ib); return nil }, nil
		case i != nil:
			return y, func() error { apply(i, a.i, b.i, y.i, ia, ib); return nil }, nil
		}
		return y, func() error {
			if slices.Contains(b.i, 0) {
				return errors.New("an integer is divided by zero")
			}
			apply(func(a, b int64) int64 { return a / b }, a.i, b.i, y.i, ia, ib)
			return nil
		}, nil
	}
}

func apply[T any](f func(a, b T) T, a, b, y []T, ia, ib []int32) {
	for k := range y {
		y[k] = f(a[ia[k]], b[ib[k]])
	}
}

// stretch returns the shape that two tensors have together and, for every
// place in it, the place in each of them.
func (s *Session) stretch(a, b *tensor) (dims []int, ia, ib []int32, err error) {
	n := max(len(a.dims), len(b.dims))
	dims = make([]int, n)
	at := func(t *tensor, i int) int { // dimension i of t, missing ones are 1
		if i -= n - len(t.dims); i >= 0 {
			return t.dims[i]
		}
		return 1
	}
	total := 1
	for i := range dims {
		x, y := at(a, i), at(b, i)
		if dims[i] = max(x, y); x == 0 || y == 0 {
			dims[i] = 0
		}
		if x != y && x != 1 && y != 1 {
			return nil, nil, nil, fmt.Errorf("the sizes %v and %v do not fit", a.dims, b.dims)
		}
		if total *= dims[i]; total > maxCells {
			return nil, nil, nil, fmt.Errorf("the size %v is out of range", dims[:i+1])
		}
	}
	if s.cells += total; s.cells > maxCells {
		return nil, nil, nil, fmt.Errorf("the model needs more than %d numbers at once", maxCells)
	}
	places := func(t *tensor) []int32 {
		out := make([]int32, total)
		for k := range out {
			place, rest, stride := 0, k, 1
			for i := n - 1; i >= 0; i-- {
				if at(t, i) > 1 {
					place += rest % dims[i] * stride
				}
				stride *= at(t, i)
				rest /= dims[i]
			}
			out[k] = int32(place)
		}
		return out
	}
	return dims, places(a), places(b), nil
}

func cast(s *Session, n node, in []*tensor) (*tensor, func() error, error) {
	to, _, err := kindOf(uint64(n.attr["to"].i))
	if err != nil {
		return nil, nil, err
	}
	x := in[0]
	if to == x.kind {
		return x, nil, nil
	}
	if to == integer {
		return nil, nil, errors.New("casts to integers are not known here")
	}
	y, err := s.make(to, x.dims)
	if err != nil {
		return nil, nil, err
	}
	return y, func() error {
		for i := range y.f { // from the one of the two that x has
			if x.kind == double {
				y.f[i] = float32(x.d[i])
			} else {
				y.f[i] = float32(x.i[i])
			}
		}
		for i := range y.d {
			if x.kind == single {
				y.d[i] = float64(x.f[i])
			} else {
				y.d[i] = float64(x.i[i])
			}
		}
		return nil
	}, nil
}

func gather(s *Session, n node, in []*tensor) (*tensor, func() error, error) {
	x, at := in[0], in[1]
	if at.kind != integer {
		return nil, nil, errors.New("its indices are no integers")
	}
	a, err := axis(n.attr["axis"].i, len(x.dims))
	if err != nil {
		return nil, nil, err
	}
	y, err := s.make(x.kind, slices.Concat(x.dims[:a], at.dims, x.dims[a+1:]))
	if err != nil {
		return nil, nil, err
	}
	before, behind := x.around(a)
	size := int64(x.dims[a])
	return y, func() error {
		for i := range before {
			for k, j := range at.i {
				if j < 0 {
					j += size
				}
				if j < 0 || j >= size {
					return fmt.Errorf("index %d is out of the range of %d", at.i[k], size)
				}
				x.move(y, (i*len(at.i)+k)*behind, (i*int(size)+int(j))*behind, behind)
			}
		}
		return nil
	}, nil
}

// view returns x with another shape of the same size.
func view(x *tensor, dims []int) *tensor {
	y := *x
	y.dims = dims
	return &y
}

func unsqueeze(_ *Session, _ node, in []*tensor) (*tensor, func() error, error) {
	x, axes := in[0], in[1]
	if !axes.fixed || axes.kind != integer || len(axes.i) != 1 {
		return nil, nil, errors.New("its axes are not one constant")
	}
	a, err := axis(axes.i[0], len(x.dims)+1)
	if err != nil {
		return nil, nil, err
	}
	if len(x.dims) == maxRank {
		return nil, nil, fmt.Errorf("%d dimensions are more than %d", len(x.dims)+1, maxRank)
	}
	return view(x, slices.Concat(x.dims[:a], []int{1}, x.dims[a:])), nil, nil
}

func shape(_ *Session, _ node, in []*tensor) (*tensor, func() error, error) {
	y := newTensor(integer, []int{len(in[0].dims)})
	for i, d := range in[0].dims {
		y.i[i] = int64(d)
	}
	y.fixed = true
	return y, nil, nil
}

func slice(s *Session, _ node, in []*tensor) (*tensor, func() error, error) {
	x := in[0]
	for _, t := range in[1:] {
		if !t.fixed || t.kind != integer || len(t.i) != 1 {
			return nil, nil, errors.New("its start, end and axis are not one constant each")
		}
	}
	a, err := axis(in[3].i[0], len(x.dims))
	if err != nil {
		return nil, nil, err
	}
	size := int64(x.dims[a])
	place := func(v int64) int { // from the end where negative, within the size
		if v < 0 {
			v += size
		}
		return int(min(max(v, 0), size))
	}
	from, to := place(in[1].i[0]), place(in[2].i[0])
	to = max(to, from)
	dims := slices.Clone(x.dims)
	dims[a] = to - from
	y, err := s.make(x.kind, dims)
	if err != nil {
		return nil, nil, err
	}
	before, behind := x.around(a)
	return y, func() error {
		n := (to - from) * behind
		for i := range before {
			x.move(y, i*n, (i*int(size)+from)*behind, n)
		}
		return nil
	}, nil
}

func concat(s *Session, n node, in []*tensor) (*tensor, func() error, error) {
	first := in[0]
	a, err := axis(n.attr["axis"].i, len(first.dims))
	if err != nil {
		return nil, nil, err
	}
	dims := slices.Clone(first.dims)
	dims[a] = 0
	for _, t := range in {
		same := t.kind == first.kind && len(t.dims) == len(dims)
		for i := 0; same && i < len(dims); i++ {
			same = i == a || t.dims[i] == dims[i]
		}
		if !same {
			return nil, nil, fmt.Errorf("the sizes %v and %v do not fit", first.dims, t.dims)
		}
		if dims[a] += t.dims[a]; dims[a] > maxCells {
			return nil, nil, errors.New("the sizes are out of range")
		}
	}
	y, err := s.make(first.kind, dims)
	if err != nil {
		return nil, nil, err
	}
	return y, func() error {
		before, behind := y.around(a)
		row, at := dims[a]*behind, 0
		for _, t := range in {
			n := t.dims[a] * behind
			for i := range before {
				t.move(y, i*row+at, i*n, n)
			}
			at += n
		}
		return nil
	}, nil
}
