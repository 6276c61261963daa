package gp

// The kernels below work on groups of four points, see [points], in the order
// of the vector instructions that do the same on machines that have them: both
// give the same bits. Sums over points have four lanes, point i in lane i
// modulo 4, and end as (s0 + s1) + (s2 + s3).

// distancesGo writes the squared distances of x and the points of z to dst.
// The first numeric columns count by their differences; the others add their
// element of over where they differ.
func distancesGo(dst, z, x, over []float64, numeric int) {
	for len(dst) >= 4 {
		var s0, s1, s2, s3 float64
		for _, v := range x[:numeric] {
			d0, d1, d2, d3 := v-z[0], v-z[1], v-z[2], v-z[3]
			s0 += float64(d0 * d0)
			s1 += float64(d1 * d1)
			s2 += float64(d2 * d2)
			s3 += float64(d3 * d3)
			z = z[4:]
		}
		dst[0], dst[1], dst[2], dst[3] = s0, s1, s2, s3
		for c := numeric; c < len(x); c++ {
			for i := range 4 {
				dst[i] += unequal(over[c], x[c], z[i])
			}
			z = z[4:]
		}
		dst = dst[4:]
	}
}

// maternsGo replaces the squared distances in k by covariances, s2 times their
// correlation plus mean, and writes s2 times its derivative to e.
func maternsGo(k, e []float64, s2, mean float64) {
	e = e[:len(k)]
	for i, r2 := range k {
		c, slope := matern(r2)
		k[i], e[i] = float64(s2*c)+mean, float64(s2*slope)
	}
}

// momentsGo writes, for every numeric column, the sums over the points of
// h·(x - z) to first and of h·(x - z)² to second. For the other columns first is
// 0 and second the sum of h where they differ.
func momentsGo(first, second, h, z, x []float64, numeric int) {
	d := len(x)
	for c, v := range x {
		var s0, s1, s2, s3, q0, q1, q2, q3 float64
		for i := 0; i < len(h); i += 4 {
			w, at := h[i:i+4:i+4], z[i*d+4*c:][:4]
			if c < numeric {
				s0, q0 = moment(s0, q0, w[0], v-at[0])
				s1, q1 = moment(s1, q1, w[1], v-at[1])
				s2, q2 = moment(s2, q2, w[2], v-at[2])
				s3, q3 = moment(s3, q3, w[3], v-at[3])
			} else {
				q0 += unequal(w[0], v, at[0])
				q1 += unequal(w[1], v, at[1])
				q2 += unequal(w[2], v, at[2])
				q3 += unequal(w[3], v, at[3])
			}
		}
		first[c], second[c] = (s0+s1)+(s2+s3), (q0+q1)+(q2+q3)
	}
}

// moment adds what a point at the distance δ adds to s and q.
func moment(s, q, h, δ float64) (float64, float64) {
	hδ := float64(h * δ)
	return s + hδ, q + float64(hδ*δ)
}

// unequal is h where a and b differ.
func unequal(h, a, b float64) float64 {
	if a != b {
		return h
	}
	return 0
}
