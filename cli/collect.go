package cli

import (
	"runtime/debug"
	"runtime/metrics"

	"github.com/afina-hpo/afina/study"
)

const (
	// rarePercent is how much garbage, over what is kept, is let gather while
	// little is kept.
	rarePercent = 400
	// little is up to how many bytes that is: with the garbage it stays under
	// 320 MiB.
	little = 64 << 20
	// lookEvery is after how many events it is looked again. None keeps more
	// than a few KiB.
	lookEvery = 1000
)

// collector makes garbage collections rarer in a process that does nothing but
// serve a study, until the study has grown. The study is all that the process
// keeps, and going over it again each time it has doubled is a fifth of what a
// cheap search costs.
type collector struct {
	usual  int // the percentage before
	little uint64
	events int
	rare   bool
}

// collectRarely begins it.
func collectRarely() *collector {
	return &collector{usual: debug.SetGCPercent(rarePercent), little: little, rare: true}
}

// observe notes that the study has grown. It is called by one goroutine.
func (c *collector) observe(events []*study.Event) {
	before := c.events / lookEvery
	c.events += len(events)
	if !c.rare || c.events/lookEvery == before {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(live); live[0].Value.Kind() == metrics.KindUint64 && live[0].Value.Uint64() > c.little {
		c.end()
	}
}

// end makes collections as frequent as they were.
func (c *collector) end() {
	if c.rare {
		c.rare = false
		debug.SetGCPercent(c.usual)
	}
}
