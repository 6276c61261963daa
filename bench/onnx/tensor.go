package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// kind is the type of a tensor's numbers. Integers of 32 and 64 bits are one
// kind here: they only count and index.
type kind uint8

const (
	single kind = iota
	double
	integer
)

// kindOf returns the kind of ONNX's data type, and its bytes in a file.
func kindOf(code uint64) (kind, int, error) {
	switch code {
	case 1:
		return single, 4, nil
	case 6:
		return integer, 4, nil
	case 7:
		return integer, 8, nil
	case 11:
		return double, 8, nil
	}
	return 0, 0, fmt.Errorf("data type %d is not known here", code)
}

// tensor is a dense array in row order; of the three slices the kind's has
// the numbers.
type tensor struct {
	kind  kind
	dims  []int
	f     []float32
	d     []float64
	i     []int64
	fixed bool // a constant
}

func newTensor(k kind, dims []int) *tensor {
	t := &tensor{kind: k, dims: dims}
	n := t.size()
	switch k {
	case single:
		t.f = make([]float32, n)
	case double:
		t.d = make([]float64, n)
	default:
		t.i = make([]int64, n)
	}
	return t
}

func (t *tensor) size() int {
	n := 1
	for _, d := range t.dims {
		n *= d
	}
	return n
}

func (t *tensor) decode(raw []byte, size int) {
	le := binary.LittleEndian
	switch {
	case t.kind == single:
		for i := range t.f {
			t.f[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
	case t.kind == double:
		for i := range t.d {
			t.d[i] = math.Float64frombits(le.Uint64(raw[8*i:]))
		}
	case size == 4:
		for i := range t.i {
			t.i[i] = int64(int32(le.Uint32(raw[4*i:])))
		}
	default:
		for i := range t.i {
			t.i[i] = int64(le.Uint64(raw[8*i:]))
		}
	}
}

// axis returns a, which may count from the end, as a place among n dimensions.
func axis(a int64, n int) (int, error) {
	if a < 0 {
		a += int64(n)
	}
	if a < 0 || a >= int64(n) {
		return 0, fmt.Errorf("axis %d of %d dimensions", a, n)
	}
	return int(a), nil
}

// around returns the number of blocks before dimension a and of numbers
// behind it.
func (t *tensor) around(a int) (before, behind int) {
	before, behind = 1, 1
	for _, d := range t.dims[:a] {
		before *= d
	}
	for _, d := range t.dims[a+1:] {
		behind *= d
	}
	return before, behind
}

// move returns a step that copies n numbers from place j of t to place i of
// to; both are of one kind.
func (t *tensor) move(to *tensor, i, j, n int) {
	switch t.kind {
	case single:
		copy(to.f[i:i+n], t.f[j:j+n])
	case double:
		copy(to.d[i:i+n], t.d[j:j+n])
	default:
		copy(to.i[i:i+n], t.i[j:j+n])
	}
}
