package qmc

import (
	_ "embed"
	"math/bits"
)

// MaxDim is the largest number of dimensions: those of the embedded table,
// which holds every primitive polynomial over GF(2) up to degree 14.
const MaxDim = 1867

// columnCount is the number of direction numbers of a dimension, one for each
// bit of the index, and also the number of bits in each.
const columnCount = 64

// joeKuo is the table of initial direction numbers of dimensions 2 to MaxDim,
// written by testdata/generate.py. Each dimension is a run of little-endian
// 16-bit words: the polynomial with all its coefficients, whose bit length
// less one is the degree s, then m_1, …, m_s.
//
//go:embed joe-kuo.bin
var joeKuo string

// word reads the n-th 16-bit word of the table.
func word(n int) uint64 {
	return uint64(joeKuo[2*n]) | uint64(joeKuo[2*n+1])<<8
}

// expandColumns returns the direction numbers of the first dim dimensions, as
// fractions of 2^64: those of dimension j from j*columnCount on. It takes time
// and space O(dim).
func expandColumns(dim int) []uint64 {
	cols := make([]uint64, dim*columnCount)
	for k := range columnCount {
		cols[k] = 1 << (63 - k) // the first dimension reverses the bits
	}
	at := 0
	for j := 1; j < dim; j++ {
		poly := word(at)
		s := bits.Len64(poly) - 1
		v := cols[j*columnCount : (j+1)*columnCount]
		for k := range s {
			v[k] = word(at+1+k) << (63 - k)
		}
		at += 1 + s
		for k := s; k < columnCount; k++ {
			x := v[k-s] ^ v[k-s]>>s
			for i := 1; i < s; i++ {
				if poly>>(s-i)&1 == 1 {
					x ^= v[k-i]
				}
			}
			v[k] = x
		}
	}
	return cols
}
