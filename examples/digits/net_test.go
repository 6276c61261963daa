package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestGradient holds the exact gradients against central differences of the
// loss, parameter by parameter.
func TestGradient(t *testing.T) {
	tests := []struct {
		name    string
		widths  []int
		dropout float64
	}{
		{"softmax regression", []int{7, classes}, 0},
		{"one hidden layer", []int{7, 6, classes}, 0},
		{"three hidden layers", []int{7, 6, 5, 8, classes}, 0},
		{"dropout", []int{7, 9, 8, classes}, 0.4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const rows = 5
			rng := rand.New(rand.NewPCG(3, 4))
			n := newNet(test.widths, rng)
			x := make([]float64, rows*test.widths[0])
			for i := range x {
				if i%3 > 0 { // zeros take a short cut; see that it is right
					x[i] = rng.NormFloat64()
				}
			}
			y := []int{0, 9, 4, 4, 7}
			// A fresh generator gives every pass the same dropped units.
			loss := func() float64 {
				n.forward(x, rows, test.dropout, rand.New(rand.NewPCG(5, 6)))
				return n.backward(y)
			}
			loss()
			var exact [][]float64
			for _, p := range n.tensors() {
				exact = append(exact, append([]float64(nil), p.grad...))
			}
			const h = 1e-6
			largest := 0.0
			for i, p := range n.tensors() {
				for k, v := range p.value {
					p.value[k] = v + h
					up := loss()
					p.value[k] = v - h
					down := loss()
					p.value[k] = v
					numeric := (up - down) / (2 * h)
					if math.Abs(numeric-exact[i][k]) > 1e-7 {
						t.Errorf("tensor %d, parameter %d: gradient %g, "+
							"differences say %g", i, k, exact[i][k], numeric)
					}
					largest = max(largest, math.Abs(numeric))
				}
			}
			if largest < 1e-3 {
				t.Errorf("largest gradient is %g: nothing was compared", largest)
			}
		})
	}
}

func TestSoftmax(t *testing.T) {
	tests := []struct {
		logits []float64
		class  int
		loss   float64
	}{
		{[]float64{0, 0, 0, 0}, 2, math.Log(4)},
		{[]float64{math.Log(3), 0}, 0, math.Log(4.0 / 3)},
		{[]float64{1000, 0}, 0, 0},
		{[]float64{1000, 0}, 1, 1000}, // exp(1000) overflows
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.logits, test.class), func(t *testing.T) {
			p := make([]float64, len(test.logits))
			loss := softmax(p, test.logits, test.class)
			if math.Abs(loss-test.loss) > 1e-12 {
				t.Errorf("loss %g, want %g", loss, test.loss)
			}
			sum := 0.0
			for _, v := range p {
				sum += v
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Errorf("probabilities sum to %g", sum)
			}
		})
	}
}

func TestDropoutKeepsTheMean(t *testing.T) {
	const units, dropout = 20_000, 0.3
	n := &net{keep: 1 - dropout}
	z := make([]float64, units)
	for i := range z {
		z[i] = 1
	}
	n.rectify(z, dropout, rand.New(rand.NewPCG(1, 2)))
	sum, silent := 0.0, 0.0
	for _, v := range z {
		sum += v
		if v == 0 {
			silent++
		}
	}
	if mean := sum / units; math.Abs(mean-1) > 0.02 {
		t.Errorf("mean activation %g, want about 1", mean)
	}
	if share := silent / units; math.Abs(share-dropout) > 0.02 {
		t.Errorf("%g of the units are silent, want about %g", share, dropout)
	}
}

func TestFourierFeaturesApproachTheKernel(t *testing.T) {
	const gamma = 0.2
	rng := rand.New(rand.NewPCG(1, 1))
	d := images{width: 5}
	for range 4 {
		x := make([]float64, d.width)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		d.add(x, 0)
	}
	z := newFourier(d.width, 20_000, gamma, rng).apply(d)
	for i := range d.count() {
		for j := range d.count() {
			distance := 0.0
			for k, v := range d.row(i) {
				distance += (v - d.row(j)[k]) * (v - d.row(j)[k])
			}
			got, want := dot(z.row(i), z.row(j)), math.Exp(-gamma*distance)
			if math.Abs(got-want) > 0.03 {
				t.Errorf("rows %d and %d: %g, kernel %g", i, j, got, want)
			}
		}
	}
}
