//go:build !amd64 || purego

package linalg

func dots4(dst *[4]float64, a []float64, stride int, x []float64) {
	dots4Go(dst, a, stride, x)
}

func dots8(dst *[8]float64, a []float64, stride int, x []float64, xStride, n int) {
	dots8Go(dst, a, stride, x, xStride, n)
}

func subtract4(x []float64, a []float64, stride int, c *[4]float64) {
	subtract4Go(x, a, stride, c)
}
