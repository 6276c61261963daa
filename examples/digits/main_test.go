package main

import (
	"bytes"
	"errors"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestLearns runs the whole program with the settings a person might try.
// Guessing would be wrong nine times in ten.
func TestLearns(t *testing.T) {
	tests := []struct {
		name, args string
		below      float64 // best validation error
	}{
		{"default", "", 0.06},
		{"sgd", "--lr=0.05 --width=64 --epochs=6", 0.08},
		{"adam", "--optimizer=adam --lr=0.01 --epochs=6", 0.08},
		{"two layers, everything on", "--lr=0.05 --layers=2 --width=64 " +
			"--epochs=8 --dropout=0.1 --noise=0.1 --shift=0.5", 0.08},
		{"fourier", "--model=rbf --optimizer=adam --lr=0.1 --epochs=6", 0.05},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, errs := runArgs(strings.Fields(test.args)...)
			if status != 0 {
				t.Fatalf("status %d: %s", status, errs)
			}
			if got := value(t, out, "best_val_error"); !(got < test.below) {
				t.Errorf("validation error %g, want below %g", got, test.below)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	_, out, _ := runArgs("--epochs=3")
	number := `\d+\.\d{5}`
	want := regexp.MustCompile(`^` +
		epochPattern(1, number) + epochPattern(2, number) +
		epochPattern(3, number) +
		`done best_epoch=3 best_val_loss=` + number +
		` best_val_error=` + number + `\n$`)
	if !want.MatchString(out) {
		t.Errorf("output\n%swant a match of %s", out, want)
	}
}

func epochPattern(epoch int, number string) string {
	return "epoch=" + strconv.Itoa(epoch) + " train_loss=" + number +
		" val_loss=" + number + " val_error=" + number + `\n`
}

func TestSameSeedSameOutput(t *testing.T) {
	args := []string{"--epochs=2", "--dropout=0.2", "--noise=0.1", "--shift=0.5"}
	_, first, _ := runArgs(args...)
	_, second, _ := runArgs(args...)
	if first != second {
		t.Errorf("two runs differ:\n%s%s", first, second)
	}
	_, other, _ := runArgs(append(args, "--seed=2")...)
	if other == first {
		t.Error("another seed makes no difference")
	}
}

// TestTestSetIsOnlyShown: --test adds a line and changes no other.
func TestTestSetIsOnlyShown(t *testing.T) {
	_, without, _ := runArgs("--epochs=2")
	_, with, _ := runArgs("--epochs=2", "--test")
	rest, ok := strings.CutPrefix(with, without)
	if !ok || !strings.HasPrefix(rest, "test_loss=") ||
		strings.Count(rest, "\n") != 1 {
		t.Errorf("without:\n%swith:\n%s", without, with)
	}
	if strings.Contains(without, "test") {
		t.Errorf("the test set shows without --test:\n%s", without)
	}
}

// TestTestSetIsJudgedAtTheBestEpoch makes a training that is best at once and
// gets worse; its test loss must be that of a training that ended there.
func TestTestSetIsJudgedAtTheBestEpoch(t *testing.T) {
	args := []string{"--test", "--model=rbf", "--optimizer=adam", "--lr=20",
		"--lr_final=20", "--features=64"}
	_, long, _ := runArgs(append(args, "--epochs=12")...)
	best := int(value(t, long, "best_epoch"))
	if best == 12 {
		t.Fatalf("the last epoch is the best, nothing to see:\n%s", long)
	}
	_, short, _ := runArgs(append(args, "--epochs="+strconv.Itoa(best))...)
	if a, b := value(t, long, "test_loss"), value(t, short, "test_loss"); a != b {
		t.Errorf("test loss %g, want %g of epoch %d", a, b, best)
	}
}

func TestDivergence(t *testing.T) {
	status, out, errs := runArgs("--lr=100", "--lr_final=100", "--momentum=0.99",
		"--layers=8", "--weight_decay=0", "--epochs=200")
	if status != statusFailed || !strings.Contains(errs, "smaller --lr") {
		t.Errorf("status %d, message %q", status, errs)
	}
	if strings.Contains(out, "done") {
		t.Errorf("a diverged training claims to be done:\n%s", out)
	}
}

func TestWrongFlags(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"unknown", "--rate=1", "not defined: -rate"},
		{"no number", "--lr=fast", `invalid value "fast" for flag -lr`},
		{"negative", "--lr=-1", "--lr=-1 is out of range: above 0"},
		{"not a number", "--gamma=NaN --model=rbf", "--gamma=NaN is out of"},
		{"two at once", "--dropout=1 --batch=0", "--batch=0 is out of range: " +
			"1 to 1024; --dropout=1 is out of range"},
		{"no such model", "--model=svm", "--model=svm is out of range: mlp or"},
		{"other model", "--model=rbf --width=9",
			"--width has no effect with --model=rbf; leave it out or use " +
				"--model=mlp"},
		{"other optimizer", "--optimizer=adam --momentum=0.5",
			"--momentum has no effect with --optimizer=adam"},
		{"rising rate", "--lr=0.1 --lr_final=0.2", "--lr_final=0.2 is out of"},
		{"left over", "0.1", `unexpected argument "0.1"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, errs := runArgs(strings.Fields(test.args)...)
			if status != statusUsage || out != "" ||
				!strings.HasPrefix(errs, "digits: ") ||
				!strings.Contains(errs, test.want) {
				t.Errorf("status %d, output %q, message %q, want %q",
					status, out, errs, test.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	status, _, errs := runArgs("-h")
	if status != 0 || !strings.Contains(errs, "-weight_decay") {
		t.Errorf("status %d, help %q", status, errs)
	}
}

func TestFailedWriteIsReported(t *testing.T) {
	var errs bytes.Buffer
	status := run([]string{"--epochs=1"}, brokenPipe{}, &errs)
	if status != statusFailed || !strings.Contains(errs.String(), "pipe is") {
		t.Errorf("status %d, message %q", status, &errs)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, errors.New("pipe is broken")
}

// TestImportsOnlyTheStandardLibrary keeps the promise that any program can be
// tuned: this one knows nothing of the tuner.
func TestImportsOnlyTheStandardLibrary(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text,
			parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			seen++
			if strings.Contains(i.Path.Value, ".") {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
	if seen == 0 {
		t.Error("no import was looked at")
	}
}

func runArgs(args ...string) (status int, out, errs string) {
	var o, e bytes.Buffer
	status = run(args, &o, &e)
	return status, o.String(), e.String()
}

// value finds name=number in the output.
func value(t *testing.T, out, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`\b` + name + `=(\S+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no %s in\n%s", name, out)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil || math.IsNaN(v) {
		t.Fatalf("%s is %q", name, m[1])
	}
	return v
}
