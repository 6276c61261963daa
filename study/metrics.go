package study

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/space/value"
)

// Metric is one named number that a trial printed or told.
type Metric struct {
	Name  string
	Value float64 // may be NaN or infinite
}

// Metrics is a set of metrics sorted by name. Its JSON is an object in which
// non-finite numbers are the strings "NaN", "Infinity" and "-Infinity". A
// Metrics is not changed once it is part of a trial.
type Metrics []Metric

// MakeMetrics returns the metrics of a map.
func MakeMetrics(m map[string]float64) Metrics {
	ms := make(Metrics, 0, len(m))
	for name, x := range m {
		ms = append(ms, Metric{name, x})
	}
	slices.SortFunc(ms, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return ms
}

// Get returns the metric called name.
func (ms Metrics) Get(name string) (float64, bool) {
	for i := range ms { // a handful: a search would cost more
		if ms[i].Name == name {
			return ms[i].Value, true
		}
	}
	return 0, false
}

// With returns ms with those of more added or replaced.
func (ms Metrics) With(more Metrics) Metrics {
	out := make(Metrics, 0, len(ms)+len(more))
	i, j := 0, 0
	for i < len(ms) || j < len(more) {
		switch {
		case j == len(more) || i < len(ms) && ms[i].Name < more[j].Name:
			out = append(out, ms[i])
			i++
		default:
			if i < len(ms) && ms[i].Name == more[j].Name {
				i++
			}
			out = append(out, more[j])
			j++
		}
	}
	return out
}

// AppendJSON appends the JSON of ms to dst.
func (ms Metrics) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range ms {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value.String(m.Name).AppendJSON(dst)
		dst = append(dst, ':')
		dst = value.AppendJSONFloat(dst, m.Value, false)
	}
	return append(dst, '}')
}

// MarshalJSON implements [json.Marshaler].
func (ms Metrics) MarshalJSON() ([]byte, error) { return ms.AppendJSON(nil), nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (ms *Metrics) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("metrics are an object of numbers: %w", err)
	}
	m := make(map[string]float64, len(raw))
	for name, r := range raw {
		x, err := value.ParseFloat(r)
		if err != nil {
			return fmt.Errorf("metric %q: %w", name, err)
		}
		m[name] = x
	}
	*ms = MakeMetrics(m)
	return nil
}
