package linalg

// The kernels below work on four lanes: element k of a sum belongs to lane k
// modulo 4, and a sum ends as (s0 + s1) + (s2 + s3). That is the order of the
// vector instructions that do the same on machines that have them, so that
// both give the same bits. All lengths are multiples of 4.

// dots4Go writes the products of four rows of a, whose beginnings are stride
// apart, with x to dst.
func dots4Go(dst *[4]float64, a []float64, stride int, x []float64) {
	for r := range dst {
		dst[r] = Dot4(a[r*stride:r*stride+len(x)], x)
	}
}

// dots8Go is dots4Go for the first n elements of two rows of x.
func dots8Go(dst *[8]float64, a []float64, stride int, x []float64, xStride, n int) {
	dots4Go((*[4]float64)(dst[:4]), a, stride, x[:n])
	dots4Go((*[4]float64)(dst[4:]), a, stride, x[xStride:xStride+n])
}

// subtract4Go takes four rows of a, each times its element of c, off x, from
// the last to the first.
func subtract4Go(x []float64, a []float64, stride int, c *[4]float64) {
	n := len(x)
	a0, a1, a2, a3 := a[:n], a[stride:stride+n], a[2*stride:2*stride+n], a[3*stride:3*stride+n]
	for k, v := range x {
		v -= float64(c[3] * a3[k])
		v -= float64(c[2] * a2[k])
		v -= float64(c[1] * a1[k])
		x[k] = v - float64(c[0]*a0[k])
	}
}
