package local

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/afina-hpo/afina/launch"
)

// What is said between launcher, warden and guardian.
const (
	opGuardian = "guardian" // launcher to warden: start a guardian with this socket
	opGone     = "gone"     // warden to launcher: the guardian and all it held are gone
	opStart    = "start"    // launcher to guardian: start this command
	opStarted  = "started"  // guardian to launcher: it runs
	opRefused  = "refused"  // guardian to launcher: it could not be started
	opTerm     = "term"     // launcher to guardian: SIGTERM to the tree
	opKill     = "kill"     // launcher to guardian: end the tree
	opExit     = "exit"     // guardian to launcher: the tree is gone
)

// message is one of the above. Run is on every message of a run, because a
// request to kill may arrive when the guardian already serves the next one.
type message struct {
	Op       string
	Run      string       `json:",omitempty"`
	Guardian int          `json:",omitempty"`
	Command  *command     `json:",omitempty"`
	PID      int          `json:",omitempty"` // of the guardian
	Errno    int          `json:",omitempty"`
	Text     string       `json:",omitempty"`
	Exit     *launch.Exit `json:",omitempty"`
}

// command is a job as the guardian gets it. Strings of the user are bytes
// here: JSON would damage names that are not UTF-8. Lists are joined by NUL.
type command struct {
	Path, Dir, Argv, Env []byte
	// Out and Err say which of the descriptors that come with the message is
	// standard output and error: an index, or -1 for none.
	Out, Err int
	Memory   int64
	// Group is the name for control groups of the run below Cgroups.
	Group   string
	Cgroups cgroups
}

// headerSize is the size of what precedes a message: the length of its JSON
// and the number of descriptors that come with it.
const headerSize = 8

// maxMessage bounds what a peer can make us allocate. Arguments and
// environment are at most a quarter of the stack limit, base64 adds a third.
const maxMessage = 64 << 20

// wire is one end of a socket pair that carries messages and descriptors.
// Sending is safe for concurrent use, receiving is for one goroutine.
type wire struct {
	c   *net.UnixConn
	out sync.Mutex
	in  []byte
	fds []int
}

// socketpair returns a wire and the bare descriptor of the other end, which
// is the caller's to close.
func socketpair() (*wire, int, error) {
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, -1, fmt.Errorf("make socket pair: %w", err)
	}
	w, err := newWire(fd[0])
	if err != nil {
		_ = unix.Close(fd[1])
		return nil, -1, err
	}
	return w, fd[1], nil
}

// newWire takes over the descriptor.
func newWire(fd int) (*wire, error) {
	f := os.NewFile(uintptr(fd), "guardian socket")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("use socket: %w", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, errors.New("use socket: not a unix socket")
	}
	return &wire{c: u}, nil
}

func (w *wire) close() { _ = w.c.Close() }

func (w *wire) send(m message, fds ...int) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s: %w", m.Op, err)
	}
	b := make([]byte, headerSize, headerSize+len(body))
	binary.LittleEndian.PutUint32(b, uint32(len(body)))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(fds)))
	b = append(b, body...)
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	w.out.Lock()
	defer w.out.Unlock()
	for len(b) > 0 {
		n, _, err := w.c.WriteMsgUnix(b, oob, nil)
		if err != nil {
			return fmt.Errorf("send %s: %w", m.Op, err)
		}
		b, oob = b[n:], nil
	}
	return nil
}

// recv returns the next message and its descriptors, which are the caller's
// to close. The error is io.EOF when the other end is closed or dead.
func (w *wire) recv() (message, []int, error) {
	var m message
	for {
		if len(w.in) >= headerSize {
			size := int(binary.LittleEndian.Uint32(w.in))
			nfd := int(binary.LittleEndian.Uint32(w.in[4:]))
			if size > maxMessage {
				return m, nil, fmt.Errorf("message of %d bytes is too long", size)
			}
			if len(w.in) >= headerSize+size && len(w.fds) >= nfd {
				err := json.Unmarshal(w.in[headerSize:headerSize+size], &m)
				fds := w.fds[:nfd:nfd]
				w.in, w.fds = w.in[headerSize+size:], w.fds[nfd:]
				if len(w.in) == 0 {
					w.in, w.fds = nil, nil
				}
				return m, fds, err
			}
		}
		if err := w.fill(); err != nil {
			return m, nil, err
		}
	}
}

func (w *wire) fill() error {
	b := make([]byte, 16<<10)
	oob := make([]byte, 256)
	n, noob, _, _, err := w.c.ReadMsgUnix(b, oob)
	if err != nil {
		// A reset is how the kernel says that the peer died with unread data.
		if errors.Is(err, unix.ECONNRESET) {
			return io.EOF
		}
		return err
	}
	if noob > 0 {
		msgs, err := unix.ParseSocketControlMessage(oob[:noob])
		if err != nil {
			return fmt.Errorf("read control message: %w", err)
		}
		for i := range msgs {
			fds, err := unix.ParseUnixRights(&msgs[i])
			if err != nil {
				return fmt.Errorf("read descriptors: %w", err)
			}
			w.fds = append(w.fds, fds...)
		}
	}
	if n == 0 {
		return io.EOF
	}
	w.in = append(w.in, b[:n]...)
	return nil
}
