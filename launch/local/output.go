package local

import (
	"errors"
	"io"
	"os"
	"time"
)

// outputs is the reading side of a job's two streams.
type outputs struct {
	pipes []*os.File
	done  chan struct{} // closed when every pipe was copied to its end
}

// copyOutput copies each pipe to its writer, in one goroutine per pipe, until
// the end of file or until finish has been called and the pipe is empty.
func copyOutput(pipes []*os.File, to []io.Writer) *outputs {
	o := &outputs{pipes: pipes, done: make(chan struct{})}
	each := make(chan struct{}, len(pipes))
	for i, p := range pipes {
		go func() {
			copyPipe(to[i], p)
			each <- struct{}{}
		}()
	}
	go func() {
		for range pipes {
			<-each
		}
		close(o.done)
	}()
	return o
}

// finish says that the processes have ended, so that all they wrote is in the
// pipes by now. A process that got hold of a pipe in another way cannot delay
// the end: once a pipe is empty nothing more is waited for.
func (o *outputs) finish() {
	for _, p := range o.pipes {
		_ = p.SetReadDeadline(time.Unix(1, 0))
	}
	<-o.done
}

// copyPipe copies what comes through r to w and closes r.
func copyPipe(w io.Writer, r *os.File) {
	defer r.Close()
	buf := make([]byte, 32<<10)
	// A broken writer must not stop the command, which would get SIGPIPE or
	// block if nobody read.
	broken := false
	put := func(b []byte) {
		if !broken && len(b) > 0 {
			_, err := w.Write(b)
			broken = err != nil
		}
	}
	for {
		n, err := r.Read(buf)
		put(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return
		}
	}
	drain(r, buf, put)
}

// sameWriter reports whether a and b are one writer. Comparing may panic for
// types that cannot be compared; these are different then.
func sameWriter(a, b io.Writer) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return a != nil && a == b
}
