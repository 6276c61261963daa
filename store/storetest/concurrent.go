package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// testConcurrent has many goroutines run trials of two studies at once.
func testConcurrent(t *testing.T, s store.Store) {
	const workers, each = 16, 12
	owners := []*owner{own(t, s, Definition("a")), own(t, s, Definition("b"))}
	for _, o := range owners {
		var setup []*study.Event
		for n := range workers * each {
			setup = append(setup, queued(o.def, n))
		}
		o.must(setup...)
	}
	type seen struct {
		study, event string
		seq          int64
	}
	results := make(chan seen, 3*2*workers*each)
	failures := make(chan error, 2*workers)
	var wg sync.WaitGroup
	for w := range workers {
		for k, o := range owners {
			wg.Go(func() {
				for i := range each {
					n := w*each + i
					for step, e := range []*study.Event{started(n, 1), reported(n, 1, 1, 0.5), ended(n, 1, 0.5)} {
						rs, err := s.Append(background, []store.Tx{{Study: o.def.ID, Epoch: o.epoch, Request: fmt.Sprint(n, "/", step), Events: []*study.Event{e}}})
						if err == nil {
							err = rs[0].Err
						}
						if err == nil && rs[0].Duplicate {
							err = fmt.Errorf("request %d/%d of study %d counts as a duplicate", n, step, k)
						}
						if err != nil {
							failures <- err
							return
						}
						results <- seen{o.def.ID, fmt.Sprint(e.Kind, n), rs[0].First}
					}
				}
			})
		}
		// Readers get in nobody's way.
		wg.Go(func() {
			if _, err := s.Load(background, owners[w%2].def.ID); err != nil {
				failures <- err
			}
			if _, err := s.Studies(background); err != nil {
				failures <- err
			}
		})
	}
	wg.Wait()
	close(results)
	close(failures)
	for err := range failures {
		t.Fatal(err)
	}
	receipts := make(map[string]map[int64]string)
	for r := range results {
		if receipts[r.study] == nil {
			receipts[r.study] = make(map[int64]string)
		}
		if other, ok := receipts[r.study][r.seq]; ok {
			t.Fatalf("%s and %s have the same number %d", other, r.event, r.seq)
		}
		receipts[r.study][r.seq] = r.event
	}
	for _, o := range owners {
		stored := o.events()
		if len(stored) != 4*workers*each {
			t.Fatalf("%d events, want %d", len(stored), 4*workers*each)
		}
		for i, e := range stored {
			if e.Seq != int64(i+1) {
				t.Fatalf("event %d has the number %d", i+1, e.Seq)
			}
			if got := receipts[o.def.ID][e.Seq]; i >= workers*each && got != fmt.Sprint(e.Kind, e.Trial) {
				t.Fatalf("event %d is %s %d, and its receipt went to %s", e.Seq, e.Kind, e.Trial, got)
			}
		}
		o.verify(stored)
	}
}

// testSameRequestAtOnce has many goroutines send one request.
func testSameRequestAtOnce(t *testing.T, s store.Store) {
	const callers = 16
	def := Definition("a")
	o := own(t, s, def)
	receipts := make([]store.Receipt, callers)
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			rs, err := s.Append(background, []store.Tx{{Study: "a", Epoch: o.epoch, Request: "one", Events: []*study.Event{queued(def, 0)}}})
			if errs[i] = err; err == nil {
				receipts[i] = rs[0]
			}
		})
	}
	wg.Wait()
	applied := 0
	for i, r := range receipts {
		if errs[i] != nil || r.Err != nil || r.First != 1 || r.Last != 1 {
			t.Fatalf("caller %d: %+v, %v", i, r, errs[i])
		}
		if !r.Duplicate {
			applied++
		}
	}
	if applied != 1 {
		t.Errorf("%d callers were told that they were first", applied)
	}
	o.verify([]*study.Event{queued(def, 0)})
}

// testCancelled cancels calls before and while they are made. Each is applied
// with an answer, or not at all.
func testCancelled(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	tx := func(n int) []store.Tx {
		return []store.Tx{{Study: "a", Epoch: o.epoch, Request: fmt.Sprint(n), Events: []*study.Event{queued(def, 2*n), queued(def, 2*n+1)}}}
	}
	dead, cancel := context.WithCancel(background)
	cancel()
	if _, err := s.Append(dead, tx(0)); !errors.Is(err, context.Canceled) {
		t.Fatalf("append with a cancelled context: %v", err)
	}
	o.verify(nil)
	if _, err := s.Load(dead, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("load with a cancelled context: %v", err)
	}
	var want []*study.Event
	for n := 0; n < 50; n++ {
		ctx, cancel := context.WithCancel(background)
		done := make(chan struct{})
		go func() {
			defer close(done)
			cancel()
		}()
		_, err := s.Append(ctx, tx(n))
		<-done
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("append: %v", err)
		}
		present := len(o.events()) - len(want)
		if present != 0 && present != 2 || err == nil && present != 2 {
			t.Fatalf("%d of 2 events are there after the answer %v", present, err)
		}
		if present == 0 { // the same request may be sent again
			if r := o.send(fmt.Sprint(n), tx(n)[0].Events...); r.Err != nil || r.Duplicate {
				t.Fatalf("second try: %+v", r)
			}
		}
		want = append(want, tx(n)[0].Events...)
	}
	o.verify(want)
}
