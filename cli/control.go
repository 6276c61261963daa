package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/study"
)

// control listens for orders to a running study (add, stop) on a socket that
// only this user can reach, and tells its address through the store's lock.
type control struct {
	listener net.Listener
	path     string
	conns    sync.WaitGroup
	cancel   context.CancelFunc
}

// startControl listens. The socket lies in the user's temporary folder,
// because the path of a socket must be short and that of a study may be long.
func startControl(ctx context.Context, h home.Home, s Store, e *engine.Engine) (*control, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("afina-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return nil, fmt.Errorf("the folder %s is not this user's alone", dir)
	}
	sum := fnv.New64a()
	sum.Write([]byte(h.Marker())) // never fails
	path := filepath.Join(dir, fmt.Sprintf("%016x-%d.sock", sum.Sum64(), os.Getpid()))
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &control{listener: l, path: path, cancel: cancel}
	if err := errors.Join(os.Chmod(path, 0o600), s.SetControl(path)); err != nil {
		return nil, errors.Join(err, c.close())
	}
	server := &lines.Server{Engine: e}
	c.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			c.conns.Go(func() {
				stop := context.AfterFunc(ctx, func() { conn.Close() })
				defer stop()
				defer conn.Close()
				// Its end is the caller's; what goes wrong is told there.
				_ = server.Serve(ctx, conn, conn)
			})
		}
	})
	return c, nil
}

func (c *control) close() error {
	c.cancel()
	err := c.listener.Close()
	c.conns.Wait()
	return err
}

// order sends one line to the process that runs the study of a database file,
// and decodes its answer into val. It returns false where none runs it.
func (x *app) order(ctx context.Context, db string, line, val any) (bool, error) {
	address, err := x.Control(db)
	if err != nil || address == "" {
		return false, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", address)
	if err != nil {
		return true, study.Errorf(study.Unavailable, "try again, or stop it with Ctrl-C where it runs", "the process that runs the study does not answer: %v", err)
	}
	defer conn.Close()
	if _, err := conn.Write(append(present.Line(line), '\n')); err != nil {
		return true, err
	}
	answer, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		return true, study.Errorf(study.Unavailable, "", "the process that runs the study ended before it answered")
	}
	var failed struct {
		Error *present.Error `json:"error"`
	}
	if err := json.Unmarshal(answer, &failed); err != nil {
		return true, fmt.Errorf("answer of the running study: %w", err)
	}
	if failed.Error != nil {
		return true, study.Errorf(failed.Error.Code, failed.Error.Hint, "%s", failed.Error.Message)
	}
	return true, json.Unmarshal(answer, val)
}
