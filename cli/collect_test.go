package cli

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/afina-hpo/afina/study"
)

func TestCollectRarelyWhileLittleIsKept(t *testing.T) {
	const usual = 77
	defer debug.SetGCPercent(debug.SetGCPercent(usual))
	percent := func() int {
		p := debug.SetGCPercent(usual)
		debug.SetGCPercent(p)
		return p
	}
	runtime.GC() // what is live is known from now on
	c := collectRarely()
	c.observe(make([]*study.Event, lookEvery))
	if got := percent(); got != rarePercent {
		t.Errorf("with little kept the percentage is %d, want %d", got, rarePercent)
	}
	c.little = 1
	c.observe(make([]*study.Event, lookEvery-1))
	if got := percent(); got != rarePercent {
		t.Errorf("it was looked too early: the percentage is %d", got)
	}
	c.observe(make([]*study.Event, 1))
	if got := percent(); got != usual {
		t.Errorf("with much kept the percentage is %d, want %d", got, usual)
	}
	debug.SetGCPercent(50)
	c.end()
	if got := percent(); got != 50 {
		t.Errorf("a second end sets the percentage to %d", got)
	}
}
