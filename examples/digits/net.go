package main

import (
	"math"
	"math/rand/v2"
)

// tensor is a group of parameters with their gradient.
type tensor struct {
	value, grad []float64
	decays      bool // weights shrink under weight decay, biases do not
}

// layer is z = a·W + b. W is stored by input: the weights that leave one
// input are neighbours, so that an input of zero (half of all pixels, and
// every silent unit) costs nothing in either direction.
type layer struct {
	in, out int
	w, b    tensor
}

// net is a stack of layers with rectifiers between them and a softmax on
// top. With no hidden layer it is a softmax regression. Not safe for
// concurrent use: it keeps the activations of the last forward pass.
type net struct {
	layers []layer
	a      [][]float64 // input of every layer for the batch, then the logits
	da     [][]float64 // gradient of the loss with respect to a
	keep   float64     // chance that a hidden unit took part in the last pass
}

// newNet makes a net whose widths run from the inputs to the classes. The
// weights are drawn with variance 2/inputs (He et al., 2015), the right one
// for rectifiers; biases start at zero.
func newNet(widths []int, rng *rand.Rand) *net {
	n := &net{
		a:    make([][]float64, len(widths)),
		da:   make([][]float64, len(widths)),
		keep: 1,
	}
	for i := range len(widths) - 1 {
		in, out := widths[i], widths[i+1]
		l := layer{in: in, out: out, w: tensor{
			value:  make([]float64, in*out),
			grad:   make([]float64, in*out),
			decays: true,
		}, b: tensor{
			value: make([]float64, out),
			grad:  make([]float64, out),
		}}
		spread := math.Sqrt(2 / float64(in))
		for k := range l.w.value {
			l.w.value[k] = spread * rng.NormFloat64()
		}
		n.layers = append(n.layers, l)
	}
	return n
}

// tensors lists all parameters, always in the same order.
func (n *net) tensors() []tensor {
	var all []tensor
	for _, l := range n.layers {
		all = append(all, l.w, l.b)
	}
	return all
}

// forward computes the logits of a batch of rows. dropout is the chance that
// a hidden unit is silenced; the others are scaled up so that the mean stays.
// rng is not used when dropout is 0. The result is overwritten by the next
// call.
func (n *net) forward(
	x []float64, rows int, dropout float64, rng *rand.Rand,
) []float64 {
	n.a[0] = x
	n.keep = 1 - dropout
	for i, l := range n.layers {
		z := resize(&n.a[i+1], rows*l.out)
		for r := range rows {
			out := z[r*l.out : (r+1)*l.out]
			copy(out, l.b.value)
			for k, v := range n.a[i][r*l.in : (r+1)*l.in] {
				if v != 0 {
					addScaled(out, v, l.w.value[k*l.out:(k+1)*l.out])
				}
			}
		}
		if i < len(n.layers)-1 {
			n.rectify(z, dropout, rng)
		}
	}
	return n.a[len(n.layers)]
}

func (n *net) rectify(z []float64, dropout float64, rng *rand.Rand) {
	for k, v := range z {
		switch {
		case v <= 0 || (dropout > 0 && rng.Float64() < dropout):
			z[k] = 0
		default: // NaN stays NaN, so that a divergence shows in the loss.
			z[k] = v / n.keep
		}
	}
}

// backward fills the gradients of the mean loss over the batch of the last
// forward pass, whose labels are y, and returns that loss.
func (n *net) backward(y []int) float64 {
	top := len(n.layers)
	rows := len(y)
	logits := n.a[top]
	d := resize(&n.da[top], len(logits))
	loss := 0.0
	for r, class := range y {
		p := d[r*classes : (r+1)*classes]
		loss += softmax(p, logits[r*classes:(r+1)*classes], class)
		p[class]--
		for k := range p {
			p[k] /= float64(rows)
		}
	}
	for i := top - 1; i >= 0; i-- {
		n.backwardLayer(i, rows)
	}
	return loss / float64(rows)
}

// backwardLayer turns the gradient at a layer's output into those of its
// parameters and, except for the lowest layer, of its input.
func (n *net) backwardLayer(i, rows int) {
	l := n.layers[i]
	clear(l.w.grad)
	clear(l.b.grad)
	dz := n.da[i+1]
	var da []float64
	if i > 0 {
		da = resize(&n.da[i], rows*l.in)
		clear(da)
	}
	for r := range rows {
		out := dz[r*l.out : (r+1)*l.out]
		addScaled(l.b.grad, 1, out)
		for k, v := range n.a[i][r*l.in : (r+1)*l.in] {
			if v == 0 {
				continue // silent: no share in the output, none in the blame
			}
			addScaled(l.w.grad[k*l.out:(k+1)*l.out], v, out)
			if i > 0 {
				da[r*l.in+k] = dot(l.w.value[k*l.out:(k+1)*l.out], out) / n.keep
			}
		}
	}
}

// softmax writes the class probabilities of one row of logits into p and
// returns the loss, -log p[class]. It subtracts the largest logit first, so
// that no exponential overflows.
func softmax(p, logits []float64, class int) float64 {
	largest := math.Inf(-1)
	for _, v := range logits {
		largest = math.Max(largest, v)
	}
	sum := 0.0
	for k, v := range logits {
		p[k] = math.Exp(v - largest)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return math.Log(sum) - (logits[class] - largest)
}

// resize gives *buffer the length n, keeping its memory where it suffices.
func resize(buffer *[]float64, n int) []float64 {
	if cap(*buffer) < n {
		*buffer = make([]float64, n)
	}
	*buffer = (*buffer)[:n]
	return *buffer
}

// addScaled adds v·x to y, which are of one length.
func addScaled(y []float64, v float64, x []float64) {
	x = x[:len(y)] // spares a bounds check in the loop that costs the most
	for i := range y {
		y[i] += v * x[i]
	}
}

// dot is the inner product of two vectors of one length.
func dot(x, y []float64) float64 {
	y = y[:len(x)]
	sum := 0.0
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}
