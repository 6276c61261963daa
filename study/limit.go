package study

import (
	"encoding/json"
	"errors"
)

// Limit is a number, or "auto": it is found from the data. The zero Limit is
// the number 0.
type Limit struct {
	Auto  bool
	Value float64
}

// MarshalJSON writes the number, or "auto".
func (l Limit) MarshalJSON() ([]byte, error) {
	if l.Auto {
		return []byte(`"auto"`), nil
	}
	return json.Marshal(l.Value)
}

// UnmarshalJSON reads what [Limit.MarshalJSON] writes.
func (l *Limit) UnmarshalJSON(b []byte) error {
	*l = Limit{Auto: string(b) == `"auto"`}
	if l.Auto {
		return nil
	}
	if json.Unmarshal(b, &l.Value) != nil {
		return errors.New(`a limit is a number or "auto"`)
	}
	return nil
}
