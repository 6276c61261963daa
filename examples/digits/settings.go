package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Names of the model families and of the optimizers.
const (
	modelMLP = "mlp"
	modelRBF = "rbf"

	optimizerSGD  = "sgd"
	optimizerAdam = "adam"
)

// settings are the flags. The zero value is of no use; parseSettings fills in
// the defaults, which are what a person might write down before tuning.
type settings struct {
	seed   uint64 // of initial weights, order of images, dropout, features
	epochs int
	test   bool // evaluate on the test set after training

	// A training may be done in pieces: it goes on from what is in checkpoint,
	// a folder, and ends after epoch until; "" and 0: in one piece.
	checkpoint string
	until      int

	model       string
	optimizer   string
	lr          float64 // learning rate at the first epoch
	lrFinal     float64 // at the last one; 0 means lr/100
	momentum    float64 // only sgd
	batch       int     // images in a gradient step
	weightDecay float64 // decoupled from the gradient; not on biases

	// Only mlp.
	layers  int     // hidden ones
	width   int     // units in each of them
	dropout float64 // chance that a hidden unit is silenced
	noise   float64 // standard deviation added to a pixel, whose range is 0..1
	shift   float64 // farthest an image is moved along an axis, in pixels

	// Only rbf.
	features int     // random Fourier features
	gamma    float64 // of the kernel exp(-gamma·|x-y|²)
}

// owner maps a flag to the choice without which it has no meaning.
var owner = map[string]struct{ flag, value string }{
	"momentum": {"optimizer", optimizerSGD},
	"layers":   {"model", modelMLP},
	"width":    {"model", modelMLP},
	"dropout":  {"model", modelMLP},
	"noise":    {"model", modelMLP},
	"shift":    {"model", modelMLP},
	"features": {"model", modelRBF},
	"gamma":    {"model", modelRBF},
}

// flags declares the flags, which write into s and hold the defaults.
func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("digits", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Uint64Var(&s.seed, "seed", 1, "seed of everything random in a training")
	f.IntVar(&s.epochs, "epochs", 30, "passes over the training set")
	f.BoolVar(&s.test, "test", false,
		"also print loss and error on the test set, at the end")
	f.StringVar(&s.checkpoint, "checkpoint", "",
		"folder to go on from, and to keep the state in after every epoch")
	f.IntVar(&s.until, "until", 0,
		"end after this epoch, to go on another time; 0 means at the end")
	f.StringVar(&s.model, "model", modelMLP, "family of model: mlp or rbf")
	f.StringVar(&s.optimizer, "optimizer", optimizerSGD, "sgd or adam")
	f.Float64Var(&s.lr, "lr", 0.01, "learning rate at the first epoch")
	f.Float64Var(&s.lrFinal, "lr_final", 0,
		"learning rate at the last epoch, reached on a cosine; "+
			"0 means lr/100")
	f.Float64Var(&s.momentum, "momentum", 0.9, "momentum (sgd)")
	f.IntVar(&s.batch, "batch", 32, "images in a gradient step")
	f.Float64Var(&s.weightDecay, "weight_decay", 1e-4,
		"decoupled weight decay")
	f.IntVar(&s.layers, "layers", 1, "hidden layers (mlp)")
	f.IntVar(&s.width, "width", 32, "units in a hidden layer (mlp)")
	f.Float64Var(&s.dropout, "dropout", 0,
		"chance that a hidden unit is silenced (mlp)")
	f.Float64Var(&s.noise, "noise", 0,
		"standard deviation of noise on training pixels in 0..1 (mlp)")
	f.Float64Var(&s.shift, "shift", 0,
		"farthest a training image is moved along an axis, in pixels (mlp)")
	f.IntVar(&s.features, "features", 256, "random Fourier features (rbf)")
	f.Float64Var(&s.gamma, "gamma", 0.1, "inverse width of the kernel (rbf)")
	return f
}

// parseSettings reads the flags and refuses values that make no sense, flags
// that do not apply, and anything left over. The error names the flag.
func parseSettings(args []string, help io.Writer) (settings, error) {
	var s settings
	f := s.flags()
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			fmt.Fprintln(help, "usage: digits [flags]")
			f.SetOutput(help)
			f.PrintDefaults()
			return s, err
		}
		return s, fmt.Errorf("%w; -h lists the flags", err)
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q; values are given as "+
			"--flag=value", f.Arg(0))
	}
	if err := s.check(); err != nil {
		return s, err
	}
	var stray error
	f.Visit(func(given *flag.Flag) {
		o, owned := owner[given.Name]
		if owned && stray == nil && f.Lookup(o.flag).Value.String() != o.value {
			stray = fmt.Errorf("--%s has no effect with --%s=%s; leave it out "+
				"or use --%s=%s", given.Name, o.flag,
				f.Lookup(o.flag).Value, o.flag, o.value)
		}
	})
	return s, stray
}

// check holds every value against its range. The comparisons are written so
// that NaN fails them.
func (s settings) check() error {
	rules := []struct {
		name string
		got  any
		ok   bool
		want string
	}{
		{"model", s.model, s.model == modelMLP || s.model == modelRBF,
			"mlp or rbf"},
		{"optimizer", s.optimizer,
			s.optimizer == optimizerSGD || s.optimizer == optimizerAdam,
			"sgd or adam"},
		{"epochs", s.epochs, 1 <= s.epochs && s.epochs <= 10_000, "1 to 10000"},
		{"lr", s.lr, 0 < s.lr && s.lr <= 100, "above 0, at most 100"},
		{"lr_final", s.lrFinal, 0 <= s.lrFinal && s.lrFinal <= s.lr,
			"0 to --lr"},
		{"momentum", s.momentum, 0 <= s.momentum && s.momentum < 1,
			"0 to below 1"},
		{"batch", s.batch, 1 <= s.batch && s.batch <= 1024, "1 to 1024"},
		{"weight_decay", s.weightDecay,
			0 <= s.weightDecay && s.weightDecay*s.lr < 1,
			"at least 0, and below 1 when multiplied by --lr"},
		{"layers", s.layers, 0 <= s.layers && s.layers <= 16, "0 to 16"},
		{"width", s.width, 1 <= s.width && s.width <= 4096, "1 to 4096"},
		{"dropout", s.dropout, 0 <= s.dropout && s.dropout < 1,
			"0 to below 1"},
		{"noise", s.noise, 0 <= s.noise && s.noise <= 10, "0 to 10"},
		{"shift", s.shift, 0 <= s.shift && s.shift <= 1, "0 to 1"},
		{"features", s.features, 1 <= s.features && s.features <= 16_384,
			"1 to 16384"},
		{"gamma", s.gamma, 0 < s.gamma && s.gamma <= 1e6,
			"above 0, at most 1e6"},
	}
	var wrong []string
	for _, r := range rules {
		if !r.ok {
			wrong = append(wrong, fmt.Sprintf("--%s=%v is out of range: %s",
				r.name, r.got, r.want))
		}
	}
	if wrong != nil {
		return fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return nil
}
