package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// owner names a launcher across processes: process number, start time and
// PID namespace of its program, and a random part for the launcher itself.
type owner struct {
	pid   int
	start uint64
	ns    string
	id    string
}

func newOwner() (owner, error) {
	p, ok := readProc(os.Getpid())
	if !ok {
		return owner{}, fmt.Errorf("read /proc/%d/stat: /proc must be mounted", os.Getpid())
	}
	return owner{p.pid, p.start, pidNamespace(), newID(6)}, nil
}

func (o owner) String() string {
	return fmt.Sprintf("%d.%d.%s.%s", o.pid, o.start, o.ns, o.id)
}

func parseOwner(s string) (owner, bool) {
	f := strings.Split(s, ".")
	if len(f) != 4 {
		return owner{}, false
	}
	pid, err1 := strconv.Atoi(f[0])
	start, err2 := strconv.ParseUint(f[1], 10, 64)
	return owner{pid, start, f[2], f[3]}, err1 == nil && err2 == nil
}

// pidNamespace returns the number of this process's PID namespace, "" where
// it cannot be read.
func pidNamespace() string {
	s, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSuffix(strings.TrimPrefix(s, "pid:["), "]")
}

// dead reports whether the program of that launcher is certainly gone. The
// numbers of another PID namespace mean nothing here, so it counts as alive.
func (o owner) dead() bool {
	if o.ns != pidNamespace() {
		return false
	}
	p, ok := readProc(o.pid)
	return !ok || p.start != o.start || p.dead()
}

// sweepLimit bounds a sweep: what cannot be killed by then is stuck in the
// kernel, and a new launcher must be able to start all the same.
const sweepLimit = 5 * time.Second

// guardsGrace is how long guardians found in a sweep may go on ending their
// own trees, which they know better than the sweep does.
const guardsGrace = time.Second

// sweepProcs kills, until none is left, every process of this user whose
// environment stray accepts, with all that is below such a process or in a
// session that it led; it returns how many it found.
func sweepProcs(stray func(env []byte) bool) int {
	found := make(map[strayKey]bool)
	pause := time.Millisecond
	for begin := time.Now(); ; {
		all := allProcs()
		spared := ancestors(all)
		ownSession := 0
		hit := make(map[int]bool)     // processes
		session := make(map[int]bool) // sessions of theirs
		guards := make(map[int]bool)
		byPID := make(map[int]proc, len(all))
		for _, p := range all {
			byPID[p.pid] = p
			if p.pid == os.Getpid() {
				ownSession = p.sid
			}
		}
		for _, p := range all {
			if spared[p.pid] || p.dead() {
				continue
			}
			env := environ(p.pid)
			if len(env) == 0 || !stray(env) {
				continue
			}
			hit[p.pid] = true
			if _, ok := envValue(env, envRole); ok {
				guards[p.pid] = true
			} else {
				session[p.sid] = true
			}
		}
		for pid := range hit {
			for _, p := range below(all, pid, func(pid int) bool { return spared[pid] }) {
				hit[p.pid] = true
			}
		}
		// The command of a run leads a session of its own, so that whoever is
		// in the session of a stray is of the run too, whatever it did to its
		// environment.
		delete(session, ownSession)
		for _, p := range all {
			if session[p.sid] && !spared[p.pid] {
				hit[p.pid] = true
			}
		}
		left := 0
		early := time.Since(begin) < guardsGrace
		for pid := range hit {
			p := byPID[pid]
			if p.dead() {
				continue
			}
			left++
			if guards[pid] {
				if early {
					continue
				}
			} else {
				found[strayKey{p.pid, p.start}] = true
			}
			signalProc(p, unix.SIGKILL)
		}
		if left == 0 || time.Since(begin) > sweepLimit {
			return len(found)
		}
		time.Sleep(pause)
		pause = min(2*pause, 50*time.Millisecond)
	}
}

// ancestors returns this process and all above it.
func ancestors(all []proc) map[int]bool {
	parent := make(map[int]int, len(all))
	for _, p := range all {
		parent[p.pid] = p.ppid
	}
	out := map[int]bool{0: true, 1: true}
	for pid := os.Getpid(); !out[pid]; pid = parent[pid] {
		out[pid] = true
	}
	return out
}

// groupName is the name of a run's control groups. It tells a later launcher
// whose they are: mark of the study home, owner, run.
func groupName(marker string, o owner, run string) string {
	return leafPrefix + markerHash(marker) + "-" + o.String() + "-" + run
}

func markerHash(marker string) string {
	h := sha256.Sum256([]byte(marker))
	return hex.EncodeToString(h[:6])
}

// sweepGroups removes control groups that dead launchers of the same marker
// left, and kills what is in them.
func sweepGroups(c cgroups, marker string) {
	for _, base := range []string{c.V2, c.V1Memory} {
		if base == "" {
			continue
		}
		dirs, _ := filepath.Glob(filepath.Join(escapeGlob(base), leafPrefix+markerHash(marker)+"-*"))
		for _, dir := range dirs {
			f := strings.Split(filepath.Base(dir), "-")
			if len(f) != 4 {
				continue
			}
			if o, ok := parseOwner(f[2]); ok && o.dead() {
				_ = removeGroup(dir)
			}
		}
	}
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
