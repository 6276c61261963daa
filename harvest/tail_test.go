package harvest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/harvest"
	"github.com/google/go-cmp/cmp"
)

// tailed drives a Tail over a real file.
type tailed struct {
	t    *testing.T
	path string
	c    collector
	tail *harvest.Tail
}

func newTailed(t *testing.T, name string) *tailed {
	x := &tailed{t: t, path: filepath.Join(t.TempDir(), name)}
	x.tail = x.c.reader(t, harvest.Options{}).Tail(x.path)
	return x
}

func (x *tailed) append(text string) {
	x.t.Helper()
	f, err := os.OpenFile(x.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		x.t.Fatal(err)
	}
}

func (x *tailed) write(text string) {
	x.t.Helper()
	if err := os.WriteFile(x.path, []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

// poll polls and checks what has arrived since the start.
func (x *tailed) poll(want string) {
	x.t.Helper()
	if err := x.tail.Poll(context.Background()); err != nil {
		x.t.Fatal(err)
	}
	x.check(want)
}

func (x *tailed) check(want string) {
	x.t.Helper()
	if diff := cmp.Diff(want, format(x.c.samples)); diff != "" {
		x.t.Fatalf("samples so far (-want +got):\n%s", diff)
	}
}

func (x *tailed) close(want string) {
	x.t.Helper()
	for range 2 {
		if err := x.tail.Close(); err != nil {
			x.t.Fatal(err)
		}
	}
	x.check(want)
	if err := x.tail.Poll(context.Background()); err == nil {
		x.t.Error("Poll after Close gave no error")
	}
}

func TestTailGrows(t *testing.T) {
	x := newTailed(t, "metrics")
	x.poll("")
	x.append(`{"step":1,"loss":0.5}` + "\n" + `{"step":2,`)
	one := "1 json step 1: loss=0.5\n"
	x.poll(one)
	x.poll(one)
	x.append(`"loss":0.25}` + "\n" + `{"step":3,"loss":0.125}`)
	two := one + "2 json step 2: loss=0.25\n"
	x.poll(two)
	x.close(two + "3 json step 3: loss=0.125\n")
}

func TestTailRotation(t *testing.T) {
	x := newTailed(t, "metrics.csv")
	x.append("step,loss\n1,0.5\n2,0.25")
	x.poll("2 csv step 1: loss=0.5\n")
	// The old file gets its last line after it was moved away.
	if err := os.Rename(x.path, x.path+".1"); err != nil {
		t.Fatal(err)
	}
	x.poll("2 csv step 1: loss=0.5\n")
	old := x.path
	x.path += ".1"
	x.append("5\n3,0.75\n4,0.1")
	x.path = old
	x.append("epoch,acc\n7,0.875\n")
	all := "2 csv step 1: loss=0.5\n3 csv step 2: loss=0.255\n4 csv step 3: loss=0.75\n5 csv step 4: loss=0.1\n2 csv step 7: acc=0.875\n"
	x.poll(all)
	x.close(all)
}

func TestTailTruncation(t *testing.T) {
	x := newTailed(t, "metrics.jsonl")
	x.append(`{"step":1,"loss":0.5}` + "\n" + `{"step":2,"lo`)
	first := "1 json step 1: loss=0.5\n"
	x.poll(first)
	x.write(`{"step":1,"a":1}` + "\n")
	second := first + "1 json step 1: a=1\n"
	x.poll(second)
	// Rewritten longer than before: only its beginning tells.
	x.write(`{"step":9,"b":1}` + "\n" + `{"step":10,"b":2}` + "\n")
	third := second + "1 json step 9: b=1\n2 json step 10: b=2\n"
	x.poll(third)
	x.write("")
	x.poll(third)
	x.append(`{"step":1,"c":0.5}`)
	x.poll(third)
	x.close(third + "1 json step 1: c=0.5\n")
}

func TestTailLarge(t *testing.T) {
	x := newTailed(t, "metrics.csv")
	const rows = 20000 // more than one read's worth
	x.append("step,loss\n" + strings.Repeat("1,0.5\n", rows))
	if err := x.tail.Poll(context.Background()); err != nil {
		t.Fatal(err)
	}
	// Values of one step are thinned, but the last must arrive.
	if err := x.tail.Close(); err != nil {
		t.Fatal(err)
	}
	if last := x.c.samples[len(x.c.samples)-1]; last.Line != rows+1 {
		t.Errorf("last sample is of line %d, want %d", last.Line, rows+1)
	}
}

func TestTailErrors(t *testing.T) {
	x := newTailed(t, "metrics")
	if err := os.Mkdir(x.path, 0o700); err != nil {
		t.Fatal(err)
	}
	err := x.tail.Poll(context.Background())
	if err == nil || !strings.Contains(err.Error(), "it is a directory") {
		t.Errorf("Poll of a directory = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := x.tail.Poll(ctx); err != context.Canceled {
		t.Errorf("Poll with an ended context = %v", err)
	}
}
