// Command afina tunes the hyperparameters of any program.
//
// It only wires: the concrete algorithms, stores and launchers are named here
// and in package builtin, everything else is in package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/afina-hpo/afina/cli"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/local"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/store/sqlite"
)

// version is set when a release is built.
var version = "development"

func main() {
	local.GuardianMain() // returns at once, unless this is a launcher's guardian
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	os.Exit(cli.Run(context.Background(), os.Args[1:], adapters(), cli.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), Interrupts: interrupts,
	}))
}

func adapters() cli.Adapters {
	return cli.Adapters{
		Version:          version,
		Search:           builtin.Search(),
		Schedule:         builtin.Schedule(),
		DefaultSearch:    builtin.DefaultSearch,
		DefaultSchedule:  builtin.DefaultSchedule,
		FidelitySchedule: builtin.FidelitySchedule,
		OpenStore: func(ctx context.Context, path string, allowNetworkFS bool) (cli.Store, error) {
			return sqlite.Open(ctx, path, sqlite.Options{AllowNetworkFS: allowNetworkFS})
		},
		ReadStore: func(ctx context.Context, path string) (store.Store, error) {
			return sqlite.OpenReadOnly(ctx, path, sqlite.Options{})
		},
		MemoryStore: func() store.Store { return memory.New() },
		Control: func(path string) (string, error) {
			h, held, err := sqlite.ReadHolder(path)
			if err != nil || !held {
				return "", err
			}
			return h.Address, nil
		},
		Launcher: func(marker string) (launch.Launcher, error) {
			return local.New(local.Options{Marker: marker})
		},
	}
}
