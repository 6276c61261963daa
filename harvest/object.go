package harvest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of objects and lists.
const maxDepth = 32

// entry is one number of an object, its key in object.keys[start:end].
type entry struct {
	start, end int
	value      float64
	str        bool // was a string
	integer    bool // written without point or exponent
}

// object reads JSON objects and Python dictionaries by one grammar that holds
// both: json.dumps writes NaN and Infinity, print writes single quotes, None
// and numpy scalars. Numbers of nested objects get their keys joined with
// "/"; lists and other values are read and left out.
//
// Its buffers are reused from line to line.
type object struct {
	b       []byte
	i       int
	dict    bool // some of it was Python's, not JSON's
	path    []byte
	keys    []byte
	text    []byte // the last string, unescaped
	entries []entry
	silent  int // depth of lists, whose numbers have no name
}

// syntaxError says where an object stops being one.
type syntaxError struct {
	offset int
	want   string
}

func (e *syntaxError) Error() string { return "expected " + e.want }

func (o *object) fail(want string) error { return &syntaxError{o.i, want} }

// parse reads the object at b[i]=='{' and returns the index after it.
func (o *object) parse(b []byte, i int) (int, error) {
	o.b, o.i, o.dict = b, i, false
	o.path, o.keys, o.entries, o.silent = o.path[:0], o.keys[:0], o.entries[:0], 0
	err := o.object(0)
	o.b = nil
	return o.i, err
}

func (o *object) key(e entry) []byte { return o.keys[e.start:e.end] }

// claim looks for an object under the key "afina". If there is one, the
// entries are narrowed to its members and it reports true: the program speaks
// to us, and what else the object holds is for others.
func (o *object) claim() bool {
	own := []byte("afina/")
	is := func(e entry) bool { return bytes.HasPrefix(o.key(e), own) }
	if !slices.ContainsFunc(o.entries, is) {
		return false
	}
	o.entries = slices.DeleteFunc(o.entries, func(e entry) bool { return !is(e) })
	for i := range o.entries {
		o.entries[i].start += len(own)
	}
	return true
}

func (o *object) space() {
	for o.i < len(o.b) {
		switch o.b[o.i] {
		case ' ', '\t', '\n', '\r':
			o.i++
		default:
			return
		}
	}
}

// peek skips space and returns the next byte, 0 at the end.
func (o *object) peek() byte {
	o.space()
	if o.i < len(o.b) {
		return o.b[o.i]
	}
	return 0
}

func (o *object) object(depth int) error {
	if depth >= maxDepth {
		return o.fail("less nesting")
	}
	o.i++ // {
	if o.peek() == '}' {
		o.i++
		return nil
	}
	for {
		if c := o.peek(); c != '"' && c != '\'' {
			return o.fail("a quoted name")
		}
		if err := o.str(); err != nil {
			return err
		}
		mark := len(o.path)
		if mark > 0 {
			o.path = append(o.path, '/')
		}
		o.path = append(o.path, o.text...)
		if o.peek() != ':' {
			return o.fail(`":"`)
		}
		o.i++
		if err := o.value(depth); err != nil {
			return err
		}
		o.path = o.path[:mark]
		more, err := o.next('}')
		if err != nil || !more {
			return err
		}
	}
}

// next reads the comma or the closing byte after a member. A comma before
// the closing byte is Python's.
func (o *object) next(closing byte) (more bool, err error) {
	switch o.peek() {
	case ',':
		o.i++
		if o.peek() != closing {
			return true, nil
		}
		o.dict = true
		fallthrough
	case closing:
		o.i++
		return false, nil
	}
	return false, o.fail(`"," or "` + string(closing) + `"`)
}

func (o *object) value(depth int) error {
	switch c := o.peek(); c {
	case '{':
		return o.object(depth + 1)
	case '[', '(':
		return o.list(c, depth+1)
	case '"', '\'':
		if err := o.str(); err != nil {
			return err
		}
		if v, end, integer, ok := number(o.text, 0); ok && end == len(o.text) {
			o.add(v, integer, true)
		}
		return nil
	case 0:
		return o.fail("a value")
	default:
		return o.bare()
	}
}

func (o *object) list(opening byte, depth int) error {
	if depth >= maxDepth {
		return o.fail("less nesting")
	}
	closing := byte(']')
	if opening == '(' {
		closing, o.dict = ')', true
	}
	o.i++
	if o.peek() == closing {
		o.i++
		return nil
	}
	o.silent++
	defer func() { o.silent-- }()
	for {
		if err := o.value(depth); err != nil {
			return err
		}
		more, err := o.next(closing)
		if err != nil || !more {
			return err
		}
	}
}

// bare reads a number, a literal or a wrapped scalar.
func (o *object) bare() error {
	rest := o.b[o.i:]
	for _, w := range [...]string{"true", "false", "null", "True", "False", "None"} {
		if len(rest) >= len(w) && string(rest[:len(w)]) == w {
			o.i += len(w)
			o.dict = o.dict || w[0] < 'a'
			return o.bounded()
		}
	}
	if v, end, integer, ok := number(o.b, o.i); ok {
		o.i = end
		if o.i < len(o.b) && o.b[o.i] == '.' { // numpy prints 3.
			o.i++
			o.dict = true
		}
		o.add(v, integer, false)
		return o.bounded()
	}
	if v, ok := valueAt(o.b, o.i); ok { // only a wrapped number gets here
		o.i, o.dict = v.end, true
		o.add(v.v, v.integer, false)
		return o.bounded()
	}
	return o.fail("a number, string, list or object")
}

func (o *object) bounded() error {
	switch o.peek() {
	case ',', '}', ']', ')':
		return nil
	}
	return o.fail(`"," or "}" after the value`)
}

func (o *object) add(v float64, integer, str bool) {
	if o.silent > 0 {
		return
	}
	start := len(o.keys)
	o.keys = append(o.keys, o.path...)
	o.entries = append(o.entries, entry{start, len(o.keys), v, str, integer})
}

// str reads a quoted string into o.text. Escapes it does not know stay as
// they are: they do not occur in names.
func (o *object) str() error {
	quote := o.b[o.i]
	if quote == '\'' {
		o.dict = true
	}
	o.i++
	o.text = o.text[:0]
	for o.i < len(o.b) {
		c := o.b[o.i]
		switch {
		case c == quote:
			o.i++
			return nil
		case c == '\\' && o.i+1 < len(o.b):
			o.escape()
		default:
			o.text = append(o.text, c)
			o.i++
		}
	}
	return o.fail("a closing quote")
}

func (o *object) escape() {
	c := o.b[o.i+1]
	o.i += 2
	switch c {
	case 'n':
		o.text = append(o.text, '\n')
	case 't':
		o.text = append(o.text, '\t')
	case 'r', 'b', 'f':
		o.text = append(o.text, ' ')
	case 'u':
		if o.i+4 <= len(o.b) {
			if r, err := strconv.ParseUint(string(o.b[o.i:o.i+4]), 16, 16); err == nil {
				o.i += 4
				// Half of a surrogate pair becomes U+FFFD.
				o.text = utf8.AppendRune(o.text, rune(r))
				return
			}
		}
		o.text = append(o.text, '\\', 'u')
	case '"', '\'', '\\', '/':
		o.text = append(o.text, c)
	default:
		o.text = append(o.text, '\\', c)
	}
}

// position turns an offset into "line 3, column 7".
func position(b []byte, offset int) string {
	line, column := 1, 1
	for _, c := range b[:min(offset, len(b))] {
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
	}
	return fmt.Sprintf("line %d, column %d", line, column)
}

// notMetrics are keys of structured logs whose numbers measure nothing.
var notMetrics = []string{"time", "asctime", "created", "msecs", "timestamp_ms", "elapsed_ms", "thread", "process", "msg", "message", "commit", "name", "run", "host"}

// objectLine looks for an object in the line. It reports false if there is
// none or if it holds no number, and then the line is left to others.
func (s *Stream) objectLine(line []byte, at int) bool {
	o := &s.obj
	if settings(line[:at]) {
		return false
	}
	_, err := o.parse(line, at)
	if err != nil || len(o.entries) == 0 {
		return false
	}
	ours := o.claim()
	s.begin(sourceJSON)
	if o.dict {
		s.source = sourceDict
	}
	for _, e := range o.entries {
		k := o.key(e)
		if rank := s.r.stepRank(k); rank >= 0 {
			s.offerStep(e.value, rank)
			continue
		}
		info := s.r.name(k)
		if info == nil {
			continue
		}
		if !info.wanted && !ours {
			if e.str && e.integer || foldIn(k, noise) || foldIn(k, notMetrics) {
				continue
			}
		}
		s.add(info, e.value)
	}
	return s.commit()
}

// settings reports whether the text before an object announces parameters
// and not results.
func settings(prefix []byte) bool {
	for i := 0; i < len(prefix); i++ {
		if !isLetter(prefix[i]) || i > 0 && isName(prefix[i-1]) {
			continue
		}
		for _, w := range [...]string{"param", "config", "arg", "hparam", "hyperparam", "setting", "option", "kwargs", "space", "env"} {
			if hasFold(prefix[i:], w) {
				return true
			}
		}
	}
	return false
}
