package main

import (
	"math"
	"testing"
)

// TestOptimizers follows one weight and one bias under a constant gradient,
// for which the steps can be worked out on paper.
func TestOptimizers(t *testing.T) {
	tests := []struct {
		name         string
		settings     settings
		weight, bias float64 // after two steps from 1, at rate 0.1
	}{
		// 0.1·2, twice.
		{"sgd", settings{optimizer: optimizerSGD}, 0.6, 0.6},
		// 0.1·2, then 0.1·(2 + 0.5·2).
		{"momentum", settings{optimizer: optimizerSGD, momentum: 0.5}, 0.5, 0.5},
		// (1·0.95 - 0.2)·0.95 - 0.2; the bias does not decay.
		{"decay", settings{optimizer: optimizerSGD, weightDecay: 0.5},
			0.5125, 0.6},
		// The corrected moments of a constant are exact: every step is lr.
		{"adam", settings{optimizer: optimizerAdam}, 0.8, 0.8},
		// (1·0.95 - 0.1)·0.95 - 0.1.
		{"adam decay", settings{optimizer: optimizerAdam, weightDecay: 0.5},
			0.7075, 0.8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			of := []tensor{
				{value: []float64{1}, grad: []float64{2}, decays: true},
				{value: []float64{1}, grad: []float64{2}},
			}
			o := newOptimizer(test.settings, of)
			o.step(0.1)
			o.step(0.1)
			for i, want := range []float64{test.weight, test.bias} {
				if got := of[i].value[0]; math.Abs(got-want) > 1e-8 {
					t.Errorf("tensor %d is %.9f, want %.9f", i, got, want)
				}
			}
		})
	}
}

func TestRateFallsOnACosine(t *testing.T) {
	s := settings{epochs: 3, lr: 1, lrFinal: 0.5}
	for epoch, want := range []float64{1, 0.75, 0.5} {
		if got := s.rate(epoch + 1); math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: rate %g, want %g", epoch+1, got, want)
		}
	}
	s = settings{epochs: 3, lr: 1}
	if got := s.rate(3); math.Abs(got-0.01) > 1e-12 {
		t.Errorf("last rate %g, want a hundredth of the first", got)
	}
	s = settings{epochs: 1, lr: 1}
	if got := s.rate(1); got != 1 {
		t.Errorf("only rate %g, want 1", got)
	}
}
