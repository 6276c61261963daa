package launchtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// helperArg as first argument makes the test binary play a trial.
const helperArg = "launchtest-helper"

// Command returns the command line of a helper: the test binary in one of the
// modes of [Helper].
func Command(mode string, args ...string) []string {
	exe, err := os.Executable()
	if err != nil {
		panic("launchtest: " + err.Error()) // no test can run without it
	}
	return append([]string{exe, helperArg, mode}, args...)
}

// Helper must be called in TestMain of a test binary that uses [Run], before
// flags are parsed. In a process started with [Command] it plays the trial
// and never returns. The modes, ADDR being a roll's:
//
//	say CODE OUT ERR   print OUT and ERR to the two streams, exit CODE
//	flood N            print N bytes of a known pattern
//	where              print arguments, environment and folder as JSON
//	signal N           die of signal N
//	wait ADDR NAME     answer the roll, stay until told to go
//	deaf ADDR NAME     the same, ignoring requests to end
//	polite ADDR NAME   the same, printing "bye" and exiting 7 when asked to end
//	eat ADDR NAME N    answer the roll, use N bytes of memory, stay
//	tree ADDR KIND     make a child of a kind, answer the roll, stay
//	storm ADDR DEPTH   make two more storms of DEPTH-1, answer, stay
func Helper() {
	if len(os.Args) < 3 || os.Args[1] != helperArg {
		return
	}
	os.Exit(play(os.Args[2], os.Args[3:]))
}

func play(mode string, args []string) int {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	number := func(i int) int {
		n, err := strconv.Atoi(arg(i))
		if err != nil {
			fmt.Fprintln(os.Stderr, "launchtest helper:", err)
			os.Exit(99)
		}
		return n
	}
	switch mode {
	case "say":
		fmt.Fprint(os.Stdout, arg(1))
		fmt.Fprint(os.Stderr, arg(2))
		return number(0)
	case "flood":
		_, err := os.Stdout.Write(Pattern(number(0)))
		if err != nil {
			return 1
		}
	case "where":
		dir, _ := os.Getwd()
		_ = json.NewEncoder(os.Stdout).Encode(Where{Args: os.Args, Env: os.Environ(), Dir: dir})
	case "signal":
		dieOf(number(0))
		return 98
	case "wait":
		answer(arg(0), arg(1))
	case "deaf":
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
		answer(arg(0), arg(1))
	case "polite":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		go func() {
			<-c
			fmt.Print("bye")
			os.Exit(7)
		}()
		answer(arg(0), arg(1))
	case "eat":
		go eat(number(2))
		answer(arg(0), arg(1))
	case "tree":
		grow(arg(0), arg(1))
		answer(arg(0), "main")
	case "storm":
		if depth := number(1); depth > 0 {
			for range 2 {
				spawn(true, os.Environ(), Command("storm", arg(0), strconv.Itoa(depth-1))...)
			}
		}
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
		answer(arg(0), "storm")
	case "daemon": // the middle of a double fork
		env := os.Environ()
		if arg(1) == "bare" {
			env = nil
		}
		spawn(true, env, Command("deaf", arg(0), "stray")...)
	default:
		fmt.Fprintln(os.Stderr, "launchtest helper: no mode", mode)
		return 99
	}
	return 0
}

// Where is what the helper's mode "where" prints.
type Where struct {
	Args, Env []string
	Dir       string
}

// Pattern returns n bytes that show where a piece is missing or doubled.
func Pattern(n int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d\n", i)
	}
	return []byte(b.String()[:n])
}

// kinds are the ways in which a child tries to outlive the trial.
var kinds = []string{"child", "setsid", "daemon", "bare", "nohup"}

func grow(addr, kind string) {
	deaf := Command("deaf", addr, "stray")
	switch kind {
	case "child": // an ordinary child that also holds the output pipes
		spawn(false, os.Environ(), deaf...)
	case "setsid":
		spawn(true, os.Environ(), deaf...)
	case "daemon", "bare": // bare: and hides by an empty environment
		spawn(true, os.Environ(), Command("daemon", addr, kind)...)
	case "nohup":
		spawn(false, os.Environ(), append([]string{"nohup"}, deaf...)...)
	case "eat":
		spawn(false, os.Environ(), Command("eat", addr, "stray", strconv.Itoa(appetite))...)
	}
}

// spawn starts a process with our standard streams. It is not waited for: to
// leave it alone is the point.
func spawn(own bool, env []string, argv ...string) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = env
	if env == nil {
		cmd.Env = []string{}
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if own {
		ownSession(cmd)
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "launchtest helper:", err)
		os.Exit(99)
	}
}

// answer calls in at the roll and stays until the test says go or is gone
// itself, so that no helper outlives a test that fails.
func answer(addr, name string) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "launchtest helper:", err)
		os.Exit(99)
	}
	fmt.Fprintf(c, "%s %d %d\n", name, os.Getpid(), os.Getppid())
	_, _ = bufio.NewReader(c).ReadString('\n')
}

// eat uses n bytes step by step, so that a limit has a chance to hold before
// the machine has none left.
func eat(n int) {
	const step = 4 << 20
	var all [][]byte
	for have := 0; have < n; have += step {
		b := make([]byte, step)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		time.Sleep(4 * time.Millisecond)
	}
	for { // keep them in use
		time.Sleep(time.Second)
		all[0][0]++
	}
}
