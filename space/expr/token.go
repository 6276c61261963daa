package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/afina-hpo/afina/space/value"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenLiteral
	tokenName
	tokenOp // operators, punctuation, and the words not and in
)

// token is one lexical element. text is its source, except that the words
// "and" and "or" appear as the operators they stand for.
type token struct {
	kind  tokenKind
	start int32
	text  string
	lit   value.Value
}

func (t token) is(op string) bool { return t.kind == tokenOp && t.text == op }

// operators lists the operators by length, so that the longest match is found
// first.
var operators = [...]string{
	"**", "==", "!=", "<=", ">=", "&&", "||",
	"<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")", "[", "]", ",",
}

// slips are spellings of other languages, longest first, with what to write
// here.
var slips = [...]struct{ text, hint string }{
	{"===", "did you mean ==?"},
	{"!==", "did you mean !=?"},
	{"<>", "did you mean !=?"},
	{"=<", "did you mean <=?"},
	{"=>", "did you mean >=?"},
	{"//", "write floor(a / b)"},
	{"=", "did you mean ==?"},
	{"&", "did you mean &&?"},
	{"|", "did you mean ||?"},
	{"^", "did you mean ** (power)?"},
	{"~", "did you mean !?"},
	{"{", "lists are written [a, b]"},
	{"≤", "did you mean <=?"},
	{"≥", "did you mean >=?"},
	{"≠", "did you mean !=?"},
	{"×", "did you mean *?"},
	{"÷", "did you mean /?"},
	{"−", "did you mean -?"},
	{"“", "use plain quotes, \"...\" or '...'"},
	{"‘", "use plain quotes, \"...\" or '...'"},
}

// scan reads the token at c.at and leaves c.at behind it. After an error it
// returns the end, so that a parser that goes on stops by itself.
func (c *compiler) scan() token {
	for c.at < len(c.src) && strings.IndexByte(" \t\r\n", c.src[c.at]) >= 0 {
		c.at++
	}
	start := c.at
	if c.err != nil || start >= len(c.src) {
		return token{kind: tokenEnd, start: int32(start)}
	}
	rest := c.src[start:]
	switch b := rest[0]; {
	case isDigit(b), b == '.' && len(rest) > 1 && isDigit(rest[1]):
		return c.scanNumber()
	case isLetter(b):
		return c.scanWord()
	case b == '"', b == '\'':
		return c.scanString()
	}
	for _, s := range slips {
		// "=" alone must not catch the start of "==".
		if strings.HasPrefix(rest, s.text) && !isOperator(rest, s.text) {
			c.fail(start, "unknown operator "+s.text, s.hint)
			return token{start: int32(start)}
		}
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			c.at += len(op)
			return token{kind: tokenOp, start: int32(start), text: op}
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	c.fail(start, "unexpected character "+strconv.QuoteRune(r), "")
	return token{start: int32(start)}
}

// isOperator reports whether rest starts with an operator longer than slip.
func isOperator(rest, slip string) bool {
	for _, op := range operators {
		if len(op) > len(slip) && strings.HasPrefix(rest, op) {
			return true
		}
	}
	return false
}

func (c *compiler) scanNumber() token {
	start := c.at
	digits := func() {
		for c.at < len(c.src) && isDigit(c.src[c.at]) {
			c.at++
		}
	}
	digits()
	whole := true
	if c.at+1 < len(c.src) && c.src[c.at] == '.' && isDigit(c.src[c.at+1]) {
		whole = false
		c.at++
		digits()
	}
	if c.at < len(c.src) && (c.src[c.at] == 'e' || c.src[c.at] == 'E') {
		mark := c.at
		c.at++
		if c.at < len(c.src) && (c.src[c.at] == '+' || c.src[c.at] == '-') {
			c.at++
		}
		if c.at < len(c.src) && isDigit(c.src[c.at]) {
			whole = false
			digits()
		} else {
			c.at = mark // the check below reports it
		}
	}
	text := c.src[start:c.at]
	if c.at < len(c.src) && (isLetter(c.src[c.at]) || c.src[c.at] == '.') {
		end := c.at
		for end < len(c.src) && (isLetter(c.src[end]) || isDigit(c.src[end]) || c.src[end] == '.') {
			end++
		}
		hint := "a number is digits, as in 64, 0.1 or 1e-5"
		switch rest := c.src[c.at:end]; {
		case strings.Trim(rest, "0123456789_") == "":
			hint = "did you mean " + strings.ReplaceAll(c.src[start:end], "_", "") + "?"
		case rest == ".":
			hint = "did you mean " + text + ".0?"
		}
		c.fail(start, "malformed number "+c.src[start:end], hint)
		return token{start: int32(start)}
	}
	t := token{kind: tokenLiteral, start: int32(start), text: text}
	if whole {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			t.lit = value.Int(i)
			return t
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		c.fail(start, "number out of range", "the largest number is 1.7976931348623157e308")
		return token{start: int32(start)}
	}
	t.lit = value.Float(f)
	return t
}

// scanWord reads a name with its dots, or a word of the language.
func (c *compiler) scanWord() token {
	start := c.at
	for {
		for c.at < len(c.src) && (isLetter(c.src[c.at]) || isDigit(c.src[c.at])) {
			c.at++
		}
		if c.at >= len(c.src) || c.src[c.at] != '.' {
			break
		}
		if c.at+1 >= len(c.src) || !isLetter(c.src[c.at+1]) {
			c.fail(c.at, "a dot must be followed by a letter or underscore",
				`write other names as params["`+c.src[start:c.at]+`..."]`)
			return token{start: int32(start)}
		}
		c.at++
	}
	t := token{kind: tokenLiteral, start: int32(start), text: c.src[start:c.at]}
	switch t.text {
	case "true":
		t.lit = value.Bool(true)
	case "false":
		t.lit = value.Bool(false)
	case "null":
		t.lit = value.Null
	case "and":
		t.kind, t.text = tokenOp, "&&"
	case "or":
		t.kind, t.text = tokenOp, "||"
	case "not", "in":
		t.kind = tokenOp
	default:
		t.kind = tokenName
		if word := reservedSlip(t.text); word != "" {
			c.fail(start, "unknown word "+t.text,
				"did you mean "+word+`? A parameter of that name is params["`+t.text+`"]`)
		}
	}
	return t
}

// reservedSlip returns the word of the language that name is another
// language's spelling of, or "".
func reservedSlip(name string) string {
	if len(name) > len("false") {
		return ""
	}
	switch lower := strings.ToLower(name); lower {
	case "true", "false", "null", "and", "or", "not", "in":
		return lower
	case "none", "nil":
		return "null"
	}
	return ""
}

func (c *compiler) scanString() token {
	start := c.at
	quote := c.src[start]
	// Without escapes, the usual case, the value shares the source's bytes.
	var built []byte
	plain := start + 1
	for c.at = start + 1; c.at < len(c.src); c.at++ {
		switch b := c.src[c.at]; b {
		case quote:
			s := c.src[plain:c.at]
			if built != nil {
				s = string(append(built, s...))
			}
			c.at++
			return token{kind: tokenLiteral, start: int32(start), text: c.src[start:c.at], lit: value.String(s)}
		case '\n', '\r':
			c.fail(start, "string without closing quote", `a line break in a string is written \n`)
			return token{start: int32(start)}
		case '\\':
			built = append(built, c.src[plain:c.at]...)
			r, size := unescape(c.src[c.at:])
			if size == 0 {
				c.fail(c.at, "unknown escape", `escapes are \\ \' \" \n \r \t \uXXXX`)
				return token{start: int32(start)}
			}
			built = utf8.AppendRune(built, r)
			c.at += size - 1
			plain = c.at + 1
		}
	}
	c.fail(start, "string without closing quote", "")
	return token{start: int32(start)}
}

// unescape decodes the escape that s starts with. size is 0 if it is none.
func unescape(s string) (r rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '\\', '\'', '"':
		return rune(s[1]), 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		if len(s) < 6 {
			return 0, 0
		}
		n, err := strconv.ParseUint(s[2:6], 16, 16)
		if err != nil || !utf8.ValidRune(rune(n)) { // half a surrogate pair
			return 0, 0
		}
		return rune(n), 6
	}
	return 0, 0
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' }
