package cli

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/study"
)

func (x *app) serveCommand() *cobra.Command {
	var stdio bool
	var path string
	c := &cobra.Command{
		Use:   "serve --stdio STUDY.yaml",
		Short: "Ask and tell over standard input and output, for any language",
		Long: `Serve a study to the program that started this one: one JSON object a line in,
one a line out, answers in order.

  {"op":"ask","n":2}                                  get trials
  {"op":"report","number":0,"step":3,"values":{…}}    report on the way
  {"op":"tell","number":0,"values":{"loss":0.29}}     tell the result
  {"op":"add","params":{…}}  {"op":"best"}  {"op":"trials"}

With --store the study is durable and the same command goes on; without, it
lives in memory. The study file needs no command.`,
		Args: argCount(1, 1, "a study file"),
		RunE: func(c *cobra.Command, args []string) error {
			if !stdio {
				return usageError{study.Errorf(study.Invalid, "add --stdio", "serve has no other form yet than --stdio")}
			}
			return x.serve(c.Context(), args[0], path)
		},
	}
	c.Flags().BoolVar(&stdio, "stdio", false, "serve on standard input and output")
	c.Flags().StringVar(&path, "store", "", "database file that makes the study durable")
	return c
}

func (x *app) serve(ctx context.Context, file, path string) (err error) {
	got, err := config.Load(file, x.tables(), x.lookupEnv)
	if err != nil {
		return err
	}
	def := got.Definition
	v := x.newViewer(runFlags{quiet: true}, home.Home{}, path)
	var observe func([]*study.Event)
	if _, set := x.lookupEnv("GOGC"); !set {
		c := collectRarely()
		defer c.end()
		observe = c.observe
	}
	var w *session
	if path == "" {
		s := x.MemoryStore()
		def.ID, def.Created = newID(), time.Now()
		if !got.SeedGiven {
			def.Seed = randomSeed()
		}
		if err := x.takeEarlier(ctx, def); err != nil {
			return err
		}
		if err := s.Create(ctx, def); err != nil {
			return err
		}
		if w, err = x.openEngine(ctx, s, def, false, nil, observe); err != nil {
			return err
		}
	} else {
		if !exists(path) {
			if err := x.takeEarlier(ctx, def); err != nil {
				return err
			}
		}
		s, err := x.OpenStore(ctx, path, x.allowFS)
		if err != nil {
			return err
		}
		resumed, err := x.enter(ctx, s, got, v)
		if err != nil {
			return errors.Join(err, s.Close())
		}
		h := home.OfStore(path)
		if w, err = x.openEngine(ctx, s, def, resumed, &h, observe); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if _, set := x.lookupEnv("GOMAXPROCS"); !set {
		// A line passes through a handful of goroutines, one after another.
		// On one processor that is free; across processors each step waits
		// tens of microseconds for a core to wake up.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	const client = "stdio"
	if err := w.engine.Join(ctx, client); err != nil {
		return err
	}
	server := &lines.Server{Engine: w.engine, Worker: client}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, x.In, x.Out) }()
	select {
	case err := <-served:
		return err
	case <-x.Interrupts:
		// The reader may hang in a read that nothing ends but the process.
		return statusError(ExitInterrupt)
	}
}
