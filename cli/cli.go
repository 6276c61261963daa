// Package cli is the command line of afina: one file a command, each thin.
//
// A command finds its study, asks the room that knows, and prints the answer:
// for people by default, as JSON with --json. It names no concrete store,
// algorithm or launcher: [Adapters] brings them, and only cmd/afina and the
// tests fill that in. Exit statuses are in [ExitCode] and docs/commands.md.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Adapters are the concrete things that the commands work with.
type Adapters struct {
	Version  string
	Search   suggest.Table
	Schedule schedule.Table
	// DefaultSearch and DefaultSchedule are used where a study does not say,
	// FidelitySchedule instead of the latter where it declares a fidelity.
	DefaultSearch, DefaultSchedule, FidelitySchedule string

	// OpenStore opens a database file to write; it fails with
	// [study.Conflict] while another process has it open.
	OpenStore func(ctx context.Context, path string, allowNetworkFS bool) (Store, error)
	// ReadStore opens a database file to look at, also while another process
	// writes it.
	ReadStore func(ctx context.Context, path string) (store.Store, error)
	// MemoryStore returns a store that lives in memory.
	MemoryStore func() store.Store
	// Control returns the address at which the process that has a database
	// file open takes orders, "" where none has.
	Control func(path string) (string, error)
	// Launcher returns a launcher whose processes carry the marker.
	Launcher func(marker string) (launch.Launcher, error)
}

// Store is a store whose file tells other processes how to reach its holder.
type Store interface {
	store.Store
	SetControl(address string) error
}

// Streams is what a command reads from and writes to.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Environ  []string
	// Interrupts delivers one value for each interrupt by the user; nil: none
	// will come.
	Interrupts <-chan os.Signal
}

// app is what the commands share.
type app struct {
	Adapters
	Streams
	json    bool
	allowFS bool
}

// Exit statuses.
const (
	ExitOK        = 0
	ExitError     = 1   // something went wrong outside the user's hands
	ExitUsage     = 2   // the command line, study file or input is wrong
	ExitFailed    = 3   // the study stopped because its program does not work, or no trial completed
	ExitNotFound  = 4   // there is no such study or trial
	ExitConflict  = 5   // another process has the study, or its state does not allow this
	ExitInterrupt = 130 // interrupted; the same command goes on
)

// statusError ends a command with an exit status after it has said all there
// is to say.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// ExitCode returns the exit status for the error of a command.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if s, ok := errors.AsType[statusError](err); ok {
		return int(s)
	}
	if isInputError(err) {
		return ExitUsage
	}
	switch study.CodeOf(err) {
	case study.Invalid:
		return ExitUsage
	case study.NotFound:
		return ExitNotFound
	case study.Conflict, study.Fenced:
		return ExitConflict
	}
	return ExitError
}

// isInputError reports whether err is a mistake in what the user wrote.
func isInputError(err error) bool {
	if _, ok := errors.AsType[*diag.List](err); ok {
		return true
	}
	if _, ok := errors.AsType[space.AssignError](err); ok {
		return true
	}
	if _, ok := errors.AsType[command.Errors](err); ok {
		return true
	}
	_, ok := errors.AsType[usageError](err)
	return ok
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Run carries out a command line and returns its exit status.
func Run(ctx context.Context, args []string, a Adapters, s Streams) int {
	x := &app{Adapters: a, Streams: s}
	root := x.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if _, silent := errors.AsType[statusError](err); err != nil && !silent {
		x.printError(err)
	}
	return ExitCode(err)
}

// printError says what went wrong, to people on standard error, to programs
// as JSON on standard output.
func (x *app) printError(err error) {
	e := present.MakeError(err)
	if isInputError(err) {
		e.Code = study.Invalid
	}
	if x.json {
		fmt.Fprintf(x.Out, "%s\n", present.Line(map[string]present.Error{"error": e}))
		return
	}
	text := strings.TrimRight(e.Message, "\n")
	if _, ok := errors.AsType[*diag.List](err); !ok {
		text = "afina: " + text
	}
	fmt.Fprintln(x.Err, text)
	if e.Hint != "" {
		fmt.Fprintln(x.Err, "  "+e.Hint)
	}
}

func (x *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "afina",
		Short: "Tune the hyperparameters of any program",
		Long: `Afina finds the hyperparameters that make a program best, within the time
and trials there are: it runs the program on this machine, reads the metrics it
prints, ends hopeless trials early, and loses nothing when it is killed.

  afina run study.yaml
  afina run --metric val_loss -- python train.py --lr '{lr:log(1e-5,1e-1)}'

A STUDY is named by its study file, its folder or database file, or its name
(for studies below ./.afina).`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.PersistentFlags().BoolVar(&x.json, "json", false, "print JSON for programs instead of text for people")
	root.PersistentFlags().BoolVar(&x.allowFS, "allow-network-fs", false, "open a study on a network file system at your own risk")
	root.SetOut(x.Out)
	root.SetErr(x.Err)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		x.runCommand(), x.lsCommand(), x.showCommand(), x.explainCommand(), x.bestCommand(), x.compareCommand(), x.logsCommand(),
		x.addCommand(), x.stopCommand(), x.exportCommand(), x.checkCommand(), x.serveCommand(), x.simulateCommand(), x.versionCommand(),
	)
	// A word that is no command gets "did you mean", like everything else.
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		var names []string
		for _, sub := range c.Commands() {
			names = append(names, sub.Name())
		}
		return study.Errorf(study.Invalid, diag.DidYouMean(args[0], names), "there is no command %q", args[0])
	}
	return root
}

// flagError says what is wrong with a flag, without the parser's own words.
func flagError(c *cobra.Command, err error) error {
	text, hint := err.Error(), "see "+c.CommandPath()+" --help"
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := diag.Nearest(name, names); near != "" {
			hint = "did you mean --" + near + "?"
		}
	}
	if wanted := wantedBy(err); wanted != "" {
		text, hint = strings.SplitN(text, " flag: ", 2)[0]+" flag", wanted
	}
	return usageError{study.Errorf(study.Invalid, hint, "%s", text)}
}

// printJSON prints v as one line.
func (x *app) printJSON(v any) {
	fmt.Fprintf(x.Out, "%s\n", present.Line(v))
}

// argCount checks the number of arguments and says what they are.
func argCount(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageError{study.Errorf(study.Invalid, "usage: "+c.UseLine(), "%s takes %s", c.Name(), what)}
		}
		return nil
	}
}
