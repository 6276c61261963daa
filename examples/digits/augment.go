package main

import (
	"math"
	"math/rand/v2"
)

// augment writes into to a variation of the image from: moved by up to shift
// pixels along each axis, with Gaussian noise of standard deviation noise on
// every pixel. With both zero it copies and draws nothing from rng.
func augment(to, from []float64, shift, noise float64, rng *rand.Rand) {
	if shift > 0 {
		dx := shift * (2*rng.Float64() - 1)
		dy := shift * (2*rng.Float64() - 1)
		moveImage(to, from, dx, dy)
	} else {
		copy(to, from)
	}
	if noise > 0 {
		for i := range to {
			to[i] += noise * rng.NormFloat64()
		}
	}
}

// moveImage moves an image right by dx and down by dy pixels. A fraction of a
// pixel spreads the ink over the neighbours (bilinear interpolation); what
// enters at the edges is blank.
func moveImage(to, from []float64, dx, dy float64) {
	left, top := math.Floor(dx), math.Floor(dy)
	fx, fy := dx-left, dy-top
	ink := func(row, column int) float64 {
		r, c := row-int(top), column-int(left)
		if r < 0 || r >= side || c < 0 || c >= side {
			return 0
		}
		return from[r*side+c]
	}
	for row := range side {
		for column := range side {
			near := (1-fx)*ink(row, column) + fx*ink(row, column-1)
			far := (1-fx)*ink(row-1, column) + fx*ink(row-1, column-1)
			to[row*side+column] = (1-fy)*near + fy*far
		}
	}
}
