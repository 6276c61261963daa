//go:build !purego

package linalg

import "golang.org/x/sys/cpu"

var vector = cpu.X86.HasAVX2

func dots4(dst *[4]float64, a []float64, stride int, x []float64) {
	if n := len(x); vector && n > 0 {
		_ = a[3*stride+n-1]
		dots4AVX(dst, &a[0], stride, &x[0], n)
		return
	}
	dots4Go(dst, a, stride, x)
}

func dots8(dst *[8]float64, a []float64, stride int, x []float64, xStride, n int) {
	if vector && n > 0 {
		_, _ = a[3*stride+n-1], x[xStride+n-1]
		dots8AVX(dst, &a[0], stride, &x[0], xStride, n)
		return
	}
	dots8Go(dst, a, stride, x, xStride, n)
}

func subtract4(x []float64, a []float64, stride int, c *[4]float64) {
	if n := len(x); vector && n > 0 {
		_ = a[3*stride+n-1]
		subtract4AVX(&x[0], &a[0], stride, c, n)
		return
	}
	subtract4Go(x, a, stride, c)
}

//go:noescape
func dots4AVX(dst *[4]float64, a *float64, stride int, x *float64, n int)

//go:noescape
func dots8AVX(dst *[8]float64, a *float64, stride int, x *float64, xStride, n int)

//go:noescape
func subtract4AVX(x, a *float64, stride int, c *[4]float64, n int)
