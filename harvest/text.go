package harvest

import (
	"bytes"
	"math"
	"slices"
	"strings"
)

// scanner is the state of reading one line of text. It belongs to a stream
// so that its buffers live on.
type scanner struct {
	line     []byte
	ws, we   int    // the last word
	section  []byte // the data this part of the line speaks of, or nil
	calls    int    // open parentheses since one that followed a name
	rounds   bool   // the line starts like xgboost's, catboost's or LightGBM's
	listed   []found
	believed bool // one of listed is surely a metric
	joined   []byte
}

// textLine looks for name=value and its relatives, and for the step. It
// reports whether it found a metric; a heading alone only changes the step.
//
// It is one pass over the bytes that looks closer only at words that could be
// a step or a wanted name and at equals signs and colons: most lines of most
// programs hold nothing and should cost little.
func (s *Stream) textLine(line []byte) bool {
	s.begin(sourceText)
	sc := &s.scan
	sc.line, sc.ws, sc.we = line, 0, 0
	sc.section, sc.calls, sc.rounds = nil, 0, false
	sc.listed, sc.believed = sc.listed[:0], false

	i, bracket := roundPrefix(line)
	sc.rounds = i > 0
	heading := false
	var headed float64
	headedRank := -1
	selective := len(s.r.opts.Want) > 0

	for i < len(line) {
		c := line[i]
		class := classes[c]
		if class&className != 0 || c >= 0x80 && letterAt(line, i) {
			start := i
			for i < len(line) && (isName(line[i]) || line[i] >= 0x80 && letterAt(line, i)) {
				i++
				for i < len(line) && line[i]&0xC0 == 0x80 { // rest of a rune
					i++
				}
			}
			sc.ws, sc.we = start, i
			if class&classDigit != 0 {
				continue
			}
			word := line[start:i]
			if s.r.stepBits[c] {
				if rank := s.r.stepRank(word); rank >= 0 {
					if v, end, clear := stepAfter(line, start, i); end > 0 {
						s.offerStep(v, rank)
						if clear && (headedRank < 0 || rank < headedRank) {
							heading, headed, headedRank = true, v, rank
						}
						i = end
					}
					continue
				}
			}
			if i < len(line) && (line[i] == ' ' || line[i] == ']' || line[i] == '\t') {
				s.follow(word, selective)
			}
			continue
		}
		switch {
		case class&classMark != 0:
			i = s.mark(i)
			continue
		case c == '(':
			if sc.calls > 0 || i > 0 && isName(line[i-1]) {
				sc.calls++
			}
		case c == ')':
			if sc.calls > 0 {
				sc.calls--
			}
		}
		i++
	}
	if sc.believed {
		for _, f := range sc.listed {
			s.add(f.info, f.v)
		}
	}
	if len(s.found) == 0 {
		if heading && (s.heardRank < 0 || headedRank <= s.heardRank) {
			s.heard, s.heardRank = headed, headedRank
		}
		return false
	}
	if sc.rounds {
		s.step, s.stepRank, s.fixed = bracket, 0, true
	}
	return s.commit()
}

// roundPrefix reads the round number that boosting libraries start a line
// with, "[12]\t" or "12:\t", and returns the index after it.
func roundPrefix(line []byte) (end int, round float64) {
	i := 0
	if line[0] == '[' {
		i = 1
	} else if !isDigit(line[0]) {
		return 0, 0
	}
	v, j, integer, ok := number(line, i)
	if !ok || !integer || j+1 >= len(line) || line[j+1] != '\t' {
		return 0, 0
	}
	if i == 1 && line[j] == ']' || i == 0 && line[j] == ':' {
		return j + 2, v
	}
	return 0, 0
}

// follow deals with a word that no mark follows directly: it may open a
// section, or be a name with its value after a space.
func (s *Stream) follow(word []byte, selective bool) {
	sc := &s.scan
	line, at := sc.line, sc.we
	if isSplit(word) && sc.sectionEnds(at) {
		sc.section = word
		return
	}
	at = skipSpace(line, at)
	if at >= len(line) || line[at] == ']' {
		return
	}
	switch c := line[at]; { // most words are followed by words
	case isDigit(c) || c == '-' || c == '+' || c == '.' || c|0x20 == 'n' || c|0x20 == 'i' || c|0x20 == 't':
	default:
		return
	}
	wanted := selective && s.r.endsWanted(word)
	if before := wordBefore(line, sc.ws); !wanted && isSplit(before) && metricLike(word) {
		wanted = true // "train loss 2.5, val loss 2.75" cannot be much else
	}
	piped := !wanted && sc.ws >= 2 && line[sc.ws-1] == ' ' && line[sc.ws-2] == '|' && isLetter(word[0])
	if !wanted && !piped {
		return
	}
	v, ok := valueAt(line, at)
	if !ok || v.percent && barAfter(line, v.end) {
		return
	}
	if wanted {
		// What is not wanted after all ("train loss 2.3" where val_loss is)
		// is added for the counts; commit leaves it out.
		if s.unitAfter(v.end) || !sc.nameStarts() {
			return
		}
		if info := s.nameOf(' '); info != nil {
			s.add(info, v.v)
		}
		return
	}
	if end := skipSpace(line, v.end); end < len(line) && line[end] != '|' || foldIn(word, noise) {
		return
	}
	// "| loss 4.2 | ppl 18.3": believed if one of them is a known metric.
	info := s.nameOf('|')
	if info == nil {
		return
	}
	sc.believed = sc.believed || info.wanted || metricLike(word)
	sc.listed = append(sc.listed, found{info, v.v})
}

// sectionEnds reports whether what follows a word such as "valid" makes it a
// title: "[valid]", "valid |", "valid: ", "valid set: ", "valid on 'x'".
func (sc *scanner) sectionEnds(at int) bool {
	rest := sc.line[at:]
	if rest[0] == ']' {
		return sc.ws > 0 && sc.line[sc.ws-1] == '['
	}
	rest = bytes.TrimLeft(rest, " \t")
	for _, w := range [...]string{"set", "metrics", "results", "phase"} {
		if hasFold(rest, w) {
			rest = bytes.TrimLeft(rest[len(w):], " \t")
			return len(rest) > 1 && (rest[0] == ':' || rest[0] == '-' || rest[0] == '|') && isSpace(rest[1])
		}
	}
	return len(rest) > 1 && (rest[0] == '|' || rest[0] == '-' && rest[1] == ' ') || hasFold(rest, "on '")
}

// mark deals with the equals sign or colon at p and returns where to go on.
func (s *Stream) mark(p int) int {
	sc := &s.scan
	line := sc.line
	next := p + 1
	end := p
	for end > 0 && isSpace(line[end-1]) {
		end--
	}
	if end == 0 || end != sc.we || !letterAt(line, sc.ws) {
		return next
	}
	name := line[sc.ws:sc.we]
	at := skipSpace(line, next)
	if at >= len(line) {
		return next
	}
	v, ok := valueAt(line, at)
	if !ok {
		if line[p] == ':' && at > next && isSplit(name) {
			sc.section = name
		}
		return next
	}
	wanted := s.wantedName(line[p]) != nil
	if v.integer && !wanted && !sc.rounds && isSplit(name) {
		sc.section = name // timm: "Train: 3 [100/1251]  Loss: 0.5"
		return next
	}
	if !sc.nameStarts() || !wanted && (sc.calls > 0 || foldIn(name, noise) || looksLikeFile(name)) {
		return next
	}
	if v.percent && (barAfter(line, v.end) || !wanted && line[p] == ':' && !metricLike(name)) {
		return next // how far something is
	}
	if !wanted && !sc.plausible(name, v, line[p], at == next) {
		return next
	}
	if s.r.stepRank(name) >= 0 && !wanted {
		return next
	}
	info := s.nameOf(line[p])
	if info == nil {
		return next
	}
	if !info.wanted && s.unitAfter(v.end) {
		return next
	}
	s.add(info, v.v)
	return v.end
}

// nameStarts reports whether the last word stands where a name may start: not
// inside a path, an address, an option or an expression.
func (sc *scanner) nameStarts() bool {
	switch last := sc.line[sc.we-1]; last {
	case '-', '/', '.', '@':
		return sc.rounds // xgboost has a metric named "ndcg@5-"
	}
	if sc.ws == 0 {
		return true
	}
	switch c := sc.line[sc.ws-1]; c {
	case ' ', '\t', ',', ';', '|', '(', '[', '{', '<', '>', '"', '\'', '*', ':':
		return true
	default:
		return c >= 0x80 // a box character: a letter would be in the word
	}
}

// plausible reports whether a name that nobody asked for is believed.
func (sc *scanner) plausible(name []byte, v value, mark byte, tight bool) bool {
	line := sc.line
	if mark == '=' {
		return true
	}
	like := metricLike(name)
	if tight {
		// Without a space a colon also joins hosts and ports, images and tags.
		return sc.rounds || !v.integer && (like || v.decimal >= 4)
	}
	if like {
		return true
	}
	if before := wordBefore(line, sc.ws); before != nil && !isLevel(before) {
		// A label of several words, or the end of a sentence.
		return foldIn(before, qualifiers) && !v.integer && !math.IsNaN(v.v) && !math.IsInf(v.v, 0)
	}
	// "Found: 3 files": the value belongs to a sentence.
	if v.end+1 < len(line) && line[v.end] == ' ' && isLetter(line[v.end+1]) {
		end := v.end + 1
		for end < len(line) && isName(line[end]) {
			end++
		}
		end = skipSpace(line, end)
		return end < len(line) && (line[end] == ':' || line[end] == '=')
	}
	return true
}

// isLevel reports whether a word before a name is a log level and not prose.
func isLevel(word []byte) bool {
	switch string(word) {
	case "INFO", "DEBUG", "WARNING", "WARN", "ERROR", "TRACE", "NOTICE", "Info", "Debug":
		return true
	}
	return false
}

// nameOf returns what is known of the name that ends with the last word.
func (s *Stream) nameOf(mark byte) *nameInfo {
	if info := s.wantedName(mark); info != nil {
		return info
	}
	return s.r.name(s.scan.fullName(mark))
}

// wantedName returns the wanted name that ends with the last word, nil if it
// is not wanted.
func (s *Stream) wantedName(mark byte) *nameInfo {
	sc := &s.scan
	if len(s.r.joined) == 0 {
		return nil
	}
	// A name with characters that end a word, as it stands there.
	for _, l := range s.r.literal {
		if start := sc.we - len(l.text); start >= 0 && bytes.Equal(sc.line[start:sc.we], l.text) && (start == 0 || !isNameOrHigh(sc.line[start-1])) {
			return l.info
		}
	}
	name := sc.fullName(mark)
	if len(name) == sc.we-sc.ws {
		if s.r.isWanted(name) {
			return s.r.name(name)
		}
		return nil
	}
	if len(name) > maxName {
		return nil
	}
	return s.r.joined[strings.ToLower(string(name))]
}

// fullName is the last word with the words before it that qualify it and the
// section it stands in. It is valid until the next call.
func (sc *scanner) fullName(mark byte) []byte {
	line := sc.line
	ws, we := sc.ws, sc.we
	word := line[ws:we]
	out := sc.joined[:0]
	if ws >= 3 && line[ws-1] == ' ' && line[ws-2] == 's' && line[ws-3] == '\'' {
		// LightGBM: valid_0's auc
		start := ws - 3
		for start > 0 && isNameOrHigh(line[start-1]) {
			start--
		}
		if start < ws-3 {
			out = append(out, line[start:ws-3]...)
			out = append(out, '/')
		}
	} else if mark != '|' {
		first := ws
		for range 4 {
			before := wordBefore(line, first)
			if before == nil || !foldIn(before, qualifiers) {
				break
			}
			first -= len(before) + 1
		}
		// "| lm loss: 9.5 | mlm loss: 8.5": the rule tells where a label starts.
		for start, n := first, 0; n < 3; n++ {
			before := wordBefore(line, start)
			if before == nil {
				if start < first && start >= 2 && line[start-1] == ' ' && line[start-2] == '|' {
					first = start
				}
				break
			}
			start -= len(before) + 1
		}
		if first < ws {
			for _, c := range line[first:ws] {
				if c == ' ' {
					c = '_'
				}
				out = append(out, c)
			}
		}
	}
	if len(out) == 0 {
		if sc.section == nil || namesSplit(word) {
			return word
		}
		out = append(out, sc.section...)
		out = append(out, '_')
	} else if sc.section != nil && !namesSplit(out) {
		out = slices.Insert(out, 0, '_')
		out = slices.Insert(out, 0, sc.section...)
	}
	out = append(out, word...)
	sc.joined = out
	return out
}

// namesSplit reports whether a name says itself which data it speaks of.
func namesSplit(name []byte) bool {
	for i, c := range name {
		if c == '_' || c == '-' || c == '/' {
			return isSplit(name[:i])
		}
	}
	return false
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// barAfter reports whether a progress bar follows a percentage.
func barAfter(b []byte, i int) bool {
	i = skipSpace(b, i)
	return i < len(b) && (b[i] == '|' || b[i] >= 0x80 && !letterAt(b, i))
}

// unitAfter reports whether a unit of time, size or rate follows, set off by
// one space.
func (s *Stream) unitAfter(i int) bool {
	line := s.scan.line
	if i+1 >= len(line) || line[i] != ' ' || !isLetter(line[i+1]) {
		return false
	}
	end := i + 1
	for end < len(line) && isName(line[end]) {
		end++
	}
	// A unit letter before a mark is a name: "loss=0.3 h=0.2".
	if at := skipSpace(line, end); at < len(line) && classes[line[at]]&classMark != 0 {
		return false
	}
	return foldIn(line[i+1:end], units)
}
