package qmc

import (
	"fmt"
	"math/bits"
)

// Sobol is a Sobol sequence in a fixed number of dimensions, scrambled or
// plain. It never changes once made, so all its methods are safe for
// concurrent use. It takes about 512 bytes per dimension.
type Sobol struct {
	columns []uint64 // columnCount direction numbers per dimension
	keys    []uint64 // one per dimension; nil where the points are plain
	dim     int
}

// NewSobol returns the Owen-scrambled Sobol sequence of dim dimensions, from 1
// to MaxDim, under seed; any other dim is an error. Each dimension is scrambled
// independently, and every seed, 0 included, gives a scrambling of its own.
//
// Each point by itself is uniformly distributed over the cube when the seed is
// chosen at random. Dimension j has the same coordinates whatever dim is, so
// adding dimensions at the end changes no earlier one.
func NewSobol(dim int, seed uint64) (*Sobol, error) {
	s, err := NewPlainSobol(dim)
	if err != nil {
		return nil, err
	}
	s.keys = make([]uint64, dim)
	for j := range s.keys {
		s.keys[j] = dimensionKey(seed, j)
	}
	return s, nil
}

// NewPlainSobol returns the Sobol sequence of dim dimensions without
// scrambling, from 1 to MaxDim; any other dim is an error. Its point 0 is the
// origin and its early points line up in high dimensions, so it serves
// comparisons with other implementations; take NewSobol for anything else.
func NewPlainSobol(dim int) (*Sobol, error) {
	if dim < 1 || dim > MaxDim {
		return nil, fmt.Errorf(
			"make sobol sequence: %d dimensions asked for, 1 to %d are possible",
			dim, MaxDim)
	}
	return &Sobol{columns: expandColumns(dim), dim: dim}, nil
}

// Dim returns the number of coordinates of a point.
func (s *Sobol) Dim() int { return s.dim }

// Point returns point i, Dim() coordinates in [0,1). It is written to the
// front of dst, and that part of dst returned, where dst has the capacity;
// only otherwise is a slice allocated.
//
// Coordinates are multiples of 2^-53: the leading bits of a 64-bit Sobol
// integer. The first 2^53 plain points therefore are exact and distinct in
// every coordinate. It takes time O(Dim() · log i).
func (s *Sobol) Point(i uint64, dst []float64) []float64 {
	if cap(dst) < s.dim {
		dst = make([]float64, s.dim)
	}
	dst = dst[:s.dim]
	gray := i ^ i>>1
	for j := range dst {
		v := (*[columnCount]uint64)(s.columns[j*columnCount:])
		var x uint64
		for g := gray; g != 0; g &= g - 1 {
			x ^= v[bits.TrailingZeros64(g)&(columnCount-1)]
		}
		if s.keys != nil {
			x = scramble(x, s.keys[j])
		}
		// Of the 64 bits a float64 in [0,1) keeps 53; rounding to nearest
		// could reach 1, dropping the rest cannot.
		dst[j] = float64(x>>11) * 0x1p-53
	}
	return dst
}
