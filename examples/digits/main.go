// Program digits trains a small classifier of handwritten digits from
// scratch: 1,797 grey images of 8 by 8 pixels, ten classes, no library beyond
// Go's own. It is an ordinary training program, made to be tuned: it imports
// nothing of afina and knows nothing of it. Everything that could be set
// differently is a flag, and every epoch it prints one line of metrics:
//
//	epoch=3 train_loss=0.31 val_loss=0.42 val_error=0.031
//
// Two families of model stand behind --model. "mlp" is a multi-layer
// perceptron; "rbf" is a softmax regression on random Fourier features, which
// approximates a kernel machine. A flag of the family or optimizer that was
// not chosen is refused, so the space of sensible flags is a conditional one;
// study.yaml describes it.
//
// The images are divided once and for all into a training, a validation and a
// test set. Only --test shows the last one, and it changes nothing else, so
// that tuning cannot see what it is judged by in the end. The same flags and
// the same --seed give the same output on the same kind of processor.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// Exit statuses: a wrong flag is told apart from a training that failed.
const (
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: arguments in, exit status out.
func run(args []string, stdout, stderr io.Writer) int {
	s, err := parseSettings(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "digits:", err)
		return statusUsage
	}
	images, err := loadImages()
	if err != nil {
		fmt.Fprintln(stderr, "digits:", err)
		return statusFailed
	}
	if err := train(s, divide(images), stdout); err != nil {
		fmt.Fprintln(stderr, "digits:", err)
		return statusFailed
	}
	return 0
}
