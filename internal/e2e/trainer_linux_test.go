package e2e_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// train plays a training program and returns its exit status. The modes:
//
//	way NAME        end in the way NAME
//	value X         print loss=X
//	curve X N       print N epochs of a curve that ends at X; where X is above
//	                10, stay after the first one
//	again FILE X    fail with status 75 until the third attempt; count the
//	                attempts in the checkpoint folder
//	fail TEXT       print TEXT to standard error and exit with 1
//	epochs HOW X    train epochs from a checkpoint; see epochs
//	stay FILE X     make FILE, stay until SIGTERM or FILE.go is there, print loss=X
func train(args []string) int {
	switch mode, args := args[0], args[1:]; mode {
	case "way":
		return end(args[0])
	case "value":
		fmt.Printf("loss=%s\n", args[0])
	case "curve":
		x, n := number(args[0]), number(args[1])
		for i := range int(n) {
			fmt.Printf("epoch=%d loss=%g\n", i+1, x+1/float64(i+1))
			if x > 10 {
				stay()
			}
		}
	case "again":
		return again(args[0])
	case "epochs":
		return epochs(args[0], args[1])
	case "fail":
		fmt.Fprintln(os.Stderr, args[0])
		return 1
	case "stay":
		return waitFor(args[0], args[1])
	default:
		fmt.Fprintln(os.Stderr, "trainer: no mode", mode)
		return 99
	}
	return 0
}

func number(text string) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, "trainer:", err)
		os.Exit(99)
	}
	return x
}

// stay stays until it is killed, or far beyond any test.
func stay() { time.Sleep(time.Hour) }

// ways are the ways for a trainer to end, with what afina must make of them.
var ways = []struct{ name, state, class string }{
	{"good", "complete", ""},
	{"silent about its metric", "failed", "no_metric"},
	{"exit 1", "failed", "exit"},
	{"exit 75", "failed", "temporary"},
	{"exit 78", "infeasible", ""},
	{"segfault", "failed", "crash"},
	{"SIGKILL", "failed", "killed"},
	{"out of memory", "failed", "oom"},
	{"time-out", "failed", "timeout"},
	{"silence", "failed", "silence"},
	{"NaN", "failed", "non_finite"},
	{"double fork", "complete", ""},
	{"ignored SIGTERM", "failed", "timeout"},
}

// end ends this process in a way of ways.
func end(way string) int {
	shell := func(script string) int {
		err := syscall.Exec("/bin/sh", []string{"sh", "-c", script}, os.Environ())
		fmt.Fprintln(os.Stderr, "trainer:", err)
		return 99
	}
	chatter := func() int {
		for { // until it is killed
			fmt.Println("still here")
			time.Sleep(100 * time.Millisecond)
		}
	}
	switch way {
	case "good":
		fmt.Println("loss=0.5")
	case "silent about its metric":
		fmt.Println("accuracy=0.5")
	case "exit 1":
		fmt.Fprintln(os.Stderr, "ValueError: a mistake")
		return 1
	case "exit 75":
		return 75
	case "exit 78":
		return 78
	case "segfault":
		return shell("kill -SEGV $$")
	case "SIGKILL":
		return shell("kill -KILL $$")
	case "out of memory":
		return eat()
	case "time-out":
		return chatter()
	case "silence":
		stay()
	case "NaN":
		fmt.Println("loss=nan")
	case "double fork":
		// In a session of its own, with an orphan's parent, and deaf.
		cmd := exec.Command("/bin/sh", "-c", "trap '' TERM HUP; sleep 3600 & sleep 3600")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "trainer:", err)
			return 99
		}
		fmt.Println("loss=0.5")
	case "ignored SIGTERM":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		return chatter()
	default:
		return 99
	}
	return 0
}

// eat uses more and more memory, a gibibyte at most.
func eat() int {
	var all [][]byte
	for range 256 {
		b := make([]byte, 4<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		fmt.Println("ate", len(all))
		time.Sleep(2 * time.Millisecond) // adding up the tree takes a moment, where that is the means
	}
	return 98
}

// again asks for another try until its third attempt, by what it finds in the
// checkpoint folder.
func again(x string) int {
	path := filepath.Join(os.Getenv("AFINA_CHECKPOINT_DIR"), "attempts")
	seen, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "trainer:", err)
		return 99
	}
	seen = append(seen, os.Getenv("AFINA_ATTEMPT")...)
	if err := os.WriteFile(path, seen, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "trainer:", err)
		return 99
	}
	if string(seen) != "123" {
		return 75
	}
	fmt.Printf("loss=%s\n", x)
	return 0
}

// waitFor makes a file that tells the test that the trial runs, and waits for
// word to end: SIGTERM, or a second file.
func waitFor(file, x string) int {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	file = filepath.Join(file, "trial-"+os.Getenv("AFINA_TRIAL_NUMBER")+"-"+os.Getenv("AFINA_ATTEMPT"))
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "trainer:", err)
		return 99
	}
	gone := filepath.Join(filepath.Dir(file), "go")
	for {
		if _, err := os.Stat(gone); err == nil {
			fmt.Printf("loss=%s\n", strings.TrimSpace(x))
			return 0
		}
		select {
		case <-told:
			return 143
		case <-time.After(5 * time.Millisecond):
		}
	}
}
