// Package storetest holds every store to the contract of package store.
//
// It is a suite of tests that a store's own tests run, not a package for
// programs. Its one idea is that a store has nothing to decide: which events
// are allowed, and what a study looks like after them, is what [study.Log]
// says, so the suite sends random events to the store and to a log and demands
// the same answers, in the same words, and the same study.
//
// A store that keeps nothing runs [Run]; one that can be closed and opened
// again runs [Durable], which includes it.
package storetest

import (
	"context"
	"testing"

	"github.com/afina-hpo/afina/store"
)

// Run tests stores made by open, each of them empty. It closes them.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	tests := []struct {
		name string
		run  func(t *testing.T, s store.Store)
	}{
		{"Create", testCreate},
		{"CreateConflict", testCreateConflict},
		{"Studies", testStudies},
		{"Unknown", testUnknown},
		{"Claim", testClaim},
		{"Receipts", testReceipts},
		{"Atomic", testAtomic},
		{"Empty", testEmpty},
		{"Requests", testRequests},
		{"RequestRefused", testRequestRefused},
		{"FencedAttempt", testFencedAttempt},
		{"Terminal", testTerminal},
		{"EveryEvent", testEveryEvent},
		{"Step", testStep},
		{"TwoStudies", testTwoStudies},
		{"Odd", testOdd},
		{"Extended", testExtended},
		{"Redefined", testRedefined},
		{"EventsAfter", testEventsAfter},
		{"EventsStop", testEventsStop},
		{"EndedOrder", testEndedOrder},
		{"SharedOrigins", testSharedOrigins},
		{"Independent", testIndependent},
		{"Concurrent", testConcurrent},
		{"SameRequestAtOnce", testSameRequestAtOnce},
		{"Cancelled", testCancelled},
		{"Random", testRandom},
		{"Close", testClose},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			test.run(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// Durable tests stores that keep what they hold in the folder they are opened
// in. A store is closed before the next is opened in its folder.
func Durable(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
	t.Run("Reopen", func(t *testing.T) { testReopen(t, open) })
	t.Run("ReopenRandom", func(t *testing.T) { testReopenRandom(t, open) })
}

// background is for calls that nobody cancels.
var background = context.Background()
