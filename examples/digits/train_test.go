package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestEachPartHasItsUse puts false labels on one part of the data at a time
// and looks which lines of the output change.
func TestEachPartHasItsUse(t *testing.T) {
	// The lines of one training: an epoch, the best, the test set.
	lines := func(falsify func(*division)) []string {
		d := divide(load(t))
		falsify(&d)
		s, err := parseSettings([]string{"--epochs=1", "--test"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := train(s, d, &out); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(out.String()), "\n")
	}
	rotate := func(d *images) {
		for i := range d.y {
			d.y[i] = (d.y[i] + 1) % classes
		}
	}
	truth := lines(func(*division) {})
	validation := lines(func(d *division) { rotate(&d.validation) })
	test := lines(func(d *division) { rotate(&d.test) })
	if validation[0] == truth[0] || validation[1] == truth[1] {
		t.Error("validation labels have no effect on the validation loss")
	}
	if validation[2] != truth[2] {
		t.Error("validation labels have an effect on the test loss")
	}
	if test[0] != truth[0] || test[1] != truth[1] {
		t.Error("test labels have an effect before the test")
	}
	if test[2] == truth[2] {
		t.Error("test labels have no effect on the test loss")
	}
	before, _, _ := strings.Cut(truth[0], " val_loss")
	after, _, _ := strings.Cut(validation[0], " val_loss")
	if before != after {
		t.Error("validation labels have an effect on training")
	}
}

func TestAugment(t *testing.T) {
	from := make([]float64, pixels)
	from[3*side+3] = 1
	to := make([]float64, pixels)
	augment(to, from, 0, 0, nil)
	if !slices.Equal(to, from) {
		t.Errorf("neither shift nor noise, and yet %v", to)
	}

	// A dot in the middle never leaves the image, so its ink stays, and its
	// centre of gravity is where it was moved to.
	const shift = 0.8
	rng := rand.New(rand.NewPCG(1, 2))
	var farthest, mean float64
	const draws = 2000
	for range draws {
		augment(to, from, shift, 0, rng)
		ink, centre := 0.0, 0.0
		for i, v := range to {
			ink += v
			centre += v * float64(i%side)
		}
		if math.Abs(ink-1) > 1e-12 {
			t.Fatalf("%g of the ink is left", ink)
		}
		farthest = max(farthest, math.Abs(centre-3))
		mean += (centre - 3) / draws
	}
	if farthest > shift || farthest < 0.98*shift || math.Abs(mean) > 0.05 {
		t.Errorf("moved by up to %g, by %g on average; want %g and 0",
			farthest, mean, shift)
	}

	square := 0.0
	for range draws {
		augment(to, from, 0, 0.2, rng)
		for i := range to {
			square += (to[i] - from[i]) * (to[i] - from[i])
		}
	}
	if sd := math.Sqrt(square / (draws * pixels)); math.Abs(sd-0.2) > 0.005 {
		t.Errorf("noise has standard deviation %g, want 0.2", sd)
	}
}
