//go:build !purego

package gp

import "golang.org/x/sys/cpu"

var vector = cpu.X86.HasAVX2

func distances(dst, z, x, over []float64, numeric int) {
	n, d := len(dst), len(x)
	if !vector || n == 0 || d == 0 {
		distancesGo(dst, z, x, over, numeric)
		return
	}
	_, _ = z[n*d-1], over[d-1]
	distancesAVX(&dst[0], &z[0], &x[0], &over[0], numeric, d, n)
}

func materns(k, e []float64, s2, mean float64) {
	n := len(k)
	if !vector || n == 0 {
		maternsGo(k, e, s2, mean)
		return
	}
	_ = e[n-1]
	maternsAVX(&k[0], &e[0], s2, mean, n)
}

func moments(first, second, h, z, x []float64, numeric int) {
	n, d := len(h), len(x)
	if !vector || n == 0 || d == 0 {
		momentsGo(first, second, h, z, x, numeric)
		return
	}
	_, _, _ = first[d-1], second[d-1], z[n*d-1]
	momentsAVX(&first[0], &second[0], &h[0], &z[0], &x[0], numeric, d, n)
}

//go:noescape
func distancesAVX(dst, z, x, over *float64, numeric, d, n int)

//go:noescape
func maternsAVX(k, e *float64, s2, mean float64, n int)

//go:noescape
func momentsAVX(first, second, h, z, x *float64, numeric, d, n int)
