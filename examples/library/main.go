// Command library tunes a classifier of wines with the afina library, in two
// ways: one function that asks for its parameters where it needs them, and a
// loop that asks for trials and tells their results.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/afina-hpo/afina"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("library", flag.ContinueOnError)
	ask := flags.Bool("ask", false, "declare the space and ask for trials, instead of define by run")
	trials := flags.Int("trials", 40, "end after so many trials")
	parallel := flags.Int("parallel", 2, "trials at once (of define by run)")
	seed := flags.Uint64("seed", 1, "seed of everything random")
	path := flags.String("store", "", "file to keep the study in; the same command goes on with it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	data, err := readWines()
	if err != nil {
		return err
	}
	options := []afina.Option{
		afina.Minimize("loss"),
		afina.Trials(*trials),
		afina.Seed(*seed),
		// A configuration that lags behind after two folds is not given all
		// five.
		afina.Schedule("median", afina.Set("warmup", 2)),
	}
	if *path != "" {
		options = append(options, afina.Store(*path))
	}
	if *ask {
		return askAndTell(ctx, data, out, options)
	}
	return defineByRun(ctx, data, out, append(options, afina.Parallel(*parallel)))
}

// crossValidate returns the mean loss of s over the folds, and reports it
// after each: the step of a report need not be an epoch.
func crossValidate(t *afina.Trial, data wines, s settings) (float64, error) {
	sum := 0.0
	for k := range folds {
		train, valid := fold(data.tune, k)
		loss, _ := score(s.fit(train, t.Seed()), valid)
		sum += loss
		t.Report(float64(k+1), sum/float64(k+1))
		if k+1 < folds && t.ShouldStop() {
			return 0, afina.ErrPruned
		}
	}
	return sum / folds, nil
}

// defineByRun lets the search space be what the objective asks for: a branch
// for the model, a loop for the layers.
func defineByRun(ctx context.Context, data wines, out io.Writer, options []afina.Option) error {
	s, err := afina.Open(ctx, nil, options...)
	if err != nil {
		return err
	}
	best, err := s.Optimize(ctx, func(t *afina.Trial) (float64, error) {
		s := settings{
			scale: afina.Pick(t, "scale", []string{"none", "standard", "range"}, afina.Default("standard")),
			model: afina.Pick(t, "model", []string{"neighbours", "network"}, afina.Default("neighbours")),
		}
		switch s.model {
		case "neighbours":
			s.k = t.Int("k", 1, 50, afina.Log(), afina.Default(5))
			s.power = t.Float("power", 1, 4, afina.Default(2))
			s.nearest = t.Bool("nearest", afina.Default(false))
		case "network":
			for i := range t.Int("layers", 1, 3) {
				s.units = append(s.units, t.Int(fmt.Sprintf("units%d", i), 4, 32, afina.Log()))
			}
			s.activation = t.Choice("activation", "relu", "tanh")
			s.rate = t.Float("rate", 1e-3, 1, afina.Log())
			s.momentum = t.Float("momentum", 0, 0.95)
			s.decay = t.Float("decay", 1e-6, 1e-1, afina.Log())
			s.epochs = t.Int("epochs", 5, 60, afina.Log())
		}
		return crossValidate(t, data, s)
	})
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	return report(out, s, best, data)
}

// askAndTell declares the same space, and runs the trials in a loop of its
// own.
func askAndTell(ctx context.Context, data wines, out io.Writer, options []afina.Option) (err error) {
	network := afina.When("model", "network")
	neighbours := afina.When("model", "neighbours")
	s, err := afina.Open(ctx, afina.Space{
		afina.Choice("scale", []string{"none", "standard", "range"}, afina.Default("standard")),
		afina.Choice("model", []string{"neighbours", "network"}, afina.Default("neighbours")),
		afina.Int("k", 1, 50, afina.Log(), afina.Default(5), neighbours),
		afina.Float("power", 1, 4, afina.Default(2), neighbours),
		afina.Bool("nearest", afina.Default(false), neighbours),
		afina.Int("layers", 1, 3, network),
		afina.Int("units0", 4, 32, afina.Log(), network),
		afina.Int("units1", 4, 32, afina.Log(), network, afina.If("layers >= 2")),
		afina.Int("units2", 4, 32, afina.Log(), network, afina.If("layers >= 3")),
		afina.Choice("activation", []string{"relu", "tanh"}, network),
		afina.Float("rate", 1e-3, 1, afina.Log(), network),
		afina.Float("momentum", 0, 0.95, network),
		afina.Float("decay", 1e-6, 1e-1, afina.Log(), network),
		afina.Int("epochs", 5, 60, afina.Log(), network),
	}, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for {
		t, err := s.Ask(ctx)
		if errors.Is(err, afina.ErrEnded) {
			return report(out, s, s.Best(), data)
		}
		if err != nil {
			return err
		}
		loss, err := crossValidate(t, data, read(t.Params()))
		if err != nil {
			err = s.Fail(t, err)
		} else {
			err = s.Tell(t, loss)
		}
		if err != nil {
			return err
		}
	}
}

// read turns a configuration into settings.
func read(p afina.Params) settings {
	s := settings{scale: p.Text("scale"), model: p.Text("model")}
	if s.model == "neighbours" {
		s.k, s.power, s.nearest = p.Int("k"), p.Float("power"), p.Bool("nearest")
		return s
	}
	for i := range p.Int("layers") {
		s.units = append(s.units, p.Int(fmt.Sprintf("units%d", i)))
	}
	s.activation, s.rate, s.momentum = p.Text("activation"), p.Float("rate"), p.Float("momentum")
	s.decay, s.epochs = p.Float("decay"), p.Int("epochs")
	return s
}

// report prints how the study came out. The test wines are looked at here and
// nowhere else.
func report(out io.Writer, s *afina.Study, best *afina.Result, data wines) error {
	if best == nil {
		return afina.ErrNoResult
	}
	counts := map[afina.State]int{}
	trials := s.Trials()
	for _, r := range trials {
		counts[r.State]++
	}
	fmt.Fprintf(out, "%d trials: %d complete, %d ended early\n", len(trials), counts[afina.Complete], counts[afina.Pruned])
	for _, r := range []struct {
		what   string
		result *afina.Result
	}{{"default", &trials[0]}, {"best", best}} {
		loss, mistakes := score(read(r.result.Params).fit(data.tune, int64(r.result.Number)), data.test)
		fmt.Fprintf(out, "%-7s trial %2d: loss %.4f, on test wines %.4f with %.1f %% mistakes\n        %v\n",
			r.what, r.result.Number, r.result.Value, loss, 100*mistakes, r.result.Params)
	}
	return nil
}
