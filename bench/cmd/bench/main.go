// Command bench measures search algorithms: those of afina, and through
// `bench serve` those of anybody else on the very same tasks.
//
// Run it with a verb, or without to see the verbs. Its output is data on the
// standard output and progress on the standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// command is one verb.
type command struct {
	name, args, doc string
	run             func(ctx context.Context, s streams, args []string) error
}

// streams is where a verb reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

var commands = []command{
	{"list", "", "the suites, their tasks, and the forms of names", list},
	{"run", "[TASK…]", "run methods on tasks; a trace a line", runTasks},
	{"compare", "TRACES…", "a report in Markdown of files of traces", compare},
	{"wallclock", "TRACES…", "a report of what is reached by a time on the wall", wallclock},
	{"serve", "TASK", "answer JSON lines, so that any program can work on a task", serve},
	{"speed", "", "what one suggestion takes, by history and parameters", speed},
	{"record", "", "train all that the task digits/loss has curves of, anew", record},
	{"calibrate", "TASK…", "compute the scale of tasks by the documented rule", calibrate},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := Main(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// Main runs the command and returns its exit status: 0, 1 where something
// failed, 2 where the command line is wrong.
func Main(ctx context.Context, s streams, args []string) int {
	if len(args) > 0 {
		for _, c := range commands {
			if c.name != args[0] {
				continue
			}
			err := c.run(ctx, s, args[1:])
			switch {
			case err == nil, errors.Is(err, flag.ErrHelp):
				return 0
			case errors.Is(err, errUsage):
				fmt.Fprintf(s.err, "bench %s: %v\n", c.name, err)
				return 2
			}
			fmt.Fprintf(s.err, "bench %s: %v\n", c.name, err)
			return 1
		}
		fmt.Fprintf(s.err, "bench: there is no verb %q\n\n", args[0])
	}
	fmt.Fprintln(s.err, "usage: bench VERB [FLAGS] [ARGUMENTS]; `bench VERB -h` lists the flags")
	for _, c := range commands {
		fmt.Fprintf(s.err, "  %-20s %s\n", c.name+" "+c.args, c.doc)
	}
	return 2
}

// errUsage marks errors that are the command line's.
var errUsage = errors.New("wrong usage")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// flags returns the set of a verb's flags.
func flags(s streams, name string) *flag.FlagSet {
	f := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	f.SetOutput(s.err)
	return f
}

// parse reads the command line into f's flags; what is wrong with it has been
// said by then.
func parse(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}

// dataFlag adds the flag for the folder of data.
func dataFlag(f *flag.FlagSet) *string {
	return f.String("data", os.Getenv("AFINA_BENCH_DATA"), "folder of benchmark `data`; default: the variable AFINA_BENCH_DATA")
}
