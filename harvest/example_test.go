package harvest_test

import (
	"fmt"
	"io"

	"github.com/afina-hpo/afina/harvest"
)

func Example() {
	r, err := harvest.New(harvest.Options{
		Want: []string{"val_loss"},
		Each: func(s harvest.Sample) { fmt.Println("step", s.Step, s.Values) },
	})
	if err != nil {
		panic(err)
	}
	out := r.Stream("stdout")
	io.WriteString(out, "Epoch 3/10\n782/782 [====] - 12s 15ms/step - loss: 0.3 - val_loss: 0.4\n")
	out.Close()
	// Output: step 3 [{val_loss 0.4}]
}

func ExampleMissing() {
	r, err := harvest.New(harvest.Options{Want: []string{"val/loss"}, Each: func(harvest.Sample) {}})
	if err != nil {
		panic(err)
	}
	out := r.Stream("stdout")
	io.WriteString(out, "epoch 1: val_loss=0.5\nepoch 2: val_loss=0.4\n")
	out.Close()
	fmt.Println(harvest.Missing("val/loss", r.Seen()))
	// Output: no value for "val/loss"; saw "val_loss" 2 times (did you mean it?); print it as "val/loss=0.5" or as JSON {"step": 3, "val/loss": 0.5}, or give a pattern
}
