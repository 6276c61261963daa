package onnx

import (
	"errors"
	"fmt"
	"math"
)

// gemm is α·a·b + β·c with a of rows and c stretched; b, a constant, is turned
// so that a cell is the product of two rows.
func gemm(s *Session, n node, in []*tensor) (*tensor, func() error, error) {
	a, b := in[0], in[1]
	if a.kind != single || b.kind != single || len(a.dims) != 2 || len(b.dims) != 2 {
		return nil, nil, errors.New("its inputs are no matrices in single precision")
	}
	if n.attr["transA"].i != 0 {
		return nil, nil, errors.New("transA is not known here")
	}
	alpha, beta := float32(1), float32(1)
	if v, ok := n.attr["alpha"]; ok {
		alpha = v.f
	}
	if v, ok := n.attr["beta"]; ok {
		beta = v.f
	}
	if n.attr["transB"].i == 0 {
		if !b.fixed {
			return nil, nil, errors.New("its second matrix is neither turned nor constant")
		}
		turned, err := s.make(single, []int{b.dims[1], b.dims[0]})
		if err != nil {
			return nil, nil, err
		}
		for i := range b.dims[0] {
			for j := range b.dims[1] {
				turned.f[j*b.dims[0]+i] = b.f[i*b.dims[1]+j]
			}
		}
		b = turned
	}
	rows, inner, columns := a.dims[0], a.dims[1], b.dims[0]
	if b.dims[1] != inner {
		return nil, nil, fmt.Errorf("the sizes %v and %v do not fit", a.dims, b.dims)
	}
	y, err := s.make(single, []int{rows, columns})
	if err != nil {
		return nil, nil, err
	}
	var c *tensor
	var at []int32
	if len(in) == 3 {
		c = in[2]
		dims, _, places, err := s.stretch(y, c)
		if err != nil {
			return nil, nil, err
		}
		if c.kind != single || len(dims) != 2 || dims[0] != rows || dims[1] != columns {
			return nil, nil, fmt.Errorf("the size %v does not fit to %v", c.dims, y.dims)
		}
		at = places
	}
	return y, func() error {
		for i := range rows {
			row := a.f[i*inner : (i+1)*inner]
			for j := range columns {
				v := alpha * dot(row, b.f[j*inner:(j+1)*inner])
				if c != nil {
					v += beta * c.f[at[i*columns+j]]
				}
				y.f[i*columns+j] = v
			}
		}
		return nil
	}, nil
}

// dot is the product of two vectors of one length. Eight sums keep the adders
// busy; where the rounding goes is within the model's own accuracy.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	b = b[:len(a)]
	for len(a) >= 8 {
		x, y := a[:8:8], b[:8:8]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		s4 += x[4] * y[4]
		s5 += x[5] * y[5]
		s6 += x[6] * y[6]
		s7 += x[7] * y[7]
		a, b = a[8:], b[8:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return (s0 + s4) + (s1 + s5) + ((s2 + s6) + (s3 + s7))
}

// batchNorm scales and moves every column by constants that training found.
func batchNorm(s *Session, n node, in []*tensor) (*tensor, func() error, error) {
	x := in[0]
	if len(x.dims) != 2 {
		return nil, nil, errors.New("its input is no matrix")
	}
	for i, t := range in {
		if t.kind != single || i > 0 && (!t.fixed || len(t.f) != x.dims[1]) {
			return nil, nil, fmt.Errorf("input %d is not single precision and constant, one a column", i+1)
		}
	}
	epsilon := float32(1e-5)
	if v, ok := n.attr["epsilon"]; ok {
		epsilon = v.f
	}
	columns := x.dims[1]
	y, err := s.make(single, x.dims)
	if err != nil {
		return nil, nil, err
	}
	factor, term := make([]float32, columns), make([]float32, columns)
	for j := range columns {
		factor[j] = in[1].f[j] / float32(math.Sqrt(float64(in[4].f[j]+epsilon)))
		term[j] = in[2].f[j] - in[3].f[j]*factor[j]
	}
	return y, func() error {
		for i := range x.dims[0] {
			row, out := x.f[i*columns:(i+1)*columns], y.f[i*columns:(i+1)*columns]
			for j, v := range row {
				out[j] = v*factor[j] + term[j]
			}
		}
		return nil
	}, nil
}
