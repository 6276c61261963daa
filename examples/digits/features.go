package main

import (
	"math"
	"math/rand/v2"
)

// fourier is a random feature map whose inner products approach the Gaussian
// kernel exp(-gamma·|x-y|²) as the number of features grows (A. Rahimi and
// B. Recht, "Random Features for Large-Scale Kernel Machines", 2007). A
// linear model on these features is thus close to a kernel machine, at the
// price of a matrix product.
type fourier struct {
	frequency []float64 // one row of inputs for each feature
	phase     []float64
}

func newFourier(inputs, features int, gamma float64, rng *rand.Rand) fourier {
	f := fourier{
		frequency: make([]float64, inputs*features),
		phase:     make([]float64, features),
	}
	// The kernel's Fourier transform is a normal density of variance 2·gamma.
	spread := math.Sqrt(2 * gamma)
	for i := range f.frequency {
		f.frequency[i] = spread * rng.NormFloat64()
	}
	for i := range f.phase {
		f.phase[i] = 2 * math.Pi * rng.Float64()
	}
	return f
}

// apply maps every row: z_k(x) = sqrt(2/K)·cos(w_k·x + b_k).
func (f fourier) apply(d images) images {
	n := len(f.phase)
	mapped := images{
		x: make([]float64, d.count()*n), y: d.y, width: n,
	}
	scale := math.Sqrt(2 / float64(n))
	for i := range d.count() {
		x, z := d.row(i), mapped.row(i)
		for k := range z {
			w := f.frequency[k*d.width : (k+1)*d.width]
			z[k] = scale * math.Cos(dot(w, x)+f.phase[k])
		}
	}
	return mapped
}
