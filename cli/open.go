package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// session is a study opened for work: its store, engine and, where the store
// is a file, control socket.
type session struct {
	store   store.Store
	engine  *engine.Engine
	control *control
	cancel  context.CancelFunc
	ran     chan error
}

// openEngine makes an engine for the stored study id and sets it to work.
func (x *app) openEngine(ctx context.Context, s store.Store, def *study.Definition, redefine bool, h *home.Home, observe func([]*study.Event)) (*session, error) {
	search, err := x.Search.Lookup(def.Search.Name)
	if err != nil {
		return nil, err
	}
	sched, err := x.Schedule.Lookup(def.Schedule.Name)
	if err != nil {
		return nil, err
	}
	o := engine.Options{Store: s, Study: def.ID, Holder: holder(), Search: search, Schedule: sched, Observe: observe}
	if redefine {
		o.Redefine = def
	}
	e, err := engine.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w := &session{store: s, engine: e, cancel: cancel, ran: make(chan error, 1)}
	go func() { w.ran <- e.Run(running) }()
	if file, ok := s.(Store); ok && h != nil {
		if w.control, err = startControl(running, *h, file, e); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for orders: %w", err), w.close())
		}
	}
	return w, nil
}

// close ends the engine with everything decided stored, then the store.
func (w *session) close() error {
	var errs []error
	if w.control != nil {
		errs = append(errs, w.control.close())
	}
	w.cancel()
	errs = append(errs, <-w.ran, w.store.Close())
	return errors.Join(errs...)
}

// holder names this process to others that want the study.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return fmt.Sprintf("%s pid %d", host, os.Getpid())
}
