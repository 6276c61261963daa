package lines

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"github.com/afina-hpo/afina/study"
)

// quick reads a line of the kind that a client sends for every trial: ask,
// tell or report, with fields that fit the operation, each once, and texts
// without escapes. Of any other line, and of every wrong one, it says false,
// and parse, which knows what to say of it, reads it again; where quick says
// true parse would return the same. A trial costs two such lines, and reading
// them by reflection and through maps costs more than most suggestions.
func quick(line []byte, objectives []study.Objective) (req request, ok bool) {
	p := scanner{rest: line}
	if !p.token('{') {
		return req, false
	}
	seen := make([]string, 0, 8)
	for first := true; !p.token('}'); first = false {
		if !first && !p.token(',') {
			return req, false
		}
		key, ok := p.text()
		if !ok || !p.token(':') {
			return req, false
		}
		name, ok := p.field(&req, key, objectives)
		if !ok {
			return req, false
		}
		for _, s := range seen {
			if s == name {
				return req, false
			}
		}
		seen = append(seen, name)
	}
	if p.space(); len(p.rest) > 0 || req.Op == "" {
		return req, false
	}
	for _, name := range seen {
		if !takes(req.Op, name) {
			return req, false
		}
	}
	return req, true
}

// takes reports whether op may be sent the field name.
func takes(op, name string) bool {
	if name == "op" || name == "id" {
		return true
	}
	for _, f := range fields[op] {
		if f == name {
			return true
		}
	}
	return false
}

// scanner reads JSON from the front of rest.
type scanner struct{ rest []byte }

func (p *scanner) space() {
	for len(p.rest) > 0 && (p.rest[0] == ' ' || p.rest[0] == '\n' || p.rest[0] == '\r' || p.rest[0] == '\t') {
		p.rest = p.rest[1:]
	}
}

// token passes over c, if it is next.
func (p *scanner) token(c byte) bool {
	p.space()
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// text reads a text of printable ASCII without escapes.
func (p *scanner) text() ([]byte, bool) {
	if !p.token('"') {
		return nil, false
	}
	for i, c := range p.rest {
		switch {
		case c == '"':
			s := p.rest[:i]
			p.rest = p.rest[i+1:]
			return s, true
		case c < 0x20 || c >= 0x7f || c == '\\':
			return nil, false
		}
	}
	return nil, false
}

// number reads a number as JSON allows it, and whether it has neither point
// nor exponent.
func (p *scanner) number() (text []byte, whole, ok bool) {
	p.space()
	b, i := p.rest, 0
	digits := func() bool {
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if lead := i; !digits() || b[lead] == '0' && i > lead+1 {
		return nil, false, false
	}
	whole = true
	if i < len(b) && b[i] == '.' {
		i++
		whole = false
		if !digits() {
			return nil, false, false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		whole = false
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return nil, false, false
		}
	}
	p.rest = b[i:]
	return b[:i], whole, true
}

func (p *scanner) int() (int, bool) {
	text, whole, ok := p.number()
	if !ok || !whole {
		return 0, false
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil
}

// float reads a finite number. Minus zero is zero.
func (p *scanner) float() (float64, bool) {
	text, _, ok := p.number()
	if !ok {
		return 0, false
	}
	x, err := strconv.ParseFloat(string(text), 64)
	if x == 0 {
		x = 0
	}
	return x, err == nil && !math.IsInf(x, 0)
}

// field reads the value of key into req and returns its name.
func (p *scanner) field(req *request, key []byte, objectives []study.Objective) (name string, ok bool) {
	whole := func(to **int) bool {
		n, ok := p.int()
		*to = &n
		return ok
	}
	switch string(key) {
	case "op":
		name, ok := p.text()
		req.Op = known(name, "ask", "tell", "report")
		return "op", ok && req.Op != ""
	case "id":
		p.space()
		from := p.rest
		if _, ok = p.text(); !ok {
			p.rest = from
			_, _, ok = p.number()
		}
		req.ID = json.RawMessage(bytes.Clone(from[:len(from)-len(p.rest)]))
		return "id", ok
	case "n":
		return "n", whole(&req.N)
	case "ask":
		return "ask", whole(&req.Ask)
	case "number":
		return "number", whole(&req.Number)
	case "attempt":
		req.Attempt, ok = p.int()
		return "attempt", ok
	case "step":
		x, ok := p.float()
		req.Step = &x
		return "step", ok
	case "state":
		state, ok := p.text()
		req.State = study.State(known(state, told...))
		return "state", ok && req.State != ""
	case "values":
		req.Values, ok = p.values(objectives)
		return "values", ok
	}
	return "", false
}

// known returns which of names text is, "" for none, without an allocation.
func known(text []byte, names ...string) string {
	for _, n := range names {
		if string(text) == n {
			return n
		}
	}
	return ""
}

// values reads an object of finite numbers. The names of objectives, which
// are those that come a million times, are not allocated anew.
func (p *scanner) values(objectives []study.Objective) (study.Metrics, bool) {
	if !p.token('{') {
		return nil, false
	}
	ms := make(study.Metrics, 0, len(objectives))
	for first := true; !p.token('}'); first = false {
		if !first && !p.token(',') {
			return nil, false
		}
		text, ok := p.text()
		if !ok || !p.token(':') {
			return nil, false
		}
		x, ok := p.float()
		if !ok {
			return nil, false
		}
		at := len(ms)
		for at > 0 && string(text) <= ms[at-1].Name {
			at--
		}
		if at < len(ms) && ms[at].Name == string(text) {
			return nil, false
		}
		name := ""
		for i := range objectives {
			if objectives[i].Metric == string(text) {
				name = objectives[i].Metric
			}
		}
		if name == "" {
			name = string(text)
		}
		ms = append(ms, study.Metric{})
		copy(ms[at+1:], ms[at:])
		ms[at] = study.Metric{Name: name, Value: x}
	}
	return ms, true
}
