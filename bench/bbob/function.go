package bbob

import "math"

// builder returns a function without its offset, and the place of its
// minimum.
type builder func(n int, seed int64) (eval func(x []float64) float64, best []float64)

// other is what is added to an instance's seed for its other rotation.
const other = 1_000_000

var builders = [Count]builder{
	sphere, ellipsoid, rastrigin, buecheRastrigin, linearSlope,
	attractiveSector, stepEllipsoid, rosenbrock, rosenbrockRotated,
	ellipsoidRotated, discus, bentCigar, sharpRidge, differentPowers,
	rastriginRotated, weierstrass, schaffers(10), schaffers(1000),
	griewankRosenbrock, schwefel, gallagher(101), gallagher(21), katsuura,
	lunacek,
}

func sphere(n int, seed int64) (func([]float64) float64, []float64) {
	best := shift(n, seed)
	return func(x []float64) float64 {
		sum := 0.0
		for _, v := range minus(x, best) {
			sum += v * v
		}
		return sum
	}, best
}

func ellipsoidCore(z []float64) float64 {
	sum := 0.0
	for i, v := range z {
		sum += math.Pow(1e6, share(i, len(z))) * v * v
	}
	return sum
}

func ellipsoid(n int, seed int64) (func([]float64) float64, []float64) {
	best := shift(n, seed)
	return func(x []float64) float64 { return ellipsoidCore(oscillateAll(minus(x, best))) }, best
}

func rastriginCore(z []float64) float64 {
	cosines, squares := 0.0, 0.0
	for _, v := range z {
		cosines += math.Cos(2 * math.Pi * v)
		squares += v * v
	}
	return 10*(float64(len(z))-cosines) + squares
}

func rastrigin(n int, seed int64) (func([]float64) float64, []float64) {
	best, wide := shift(n, seed), scales(n, 10)
	return func(x []float64) float64 {
		return rastriginCore(stretch(skew(oscillateAll(minus(x, best)), 0.2), wide))
	}, best
}

func buecheRastrigin(n int, seed int64) (func([]float64) float64, []float64) {
	best, wide := shift(n, seed), scales(n, 10)
	for i := 0; i < n; i += 2 {
		best[i] = math.Abs(best[i])
	}
	return func(x []float64) float64 {
		z := stretch(oscillateAll(minus(x, best)), wide)
		for i := 0; i < n; i += 2 {
			if z[i] > 0 {
				z[i] *= 10
			}
		}
		return rastriginCore(z) + 100*outside(x)
	}, best
}

func linearSlope(n int, seed int64) (func([]float64) float64, []float64) {
	best, slope := shift(n, seed), scales(n, 100)
	for i, v := range best {
		best[i] = 5
		if v < 0 {
			best[i], slope[i] = -5, -slope[i]
		}
	}
	return func(x []float64) float64 {
		sum := 0.0
		for i, v := range x {
			if v*best[i] >= 25 {
				v = best[i]
			}
			sum += 5*math.Abs(slope[i]) - slope[i]*v
		}
		return sum
	}, best
}

// twisted returns Q Λ^alpha R.
func twisted(n int, seed int64, alpha float64) matrix {
	return between(rotation(n, seed+other), scales(n, alpha), rotation(n, seed))
}

func attractiveSector(n int, seed int64) (func([]float64) float64, []float64) {
	best, m := shift(n, seed), twisted(n, seed, 10)
	return func(x []float64) float64 {
		sum := 0.0
		for i, v := range m.apply(minus(x, best)) {
			if v*best[i] > 0 {
				v *= 100
			}
			sum += v * v
		}
		return math.Pow(oscillate(sum), 0.9)
	}, best
}

func stepEllipsoid(n int, seed int64) (func([]float64) float64, []float64) {
	best, wide := shift(n, seed), scales(n, 10)
	r, q := rotation(n, seed), rotation(n, seed+other)
	return func(x []float64) float64 {
		z := stretch(r.apply(minus(x, best)), wide)
		first := math.Abs(z[0])
		for i, v := range z {
			if math.Abs(v) > 0.5 {
				z[i] = round(v)
			} else {
				z[i] = round(10*v) / 10
			}
		}
		sum := 0.0
		for i, v := range q.apply(z) {
			sum += math.Pow(100, share(i, n)) * v * v
		}
		return 0.1*math.Max(first*1e-4, sum) + outside(x)
	}, best
}

func rosenbrockCore(z []float64) float64 {
	sum := 0.0
	for i := range len(z) - 1 {
		a, b := z[i]*z[i]-z[i+1], z[i]-1
		sum += 100*a*a + b*b
	}
	return sum
}

func rosenbrock(n int, seed int64) (func([]float64) float64, []float64) {
	best, factor := shift(n, seed), math.Max(1, math.Sqrt(float64(n))/8)
	for i := range best {
		best[i] *= 0.75
	}
	return func(x []float64) float64 {
		z := minus(x, best)
		for i := range z {
			z[i] = factor*z[i] + 1
		}
		return rosenbrockCore(z)
	}, best
}

// valley returns x ↦ factor·R·x + 1/2 and the x that it maps to ones.
func valley(n int, seed int64) (func(x []float64) []float64, []float64) {
	factor, r := math.Max(1, math.Sqrt(float64(n))/8), rotation(n, seed)
	best := make([]float64, n)
	for i := range best {
		best[i] = 0.5 / factor
	}
	return func(x []float64) []float64 {
		z := r.apply(x)
		for i := range z {
			z[i] = factor*z[i] + 0.5
		}
		return z
	}, r.transposed(best)
}

func rosenbrockRotated(n int, seed int64) (func([]float64) float64, []float64) {
	to, best := valley(n, seed)
	return func(x []float64) float64 { return rosenbrockCore(to(x)) }, best
}

func ellipsoidRotated(n int, seed int64) (func([]float64) float64, []float64) {
	best, r := shift(n, seed), rotation(n, seed+other)
	return func(x []float64) float64 { return ellipsoidCore(oscillateAll(r.apply(minus(x, best)))) }, best
}

func discus(n int, seed int64) (func([]float64) float64, []float64) {
	best, r := shift(n, seed), rotation(n, seed+other)
	return func(x []float64) float64 {
		z := oscillateAll(r.apply(minus(x, best)))
		sum := 1e6 * z[0] * z[0]
		for _, v := range z[1:] {
			sum += v * v
		}
		return sum
	}, best
}

func bentCigar(n int, seed int64) (func([]float64) float64, []float64) {
	best, r := shift(n, seed+other), rotation(n, seed+other)
	return func(x []float64) float64 {
		z := r.apply(skew(r.apply(minus(x, best)), 0.5))
		sum := 0.0
		for _, v := range z[1:] {
			sum += v * v
		}
		return z[0]*z[0] + 1e6*sum
	}, best
}

func sharpRidge(n int, seed int64) (func([]float64) float64, []float64) {
	best, m := shift(n, seed), twisted(n, seed, 10)
	return func(x []float64) float64 {
		z, sum := m.apply(minus(x, best)), 0.0
		for _, v := range z[1:] {
			sum += v * v
		}
		return z[0]*z[0] + 100*math.Sqrt(sum)
	}, best
}

func differentPowers(n int, seed int64) (func([]float64) float64, []float64) {
	best, r := shift(n, seed), rotation(n, seed+other)
	return func(x []float64) float64 {
		sum := 0.0
		for i, v := range r.apply(minus(x, best)) {
			sum += math.Pow(math.Abs(v), 2+4*share(i, n))
		}
		return math.Sqrt(sum)
	}, best
}

func rastriginRotated(n int, seed int64) (func([]float64) float64, []float64) {
	best, m, r := shift(n, seed), twisted(n, seed, 10), rotation(n, seed+other)
	return func(x []float64) float64 {
		return rastriginCore(m.apply(skew(oscillateAll(r.apply(minus(x, best))), 0.2)))
	}, best
}

func weierstrass(n int, seed int64) (func([]float64) float64, []float64) {
	best, m, r := shift(n, seed), twisted(n, seed, 0.01), rotation(n, seed+other)
	const terms = 12
	var height, wave [terms]float64
	base := 0.0
	for k := range terms {
		height[k], wave[k] = math.Pow(0.5, float64(k)), math.Pow(3, float64(k))
		base += height[k] * math.Cos(math.Pi*wave[k])
	}
	return func(x []float64) float64 {
		sum := 0.0
		for _, v := range m.apply(oscillateAll(r.apply(minus(x, best)))) {
			for k := range terms {
				sum += math.Cos(2*math.Pi*(v+0.5)*wave[k]) * height[k]
			}
		}
		return 10*math.Pow(sum/float64(n)-base, 3) + 10/float64(n)*outside(x)
	}, best
}

func schaffers(condition float64) builder {
	return func(n int, seed int64) (func([]float64) float64, []float64) {
		best, wide := shift(n, seed), scales(n, condition)
		r, q := rotation(n, seed+other), rotation(n, seed)
		return func(x []float64) float64 {
			z := stretch(q.apply(skew(r.apply(minus(x, best)), 0.5)), wide)
			sum := 0.0
			for i := range n - 1 {
				s := z[i]*z[i] + z[i+1]*z[i+1]
				wave := math.Sin(50 * math.Pow(s, 0.1))
				sum += math.Pow(s, 0.25) * (1 + wave*wave)
			}
			sum /= float64(n - 1)
			return sum*sum + 10*outside(x)
		}, best
	}
}

func griewankRosenbrock(n int, seed int64) (func([]float64) float64, []float64) {
	to, best := valley(n, seed)
	return func(x []float64) float64 {
		z, sum := to(x), 0.0
		for i := range n - 1 {
			a, b := z[i]*z[i]-z[i+1], 1-z[i]
			s := 100*a*a + b*b
			sum += s/4000 - math.Cos(s)
		}
		return 10 + 10*sum/float64(n-1)
	}, best
}

func schwefel(n int, seed int64) (func([]float64) float64, []float64) {
	const place = 4.2096874637
	best, wide := make([]float64, n), scales(n, 10)
	for i, u := range uniform(n, seed) {
		best[i] = place / 2
		if u < 0.5 {
			best[i] = -place / 2
		}
	}
	return func(x []float64) float64 {
		hat := make([]float64, n)
		for i, v := range x {
			hat[i] = 2 * math.Copysign(1, best[i]) * v
		}
		sum, penalty := 0.0, 0.0
		for i := range n {
			z := hat[i]
			if i > 0 {
				z += 0.25 * (hat[i-1] - place)
			}
			z = 100 * (wide[i]*(z-place) + place)
			sum += z * math.Sin(math.Sqrt(math.Abs(z)))
			if d := math.Abs(z) - 500; d > 0 {
				penalty += d * d
			}
		}
		return 0.01 * (penalty + 418.9828872724339 - sum/float64(n))
	}, best
}

func katsuura(n int, seed int64) (func([]float64) float64, []float64) {
	best, m := shift(n, seed), twisted(n, seed, 100)
	return func(x []float64) float64 {
		product := 1.0
		for i, v := range m.apply(minus(x, best)) {
			sum := 0.0
			for j := 1; j <= 32; j++ {
				p := math.Ldexp(1, j)
				sum += math.Abs(p*v-round(p*v)) / p
			}
			product *= math.Pow(1+float64(i+1)*sum, 10/math.Pow(float64(n), 1.2))
		}
		return 10/float64(n)/float64(n)*(product-1) + outside(x)
	}, best
}

func lunacek(n int, seed int64) (func([]float64) float64, []float64) {
	const mu0, d = 2.5, 1.0
	s := 1 - 0.5/(math.Sqrt(float64(n+20))-4.1)
	mu1 := -math.Sqrt((mu0*mu0 - d) / s)
	m := twisted(n, seed, 100)
	best := make([]float64, n)
	for i, g := range gauss(n, seed) {
		best[i] = math.Copysign(mu0/2, g)
	}
	return func(x []float64) float64 {
		z, near, far := make([]float64, n), 0.0, 0.0
		for i, v := range x {
			hat := 2 * math.Copysign(1, best[i]) * v
			z[i] = hat - mu0
			near += z[i] * z[i]
			far += (hat - mu1) * (hat - mu1)
		}
		cosines := 0.0
		for _, v := range m.apply(z) {
			cosines += math.Cos(2 * math.Pi * v)
		}
		return math.Min(near, d*float64(n)+s*far) + 10*(float64(n)-cosines) + 1e4*outside(x)
	}, best
}
