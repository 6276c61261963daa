package study

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a [time.Duration] whose JSON is its text, "1h30m0s".
type Duration time.Duration

// String returns the duration's text.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes the duration's text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads the duration's text.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a duration is a text like 1h30m: %w", err)
	}
	got, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("bad duration %q", s)
	}
	*d = Duration(got)
	return nil
}
