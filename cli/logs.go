package cli

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/study"
)

func (x *app) logsCommand() *cobra.Command {
	var attempt int
	var follow bool
	c := &cobra.Command{
		Use:   "logs [STUDY] N",
		Short: "Print what a trial's program printed",
		Args:  argCount(1, 2, "a study and a trial number"),
		RunE: func(c *cobra.Command, args []string) error {
			_, h, t, err := x.loadTrial(c.Context(), args)
			if err != nil {
				return err
			}
			if attempt == 0 {
				attempt = len(t.Attempts)
			}
			if attempt < 1 || attempt > len(t.Attempts) {
				return study.Errorf(study.NotFound, "", "trial %d has no attempt %d; it has %d", t.Number, attempt, len(t.Attempts))
			}
			if follow && t.State == study.Running && attempt == len(t.Attempts) {
				return x.follow(c.Context(), h, t.Number, attempt)
			}
			text, path, err := readLog(h, t.Number, attempt)
			if errors.Is(err, fs.ErrNotExist) {
				err = study.Errorf(study.NotFound, "", "attempt %d of trial %d printed nothing", attempt, t.Number)
			}
			if err != nil {
				return err
			}
			if x.json {
				x.printJSON(map[string]any{"number": t.Number, "attempt": attempt, "path": path, "log": text})
				return nil
			}
			_, err = io.WriteString(x.Out, text)
			return err
		},
	}
	c.Flags().IntVar(&attempt, "attempt", 0, "which attempt (default: the newest)")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing while the trial runs")
	return c
}

// readLog returns the log of an attempt and the file it is in.
func readLog(h home.Home, number, attempt int) (text, path string, err error) {
	path = h.Log(number, attempt)
	if b, err := os.ReadFile(path); err == nil {
		return string(b), path, nil // running, or cut off
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", path, err
	}
	path += home.LogSuffix
	f, err := os.Open(path)
	if err != nil {
		return "", path, err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return "", path, fmt.Errorf("read log %s: %w", path, err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return "", path, fmt.Errorf("read log %s: %w", path, err)
	}
	return string(b), path, nil
}

// follow prints a log as it grows, until the trial has ended and the log has
// been packed.
func (x *app) follow(ctx context.Context, h home.Home, number, attempt int) error {
	const every = 200 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	var offset int64
	for {
		f, err := os.Open(h.Log(number, attempt))
		switch {
		case err == nil:
			n, copyErr := copyFrom(x.Out, f, offset)
			offset += n
			if err := errors.Join(copyErr, f.Close()); err != nil {
				return err
			}
		case exists(h.Log(number, attempt) + home.LogSuffix):
			text, _, err := readLog(h, number, attempt)
			if err != nil {
				return err
			}
			_, err = io.WriteString(x.Out, text[min(offset, int64(len(text))):])
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-x.Interrupts:
			return nil
		case <-tick.C:
		}
	}
}

func copyFrom(w io.Writer, f *os.File, offset int64) (int64, error) {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	return io.Copy(w, f)
}

// plural returns "1 trial", "2 trials".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
