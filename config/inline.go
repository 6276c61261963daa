package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

// inline reads one placeholder of a command line that may say what its
// parameter may be: name:kind(item, item, …):format.
type inline struct {
	*line
	arg int
	src string
	at  int // in src: what is read next
}

// item is one of the things in parentheses.
type item struct {
	offset int
	key    string // of key=value
	text   string
	quoted bool
}

// distributions are what may stand behind a name.
var distributions = []string{"float", "uniform", "log", "int", "choice", "ordered", "bool", "normal"}

var opening = regexp.MustCompile(`^([^\s:{}()]+):([A-Za-z_]\w*)\(`)

// placeholder reads from behind the opening brace to behind the closing one,
// and returns the plain placeholder. It returns false where the braces hold
// no range: they are left to package command.
func (p *inline) placeholder() (string, bool) {
	m := opening.FindStringSubmatch(p.src[p.at:])
	if m == nil {
		return p.bare()
	}
	start := p.at
	name, kind := m[1], m[2]
	kindAt := start + len(name) + 1
	p.at += len(m[0])
	items, ok := p.items()
	if !ok {
		// Nothing behind can be trusted: read to the end of the argument.
		p.define(space.Param{Name: name}, p.arg, start, false)
		p.at = len(p.src)
		return "{" + name + "}", true
	}
	format := ""
	rest := p.src[p.at:]
	end := strings.IndexByte(rest, '}')
	switch {
	case end < 0:
		p.badAt(p.arg, p.at, "close the placeholder with }", "the placeholder of %s is never closed", name)
		p.at = len(p.src)
	case end > 0 && rest[0] != ':':
		p.badAt(p.arg, p.at, "only a format such as :.3g may stand here", "%q behind the range of %s", clip(rest[:end]), name)
		p.at += end + 1
	default:
		format = rest[:end]
		p.at += end + 1
	}
	if !space.ValidName(name) {
		p.badAt(p.arg, start, "a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -", "%q cannot name a parameter", clip(name))
		return "x", true
	}
	before := len(p.list.Found)
	param := p.param(name, kind, kindAt, items)
	settle(&param)
	p.define(param, p.arg, start, len(p.list.Found) == before)
	return "{" + name + format + "}", true
}

var withoutRange = regexp.MustCompile(`^([^\s:{}()]+):([A-Za-z_]+)\}`)

// bare reads what is no range: all but {x:log}, which lacks its numbers, is
// left to package command.
func (p *inline) bare() (string, bool) {
	m := withoutRange.FindStringSubmatch(p.src[p.at:])
	if m == nil || usages[m[2]] == "" || m[1] == "flag" || m[1] == "noflag" {
		return "", false
	}
	p.badAt(p.arg, p.at+len(m[1])+1, "write {"+m[1]+":"+usages[m[2]]+"}", "%s has no range", m[2])
	p.define(space.Param{Name: m[1]}, p.arg, p.at, false)
	p.at += len(m[0])
	return "{" + m[1] + "}", true
}

// items reads up to behind the closing parenthesis.
func (p *inline) items() ([]item, bool) {
	var items []item
	open := p.at - 1
	for {
		p.spaces()
		it := item{offset: p.at}
		if p.at < len(p.src) && (p.src[p.at] == '"' || p.src[p.at] == '\'') {
			quote := p.src[p.at]
			n := strings.IndexByte(p.src[p.at+1:], quote)
			if n < 0 {
				p.badAt(p.arg, p.at, "close it", "the quote is never closed")
				return nil, false
			}
			it.text, it.quoted = p.src[p.at+1:p.at+1+n], true
			p.at += n + 2
			p.spaces()
		} else {
			n := strings.IndexAny(p.src[p.at:], ",()")
			if n < 0 {
				p.badAt(p.arg, open, "close it with )", "the parenthesis is never closed")
				return nil, false
			}
			it.text = strings.TrimSpace(p.src[p.at : p.at+n])
			p.at += n
		}
		if p.at >= len(p.src) || p.src[p.at] != ',' && p.src[p.at] != ')' {
			p.badAt(p.arg, p.at, "put a text that holds , ( ) or quotes in quotes", "expected a comma or a closing parenthesis")
			return nil, false
		}
		if key, v, ok := strings.Cut(it.text, "="); ok && !it.quoted && itemKeys[strings.TrimSpace(key)] {
			it.key, it.text = strings.TrimSpace(key), strings.TrimSpace(v)
			if len(it.text) > 1 && (it.text[0] == '"' || it.text[0] == '\'') && it.text[len(it.text)-1] == it.text[0] {
				it.text, it.quoted = it.text[1:len(it.text)-1], true
			}
		}
		last := p.src[p.at] == ')'
		p.at++
		empty := it.text == "" && it.key == "" && !it.quoted
		if empty && !(last && len(items) == 0) {
			p.badAt(p.arg, it.offset, `remove the comma, or write "" for the empty text`, "there is nothing between the commas")
			return nil, false
		}
		if !empty {
			items = append(items, it)
		}
		if last {
			return items, true
		}
	}
}

var itemKeys = map[string]bool{"step": true, "default": true, "low": true, "high": true}

func (p *inline) spaces() {
	for p.at < len(p.src) && p.src[p.at] == ' ' {
		p.at++
	}
}

// usages say how a distribution is written, for hints.
var usages = map[string]string{
	"float": "float(low,high)", "uniform": "uniform(low,high)", "log": "log(low,high)", "int": "int(low,high)",
	"choice": "choice(a,b,c)", "ordered": "ordered(a,b,c)", "bool": "bool()", "normal": "normal(mean,sd)",
}

// param makes a parameter of a distribution.
func (p *inline) param(name, kind string, kindAt int, items []item) space.Param {
	q := space.Param{Name: name}
	switch kind {
	case "choice", "ordered":
		q.Kind, q.Ordered = space.Choice, kind == "ordered"
		p.choices(&q, items)
	case "bool":
		q = boolean(name)
		for _, it := range items {
			if it.key != "default" {
				p.badAt(p.arg, it.offset, "write bool() or bool(default=true)", "a bool takes no %q", clip(it.text))
				continue
			}
			q.Default = p.value(it)
		}
	case "float", "uniform", "log", "int", "normal":
		p.number(&q, kind, kindAt, items)
	default:
		p.badAt(p.arg, kindAt, diag.DidYouMean(kind, distributions), "there is no distribution %q", clip(kind))
	}
	return q
}

func (p *inline) choices(q *space.Param, items []item) {
	for _, it := range items {
		switch {
		case it.key == "default":
			q.Default = p.value(it)
		case it.key != "":
			it.text = it.key + "=" + it.text
			q.Choices = append(q.Choices, value.String(it.text))
		case it.text == "ordered" && !it.quoted:
			q.Ordered = true
		default:
			if v := p.value(it); !v.IsAbsent() {
				q.Choices = append(q.Choices, v)
			}
		}
	}
}

func (p *inline) number(q *space.Param, kind string, kindAt int, items []item) {
	q.Kind = space.Float
	switch kind {
	case "int":
		q.Kind = space.Int
	case "log":
		q.Scale = space.Log
	case "normal":
		q.Prior, q.Low, q.High = space.Normal, math.Inf(-1), math.Inf(1)
	}
	var bounds []float64
	for _, it := range items {
		switch {
		case it.key == "default":
			if _, ok := p.float(it); ok {
				q.Default = p.value(it)
			}
		case it.key == "step" && kind != "normal":
			if x, ok := p.float(it); ok {
				if q.Step = x; x <= 0 {
					p.badAt(p.arg, it.offset, "", "a step must be above 0")
				}
			}
		case (it.key == "low" || it.key == "high") && kind == "normal":
			x, ok := p.float(it)
			switch {
			case ok && it.key == "low":
				q.Low = x
			case ok:
				q.High = x
			}
		case it.key != "":
			p.badAt(p.arg, it.offset, "remove it", "%s takes no %s=", kind, it.key)
		case it.text == "log" && !it.quoted && (kind == "int" || kind == "float" || kind == "uniform"):
			q.Scale = space.Log
		case it.text == "reverse_log" && !it.quoted && (kind == "float" || kind == "uniform"):
			q.Scale = space.ReverseLog
		default:
			if x, ok := p.float(it); ok {
				bounds = append(bounds, x)
			} else {
				return
			}
		}
	}
	switch {
	case len(bounds) != 2:
		p.badAt(p.arg, kindAt, "write "+usages[kind], "%s takes two numbers, not %d", kind, len(bounds))
	case kind == "normal":
		q.Mean, q.SD = bounds[0], bounds[1]
	default:
		q.Low, q.High = bounds[0], bounds[1]
	}
}

// plainNumber is a number as people write it: 3, -1_000, .5, 1e-5.
var plainNumber = regexp.MustCompile(`^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?$`)

func (p *inline) float(it item) (float64, bool) {
	if !it.quoted && plainNumber.MatchString(it.text) {
		if x, err := strconv.ParseFloat(strings.ReplaceAll(it.text, "_", ""), 64); err == nil {
			return x, true
		}
	}
	p.badAt(p.arg, it.offset, "write a number, such as 1e-3", "%q is not a number", clip(it.text))
	return 0, false
}

// value reads a choice: a number, true, false, null, or a text.
func (p *inline) value(it item) value.Value {
	if it.quoted {
		return value.String(it.text)
	}
	switch it.text {
	case "true":
		return value.Bool(true)
	case "false":
		return value.Bool(false)
	case "null":
		return value.Null
	}
	if !plainNumber.MatchString(it.text) {
		return value.String(it.text)
	}
	s := strings.ReplaceAll(it.text, "_", "")
	if looksOctal(s) {
		p.badAt(p.arg, it.offset, fmt.Sprintf("write it without the zero for the number, or %q for the text", it.text), "%s has a leading zero", it.text)
		return value.Value{}
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return value.Int(i)
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		p.badAt(p.arg, it.offset, "", "%s is out of range", clip(it.text))
		return value.Value{}
	}
	return value.Float(x)
}
