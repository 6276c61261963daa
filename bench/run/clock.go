package run

import "time"

// Clock is what the seconds of decisions are counted by.
type Clock struct {
	// Name is what traces say of it; "" is the wall's, as in traces that say
	// nothing.
	Name string
	// Now returns seconds since some moment; nil is the wall's.
	Now func() float64
}

// start begins to count, and returns what tells how many seconds it has been.
func (c Clock) start() func() float64 {
	if c.Now == nil {
		begin := time.Now()
		return func() float64 { return time.Since(begin).Seconds() }
	}
	begin := c.Now()
	return func() float64 { return c.Now() - begin }
}
