package afina_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/afina-hpo/afina"
)

func ExampleOptimize() {
	best, err := afina.Optimize(context.Background(), func(t *afina.Trial) (float64, error) {
		x := t.Float("x", -10, 10)
		if t.Choice("shape", "parabola", "line") == "parabola" {
			return (x - 2) * (x - 2), nil
		}
		return x + float64(t.Int("offset", 10, 20)), nil
	}, afina.Trials(200), afina.Seed(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s near x = %.0f\n", best.Params.Text("shape"), best.Params.Float("x"))
	// Output: parabola near x = 2
}

// A trial that reports can be ended early.
func ExampleTrial_ShouldStop() {
	pruned := 0
	_, err := afina.Optimize(context.Background(), func(t *afina.Trial) (float64, error) {
		rate := t.Float("rate", 0.01, 1, afina.Log())
		loss := 1.0
		for epoch := 1; epoch <= 20; epoch++ {
			loss *= 1 - rate/4
			t.Report(float64(epoch), loss)
			if t.ShouldStop() {
				return 0, afina.ErrPruned
			}
		}
		return loss, nil
	}, afina.Trials(40), afina.Seed(1), afina.Search("random"), afina.Schedule("median", afina.Set("warmup", 2)),
		afina.OnTrial(func(r afina.Result) {
			if r.State == afina.Pruned {
				pruned++
			}
		}))
	fmt.Println(err, pruned > 10)
	// Output: <nil> true
}

// With two objectives the result is every trial that no other beats in both.
func ExampleOptimizeAll() {
	front, err := afina.OptimizeAll(context.Background(), func(t *afina.Trial) ([]float64, error) {
		size := t.Int("size", 1, 1000, afina.Log())
		speed := 1 / float64(size)
		quality := 1 - 1/float64(size)
		return []float64{speed, quality}, nil
	}, afina.Maximize("speed", "quality"), afina.Trials(20))
	fmt.Println(len(front), err)
	// Output: 20 <nil>
}

// A loop of one's own asks for trials and tells their results.
func ExampleOpen() {
	ctx := context.Background()
	s, err := afina.Open(ctx, afina.Space{
		afina.Float("lr", 1e-5, 1e-1, afina.Log(), afina.Default(1e-3)),
		afina.Choice("optimizer", []string{"sgd", "adam"}, afina.Default("sgd")),
		afina.Float("momentum", 0, 0.99, afina.Default(0.9), afina.When("optimizer", "sgd")),
	}, afina.Trials(3), afina.Seed(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for {
		t, err := s.Ask(ctx)
		if errors.Is(err, afina.ErrEnded) {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		p := t.Params()
		if t.Number() == 0 {
			fmt.Println("first:", p)
		}
		if err := s.Tell(t, p.Float("lr")); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(len(s.Trials()), "trials, best found:", s.Best() != nil)
	// Output:
	// first: lr=0.001 optimizer=sgd momentum=0.9
	// 3 trials, best found: true
}

func ExamplePick() {
	_, err := afina.Optimize(context.Background(), func(t *afina.Trial) (float64, error) {
		batch := afina.Pick(t, "batch", []int{16, 32, 64}, afina.Ordered(), afina.Default(32))
		fmt.Println("the first trial has batches of", batch)
		return float64(batch), nil
	}, afina.Trials(1))
	fmt.Println(err)
	// Output:
	// the first trial has batches of 32
	// <nil>
}
