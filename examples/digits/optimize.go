package main

import "math"

// optimizer changes parameters after every batch, from their gradients.
// Weight decay is decoupled (I. Loshchilov and F. Hutter, "Decoupled Weight
// Decay Regularization", 2019): it shrinks the weights by lr·decay and leaves
// the gradient alone, so that it means the same to both optimizers.
type optimizer interface {
	step(lr float64)
	// vectors and count are what it remembers from step to step.
	vectors() [][]float64
	count() *int
}

func newOptimizer(s settings, of []tensor) optimizer {
	if s.optimizer == optimizerAdam {
		return &adam{
			of: of, decay: s.weightDecay, mean: zeros(of), square: zeros(of),
		}
	}
	return &sgd{
		of: of, decay: s.weightDecay, momentum: s.momentum, speed: zeros(of),
	}
}

// zeros is one vector of zeros for each tensor.
func zeros(of []tensor) [][]float64 {
	all := make([][]float64, len(of))
	for i, t := range of {
		all[i] = make([]float64, len(t.value))
	}
	return all
}

func shrink(t tensor, factor float64) {
	if t.decays && factor != 1 {
		for k := range t.value {
			t.value[k] *= factor
		}
	}
}

// sgd is stochastic gradient descent with heavy-ball momentum.
type sgd struct {
	of              []tensor
	decay, momentum float64
	speed           [][]float64
}

func (o *sgd) step(lr float64) {
	for i, t := range o.of {
		shrink(t, 1-lr*o.decay)
		for k, g := range t.grad {
			o.speed[i][k] = o.momentum*o.speed[i][k] + g
			t.value[k] -= lr * o.speed[i][k]
		}
	}
}

func (o *sgd) vectors() [][]float64 { return o.speed }
func (o *sgd) count() *int          { return new(int) }

// adam is D. Kingma and J. Ba's "Adam", 2015, with the constants of the paper.
type adam struct {
	of           []tensor
	decay        float64
	mean, square [][]float64 // running moments of the gradient
	steps        int
}

func (o *adam) step(lr float64) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	o.steps++
	// Both moments start at zero and are too small at first; these undo it.
	fix1 := 1 / (1 - math.Pow(beta1, float64(o.steps)))
	fix2 := 1 / (1 - math.Pow(beta2, float64(o.steps)))
	for i, t := range o.of {
		shrink(t, 1-lr*o.decay)
		m, s := o.mean[i], o.square[i]
		for k, g := range t.grad {
			m[k] = beta1*m[k] + (1-beta1)*g
			s[k] = beta2*s[k] + (1-beta2)*g*g
			t.value[k] -= lr * m[k] * fix1 / (math.Sqrt(s[k]*fix2) + epsilon)
		}
	}
}

func (o *adam) vectors() [][]float64 {
	return append(append([][]float64{}, o.mean...), o.square...)
}

func (o *adam) count() *int { return &o.steps }
