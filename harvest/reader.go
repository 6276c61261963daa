package harvest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Reader finds metrics in the streams made from it. Streams may be written by
// different goroutines; all methods are safe for concurrent use.
type Reader struct {
	mu       sync.Mutex
	opts     Options
	patterns []pattern
	steps    []string // lower case, most significant first
	stepBits [256]bool
	wantBits [256]bool // first bytes of wanted names
	names    map[string]*nameInfo
	joined   map[string]*nameInfo // wanted names by lower case
	tails    []string             // last words of wanted names, lower case
	literal  []literal
	order    []*nameInfo
	unread   []Unread
	mentions []string // lower-case words of which one makes a line about Want
	lines    int
}

// nameInfo is what is known of one metric's name. One exists for every name
// looked up, so that finding it again costs no allocation.
type nameInfo struct {
	name   string
	wanted bool
	count  int
	metric bool // metricLike
}

// literal is a wanted name that is no single word, to be found by search.
type literal struct {
	text []byte
	info *nameInfo
}

// New makes a Reader. Its errors name the pattern, the place in it and a
// remedy.
func New(o Options) (*Reader, error) {
	if o.Each == nil {
		return nil, errors.New("harvest options: Each is nil: nobody would receive the samples")
	}
	if int(o.Format) >= len(formatNames) {
		return nil, fmt.Errorf("harvest options: unknown format %v", o.Format)
	}
	if o.Format == FormatPattern && len(o.Patterns) == 0 {
		return nil, errors.New("report format is pattern but there are no patterns: add one, or use format auto")
	}
	if o.MaxPerStep == 0 {
		o.MaxPerStep = defaultPerStep
	}
	r := &Reader{opts: o, names: map[string]*nameInfo{}, joined: map[string]*nameInfo{}}
	for i, p := range o.Patterns {
		c, err := compile(i, p)
		if err != nil {
			return nil, err
		}
		r.patterns = append(r.patterns, c)
	}
	if len(o.StepNames) == 0 {
		o.StepNames = stepNames
	}
	for _, n := range o.StepNames {
		if n == "" {
			return nil, errors.New("harvest options: a step name is empty")
		}
		n = strings.ToLower(n)
		r.steps = append(r.steps, n)
		r.stepBits[n[0]] = true
		r.stepBits[strings.ToUpper(n[:1])[0]] = true
	}
	for _, w := range o.Want {
		if err := r.want(w); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Reader) want(w string) error {
	if !validName(w) {
		return fmt.Errorf("wanted metric %q: a name has 1 to %d bytes and no control characters", w, maxName)
	}
	info := r.name([]byte(w))
	info.wanted = true
	r.joined[strings.ToLower(w)] = info
	r.wantBits[w[0]] = true
	if strings.IndexFunc(w, func(c rune) bool { return c < utf8.RuneSelf && !isName(byte(c)) }) >= 0 {
		r.literal = append(r.literal, literal{[]byte(w), info})
	}
	lower := strings.ToLower(w)
	r.tails = append(r.tails, lower, lower[strings.LastIndexAny(lower, "_/ ")+1:])
	last := strings.ToLower(w[strings.LastIndexByte(w, '/')+1:])
	if last == "" {
		last = strings.ToLower(w)
	}
	if !slices.Contains(r.mentions, last) {
		r.mentions = append(r.mentions, last)
	}
	return nil
}

// validName reports whether a metric may have this name.
func validName(name string) bool {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return false
	}
	return strings.IndexFunc(name, unicode.IsControl) < 0
}

// name looks a name up, exactly. It returns nil for what cannot be a name and
// when there are too many.
func (r *Reader) name(b []byte) *nameInfo {
	if info := r.names[string(b)]; info != nil {
		return info
	}
	if len(b) > maxName || len(r.names) >= maxNames {
		return nil
	}
	name := string(b)
	if !validName(name) {
		return nil
	}
	info := &nameInfo{name: name, metric: metricLike(b)}
	r.names[name] = info
	r.order = append(r.order, info)
	return info
}

// isWanted reports whether the study asked for exactly this name.
func (r *Reader) isWanted(b []byte) bool {
	if len(b) == 0 || !r.wantBits[b[0]] {
		return false
	}
	info := r.names[string(b)]
	return info != nil && info.wanted
}

// endsWanted reports whether a word may be the last of a wanted name.
func (r *Reader) endsWanted(b []byte) bool { return foldIn(b, r.tails) }

// stepRank returns the rank of a step's name, 0 the most significant, or -1.
func (r *Reader) stepRank(b []byte) int {
	if len(b) == 0 || !r.stepBits[b[0]] {
		return -1
	}
	for i, n := range r.steps {
		if foldEqual(b, n) {
			return i
		}
	}
	return -1
}

// Count is a name and how often it had a value.
type Count struct {
	Name  string
	Count int
}

// Unread is a line that mentions a wanted metric and holds a digit, but of
// which no value of a wanted metric could be read.
type Unread struct {
	Stream string
	Line   int
	Text   string // cleaned, at most 200 bytes
}

// Seen is what a Reader came across.
type Seen struct {
	// Names are all names that had a value, wanted or not, in order of their
	// first appearance, at most 4096.
	Names []Count
	// Unread are the first lines that looked as if they held a wanted value.
	Unread []Unread
	// Lines is the number of lines of all streams, redraws included.
	Lines int
}

// Seen returns what was come across so far.
func (r *Reader) Seen() Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Seen{Lines: r.lines, Unread: slices.Clone(r.unread)}
	for _, info := range r.order {
		if info.count > 0 {
			s.Names = append(s.Names, Count{info.name, info.count})
		}
	}
	return s
}

func (r *Reader) warn(format string, args ...any) {
	if r.opts.Warn != nil {
		r.opts.Warn(fmt.Sprintf(format, args...))
	}
}

// maxUnread bounds the lines kept for messages.
const maxUnread = 5

// noteUnread keeps a line for the message about a missing metric.
func (r *Reader) noteUnread(s *Stream, line []byte) {
	if len(r.mentions) == 0 || len(r.unread) >= maxUnread {
		return
	}
	if !slices.ContainsFunc(line, isDigit) || !r.mentioned(s, line) {
		return
	}
	text := string(line)
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	text = strings.TrimSpace(text)
	for _, u := range r.unread {
		if u.Text == text {
			return
		}
	}
	r.unread = append(r.unread, Unread{s.name, s.number(), text})
}

// mentioned reports whether the line speaks of a wanted metric otherwise than
// in a name that was read from it, which the message tells anyway.
func (r *Reader) mentioned(s *Stream, line []byte) bool {
	for _, m := range r.mentions {
		if containsFold(line, m) && !slices.ContainsFunc(s.found, func(f found) bool { return containsFold([]byte(f.info.name), m) }) {
			return true
		}
	}
	return false
}

// containsFold searches a lower-case word, ignoring ASCII case.
func containsFold(line []byte, word string) bool {
	for i := 0; i+len(word) <= len(line); i++ {
		if line[i]|0x20 == word[0]|0x20 && hasFold(line[i:], word) {
			return true
		}
	}
	return false
}
