package study

import (
	"math"
	"time"
)

// Cost says what a trial costs, in whatever money: as the program reports it,
// or by the time that the trial runs. One of the two is set.
type Cost struct {
	// Metric is what the trial has cost up to now, as it reports it; its last
	// value counts.
	Metric string `json:"metric,omitempty"`
	// PerHour is the price of an hour of one trial.
	PerHour float64 `json:"per_hour,omitempty"`
}

// Of returns what t has cost up to the last that is stored of it: an attempt
// that still runs has no end yet and counts nothing by its time. It is false
// where t has reported nothing that says so.
func (c *Cost) Of(t *Trial) (float64, bool) {
	if c.Metric == "" {
		return c.PerHour * Seconds(t) / time.Hour.Seconds(), true
	}
	x, ok := t.Metrics.Get(c.Metric)
	for i := len(t.Reports) - 1; i >= 0 && !ok; i-- {
		x, ok = t.Reports[i].Values.Get(c.Metric)
	}
	if !ok || !(x >= 0) || math.IsInf(x, 1) {
		return 0, false
	}
	return x, true
}

// Seconds returns for how long the attempts at t that are over have run, by
// the clock of who ran them.
func Seconds(t *Trial) float64 {
	var sum time.Duration
	for i := range t.Attempts {
		if a := &t.Attempts[i]; !a.Ended.IsZero() {
			sum += max(a.Ended.Sub(a.Started), 0)
		}
	}
	return sum.Seconds()
}
