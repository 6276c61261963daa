package record

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Text returns s as it can be stored: valid UTF-8.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Nano returns t as nanoseconds since 1970; the year is brought into 1678 to
// 2262. A zero t has no such number: see where it is used.
func Nano(t time.Time) int64 {
	const first, last = math.MinInt64/int64(time.Second) + 1, math.MaxInt64/int64(time.Second) - 1
	switch sec := t.Unix(); {
	case sec < first:
		return first * int64(time.Second)
	case sec > last:
		return last * int64(time.Second)
	}
	return t.UnixNano()
}

// AppendFloats appends list as a JSON array; see [ParseFloats].
func AppendFloats(dst []byte, list []float64) []byte {
	dst = append(dst, '[')
	for i, x := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value.AppendJSONFloat(dst, x, false)
	}
	return append(dst, ']')
}

// ParseFloats reads what [AppendFloats] writes.
func ParseFloats(s string) ([]float64, error) {
	list := make([]float64, 0, min(1+strings.Count(s, ","), 64))
	err := array(s, func(raw string) error {
		x, err := number(raw)
		list = append(list, x)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Names makes equal strings share memory: a study of a million trials has a
// handful of names of metrics and workers. The zero Names is ready to use. It
// is not safe for concurrent use.
type Names struct{ known map[string]string }

// Share returns a string equal to s that does not hold on to a longer one.
func (n *Names) Share(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := n.known[s]; ok {
		return t
	}
	if n.known == nil {
		n.known = make(map[string]string)
	}
	t := strings.Clone(s)
	if len(n.known) < 1<<16 { // names that never repeat are not worth a map
		n.known[t] = t
	}
	return t
}

// ParseMetrics reads what [study.Metrics.AppendJSON] writes, with names shared
// in n.
func ParseMetrics(s string, n *Names) (study.Metrics, error) {
	ms := make(study.Metrics, 0, min(strings.Count(s, ",")+1, 64))
	if s == "{}" {
		return ms, nil
	}
	err := object(s, func(key, raw string) error {
		x, err := number(raw)
		if err != nil {
			return fmt.Errorf("metric %.40q: %w", key, err)
		}
		ms = append(ms, study.Metric{Name: n.Share(key), Value: x})
		return nil
	})
	if err != nil {
		return nil, err
	}
	byName := func(i, j int) bool { return ms[i].Name < ms[j].Name }
	if !sort.SliceIsSorted(ms, byName) {
		sort.SliceStable(ms, byName)
	}
	// Two names that were not UTF-8 may have become one.
	return slices.CompactFunc(ms, func(a, b study.Metric) bool { return a.Name == b.Name }), nil
}

// Params reads configurations of one space. It is not safe for concurrent use.
type Params struct {
	space *space.Space
	vals  []value.Value // of the one being read
	used  int
	fill  func(int, *space.Param) value.Value
}

// NewParams returns a reader of configurations of s.
func NewParams(s *space.Space) *Params {
	p := &Params{space: s, vals: make([]value.Value, s.Len())}
	p.fill = func(i int, _ *space.Param) value.Value {
		v := p.vals[i]
		if !v.IsAbsent() {
			p.used++
		}
		return v
	}
	return p
}

// Parse reads what [space.Config.AppendJSON] writes. A value that the space
// does not allow, or for a parameter that it does not have, is an error.
func (p *Params) Parse(s string) (space.Config, error) {
	clear(p.vals)
	next, given := 0, 0
	err := object(s, func(key, raw string) error {
		i := next // the members are in the order of the space
		if i >= len(p.vals) || p.space.Param(i).Name != key {
			i = p.space.Lookup(key)
		}
		if i < 0 {
			return fmt.Errorf("the space has no parameter %.40q", key)
		}
		if !p.vals[i].IsAbsent() {
			return fmt.Errorf("parameter %q is there twice", key)
		}
		next = i + 1
		given++
		v, err := scalar(raw)
		if err != nil {
			return fmt.Errorf("parameter %q: %w", key, err)
		}
		if text, ok := v.AsString(); ok {
			v = value.String(strings.Clone(text))
		}
		p.vals[i] = v
		return nil
	})
	if err != nil {
		return space.Config{}, err
	}
	p.used = 0
	c, err := p.space.Complete(nil, p.fill)
	if err != nil {
		return space.Config{}, err
	}
	if p.used != given {
		return space.Config{}, fmt.Errorf("%d of %d parameters have a value but are not active", given-p.used, given)
	}
	return c, nil
}

// writer writes one JSON object; its fields appear in the order of the calls.
type writer struct{ b []byte }

func (w *writer) key(name string) {
	if n := len(w.b); w.b[n-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, `":`...)
}

// str writes a field unless s is empty.
func (w *writer) str(name, s string) {
	if s != "" {
		w.key(name)
		w.b = value.String(Text(s)).AppendJSON(w.b)
	}
}

// num writes a field unless x is 0.
func (w *writer) num(name string, x float64) {
	if x != 0 {
		w.key(name)
		w.b = value.AppendJSONFloat(w.b, x, false)
	}
}

// int writes a field unless n is 0.
func (w *writer) int(name string, n int64) {
	if n != 0 {
		w.key(name)
		w.b = value.Int(n).AppendJSON(w.b)
	}
}

// AppendFailure appends f as a JSON object; see [ParseFailure].
func AppendFailure(dst []byte, f *study.Failure) []byte {
	w := writer{append(dst, '{')}
	w.str("class", string(f.Class))
	w.str("message", f.Message)
	w.int("exit", int64(f.Exit))
	w.str("signal", f.Signal)
	return append(w.b, '}')
}

// ParseFailure reads what [AppendFailure] writes, with names shared in n.
func ParseFailure(s string, n *Names) (*study.Failure, error) {
	f := new(study.Failure)
	err := object(s, func(key, raw string) (err error) {
		var t string
		switch key {
		case "class":
			t, err = text(raw)
			f.Class = study.Class(n.Share(t))
		case "message":
			t, err = text(raw)
			f.Message = strings.Clone(t)
		case "exit":
			var k int64
			k, err = whole(raw)
			f.Exit = int(k)
		case "signal":
			t, err = text(raw)
			f.Signal = n.Share(t)
		default:
			return fmt.Errorf("unknown field %.40q", key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func appendCopy(dst []byte, c *study.Copy) []byte {
	w := writer{append(dst, '{')}
	w.int("trial", int64(c.Trial))
	w.num("step", c.Step)
	return append(w.b, '}')
}

func parseCopy(s string) (*study.Copy, error) {
	c := new(study.Copy)
	err := object(s, func(key, raw string) (err error) {
		switch key {
		case "trial":
			var k int64
			k, err = whole(raw)
			c.Trial = int(k)
		case "step":
			c.Step, err = number(raw)
		default:
			return fmt.Errorf("unknown field %.40q", key)
		}
		return err
	})
	return c, err
}

func appendOrigin(dst []byte, o *study.Origin) []byte {
	w := writer{append(dst, '{')}
	w.str("method", o.Method)
	w.str("version", o.Version)
	w.int("seen", int64(o.Seen))
	w.int("seen_ended", int64(o.SeenEnded))
	w.int("stream", int64(o.Stream))
	w.str("note", o.Note)
	w.str("fixed", o.Fixed)
	return append(w.b, '}')
}

func parseOrigin(s string, n *Names) (study.Origin, error) {
	var o study.Origin
	err := object(s, func(key, raw string) (err error) {
		var t string
		var k int64
		switch key {
		case "method":
			t, err = text(raw)
			o.Method = n.Share(t)
		case "version":
			t, err = text(raw)
			o.Version = n.Share(t)
		case "note":
			t, err = text(raw)
			o.Note = strings.Clone(t)
		case "fixed":
			t, err = text(raw)
			o.Fixed = n.Share(t)
		case "seen":
			k, err = whole(raw)
			o.Seen = int(k)
		case "seen_ended":
			k, err = whole(raw)
			o.SeenEnded = int(k)
		case "stream":
			k, err = whole(raw)
			o.Stream = int(k)
		default:
			return fmt.Errorf("unknown field %.40q", key)
		}
		return err
	})
	return o, err
}

// Origins makes equal origins share memory. The zero Origins is ready to use.
// It is not safe for concurrent use.
type Origins struct {
	known map[study.Origin]*study.Origin
}

// Share returns a pointer to an origin equal to o.
func (s *Origins) Share(o study.Origin) *study.Origin {
	if p, ok := s.known[o]; ok {
		return p
	}
	if s.known == nil {
		s.known = make(map[study.Origin]*study.Origin)
	}
	s.known[o] = &o
	return &o
}
