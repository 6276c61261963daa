package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// Each use of chance has a stream of its own, so that turning one on (noise,
// say) leaves the others as they were.
const (
	streamWeights = iota + 1
	streamOrder
	streamDropout
	streamAugment
	streamFeatures
)

func (s settings) stream(id uint64) *rand.Rand {
	return rand.New(s.source(id))
}

func (s settings) source(id uint64) *rand.PCG { return rand.NewPCG(s.seed, id) }

// train trains the model that s describes and writes a line of metrics after
// every epoch, then one about the best epoch by validation loss. With s.test
// a last line judges the weights of that epoch on the test set. The error is
// one of writing, or says that the training diverged.
func train(s settings, d division, to io.Writer) error {
	n, d := build(s, d)
	chance := []*rand.PCG{
		s.source(streamOrder), s.source(streamDropout), s.source(streamAugment),
	}
	t := trainer{
		settings: s, data: d, net: n, optimizer: newOptimizer(s, n.tensors()),
		order:   rand.New(chance[0]),
		dropout: rand.New(chance[1]),
		augment: rand.New(chance[2]),
	}
	bestEpoch, bestLoss, bestError := 0, math.Inf(1), 1.0
	best := zeros(n.tensors())
	kept := state{
		epoch: new(int), bestEpoch: &bestEpoch, line: new(string),
		numbers: []*float64{&bestLoss, &bestError},
		vectors: append(values(n.tensors()), append(t.optimizer.vectors(), best...)...),
		steps:   t.optimizer.count(), chance: chance,
	}
	if err := kept.load(s.checkpoint); err != nil {
		return err
	}
	last := s.epochs
	if s.until > 0 {
		last = min(last, s.until)
	}
	if *kept.epoch >= last && last < s.epochs {
		// Who asked for this epoch may not have heard of it.
		if _, err := io.WriteString(to, *kept.line); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	for epoch := *kept.epoch + 1; epoch <= last; epoch++ {
		trainLoss := t.epoch(s.rate(epoch))
		loss, wrong := evaluate(n, d.validation)
		*kept.line = fmt.Sprintf(
			"epoch=%d train_loss=%.5f val_loss=%.5f val_error=%.5f\n",
			epoch, trainLoss, loss, wrong)
		if _, err := io.WriteString(to, *kept.line); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
		if !finite(trainLoss) || !finite(loss) {
			return fmt.Errorf("training diverged in epoch %d; a smaller --lr "+
				"than %g may help", epoch, s.lr)
		}
		if loss < bestLoss {
			bestEpoch, bestLoss, bestError = epoch, loss, wrong
			for i, p := range n.tensors() {
				copy(best[i], p.value)
			}
		}
		*kept.epoch = epoch
		if err := kept.save(s.checkpoint); err != nil {
			return err
		}
	}
	if last < s.epochs {
		return nil // to be continued
	}
	// Other names than those above: the best is no further measurement.
	if _, err := fmt.Fprintf(to,
		"done best_epoch=%d best_val_loss=%.5f best_val_error=%.5f\n",
		bestEpoch, bestLoss, bestError); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	if !s.test {
		return nil
	}
	for i, p := range n.tensors() {
		copy(p.value, best[i])
	}
	loss, wrong := evaluate(n, d.test)
	if _, err := fmt.Fprintf(to, "test_loss=%.5f test_error=%.5f\n",
		loss, wrong); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// build makes the untrained model and the data as that model wants them:
// pixels for a perceptron, Fourier features for the other.
func build(s settings, d division) (*net, division) {
	widths := []int{pixels}
	if s.model == modelRBF {
		f := newFourier(pixels, s.features, s.gamma, s.stream(streamFeatures))
		d.train = f.apply(d.train)
		d.validation = f.apply(d.validation)
		d.test = f.apply(d.test)
		widths[0] = s.features
	} else {
		for range s.layers {
			widths = append(widths, s.width)
		}
	}
	return newNet(append(widths, classes), s.stream(streamWeights)), d
}

// rate is the learning rate of an epoch, 1 to s.epochs: half a cosine from lr
// down to lr_final.
func (s settings) rate(epoch int) float64 {
	final := s.lrFinal
	if final == 0 {
		final = s.lr / 100
	}
	if s.epochs == 1 {
		return s.lr
	}
	done := float64(epoch-1) / float64(s.epochs-1)
	return final + (s.lr-final)*(1+math.Cos(math.Pi*done))/2
}

// trainer is what a training carries from epoch to epoch.
type trainer struct {
	settings
	data                    division
	net                     *net
	optimizer               optimizer
	order, dropout, augment *rand.Rand
}

// epoch goes once over the training set in a new order and returns the mean
// of the losses as they were met, dropout and augmentation included.
func (t *trainer) epoch(lr float64) float64 {
	d := t.data.train
	order := t.order.Perm(d.count())
	x := make([]float64, t.batch*d.width)
	y := make([]int, t.batch)
	dropout := 0.0
	if t.model == modelMLP {
		dropout = t.settings.dropout
	}
	total := 0.0
	for start := 0; start < len(order); start += t.batch {
		rows := min(t.batch, len(order)-start)
		for r := range rows {
			i := order[start+r]
			y[r] = d.y[i]
			to := x[r*d.width : (r+1)*d.width]
			if t.model == modelMLP {
				augment(to, d.row(i), t.shift, t.noise, t.augment)
			} else {
				copy(to, d.row(i)) // features are no image: nothing to move
			}
		}
		t.net.forward(x[:rows*d.width], rows, dropout, t.dropout)
		total += t.net.backward(y[:rows]) * float64(rows)
		t.optimizer.step(lr)
	}
	return total / float64(len(order))
}

// evaluate gives the mean loss and the share of wrong answers, without
// dropout.
func evaluate(n *net, d images) (loss, wrong float64) {
	logits := n.forward(d.x, d.count(), 0, nil)
	p := make([]float64, classes)
	for r, class := range d.y {
		row := logits[r*classes : (r+1)*classes]
		loss += softmax(p, row, class)
		for k := range row {
			if k != class && !(row[k] < row[class]) {
				wrong++ // a tie, or NaN, is no answer
				break
			}
		}
	}
	count := float64(d.count())
	return loss / count, wrong / count
}
