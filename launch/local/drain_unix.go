//go:build unix

package local

import (
	"os"
	"syscall"
	"time"
)

// drainLimit bounds what is read after the end; it is the largest pipe that
// an ordinary user can make. Somebody could be writing all the time.
const drainLimit = 1 << 20

// drain reads what is in the pipe without ever waiting for more.
func drain(r *os.File, buf []byte, put func([]byte)) {
	_ = r.SetReadDeadline(time.Time{})
	raw, err := r.SyscallConn()
	if err != nil {
		return
	}
	for left := drainLimit; left > 0; {
		var n int
		var rerr error
		err := raw.Read(func(fd uintptr) bool {
			for {
				if n, rerr = syscall.Read(int(fd), buf); rerr != syscall.EINTR {
					return true // done, also with EAGAIN
				}
			}
		})
		if err != nil || rerr != nil || n <= 0 {
			return
		}
		put(buf[:n])
		left -= n
	}
}
