package harvest

import (
	"bytes"
	"errors"
	"math"
	"math/bits"
	"slices"
)

// Stream takes the bytes of one output and finds lines in them. It is an
// io.WriteCloser; how the bytes are cut into writes makes no difference. It
// keeps at most [MaxLine] bytes of an unfinished line. It is safe for
// concurrent use, though two writers would mix their lines.
type Stream struct {
	r      *Reader
	name   string
	format Format
	closed bool

	// Line assembly.
	buf     []byte // the unfinished line
	cut     bool   // the unfinished line is longer than MaxLine
	drawn   bool   // something before a carriage return was on this line
	ended   int    // newlines so far
	cleaned []byte

	// The sample in the making.
	found    []found
	source   string
	step     float64
	stepRank int  // -1 for none
	fixed    bool // the line's own step is the step, whatever was heard before
	hit      bool // a wanted metric was found in this line

	// What earlier lines said.
	heard     float64
	heardRank int // -1 for nothing
	obj       object
	scan      scanner
	table     tables

	bursts  []burst
	burstAt uint64 // bits of the step the bursts belong to
	burstOf bool   // whether that step exists
	thinned bool
}

type found struct {
	info *nameInfo
	v    float64
}

const (
	sourceJSON    = "json"
	sourceDict    = "dict"
	sourcePattern = "pattern"
	sourceText    = "text"
	sourceTable   = "table"
	sourceCSV     = "csv"
)

// Stream makes a stream; the name appears in its samples.
func (r *Reader) Stream(name string) *Stream {
	return r.stream(name, r.opts.Format)
}

func (r *Reader) stream(name string, f Format) *Stream {
	return &Stream{r: r, name: name, format: f, heardRank: -1, stepRank: -1}
}

var errClosed = errors.New("harvest: write to a closed stream")

// Write takes the next bytes. It fails only after Close.
func (s *Stream) Write(p []byte) (int, error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.closed {
		return 0, errClosed
	}
	if s.format == FormatNone {
		return len(p), nil
	}
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		rest := p
		if i >= 0 {
			rest = p[:i]
		}
		for {
			j := bytes.IndexByte(rest, '\r')
			if j < 0 {
				break
			}
			if j > 0 || len(s.buf) > 0 {
				s.end(rest[:j])
				s.drawn = true
			}
			rest = rest[j+1:]
		}
		if i < 0 {
			s.keep(rest)
			break
		}
		// The newline of "\r\n" ends a line that is already dealt with.
		if !s.drawn || len(rest) > 0 || len(s.buf) > 0 {
			s.end(rest)
		}
		s.drawn = false
		s.ended++
		p = p[i+1:]
	}
	return n, nil
}

// Close reads an unfinished last line and delivers what was held back. The
// stream takes no more writes. Closing again does nothing.
func (s *Stream) Close() error {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if !s.closed {
		s.finish()
		s.closed = true
		s.buf, s.cleaned = nil, nil
	}
	return nil
}

// finish reads an unfinished line and delivers what was held back.
func (s *Stream) finish() {
	if len(s.buf) > 0 {
		s.end(nil)
	}
	s.release()
}

// keep adds to the unfinished line.
func (s *Stream) keep(p []byte) {
	if len(p) == 0 {
		return
	}
	if room := MaxLine - len(s.buf); len(p) > room {
		p, s.cut = p[:room], true
	}
	s.buf = append(s.buf, p...)
}

// end reads the line that ends with p. A line that came whole is read where
// it lies.
func (s *Stream) end(p []byte) {
	if len(s.buf) > 0 || len(p) > MaxLine {
		s.keep(p)
		p = s.buf
	}
	s.line(p)
	s.buf, s.cut = s.buf[:0], false
}

// number returns the 1-based number of the line being read.
func (s *Stream) number() int { return s.ended + 1 }

// line reads one line. The order of the attempts is the order of precedence.
func (s *Stream) line(line []byte) {
	s.r.lines++
	line, s.cleaned = clean(line, s.cleaned)
	if s.cut {
		// The last word may be half a number.
		line = line[:bytes.LastIndexAny(line, " \t")+1]
	}
	line = bytes.TrimRight(line, " \t")
	if len(line) == 0 {
		s.table.blank()
		return
	}
	s.hit, s.found = false, s.found[:0]
	s.read(line)
	if !s.hit {
		s.r.noteUnread(s, line)
	}
}

func (s *Stream) read(line []byte) {
	if s.format == FormatCSV {
		if !s.cut {
			s.csvLine(line)
		}
		return
	}
	if s.format == FormatAuto || s.format == FormatJSON {
		if at := bytes.IndexByte(line, '{'); at >= 0 {
			if s.objectLine(line, at) {
				s.table.other()
				return
			}
			// Text search in half an object would lose the outer names.
			if len(bytes.TrimLeft(line[:at], " \t")) == 0 {
				return
			}
		}
	}
	if s.format == FormatAuto || s.format == FormatPattern {
		if len(s.r.patterns) > 0 && s.patternLine(line) {
			s.table.other()
			return
		}
	}
	if s.format == FormatAuto || s.format == FormatText {
		if s.textLine(line) {
			s.table.other()
			return
		}
		if !s.cut {
			s.tableLine(line)
		}
	}
}

// begin starts a sample.
func (s *Stream) begin(source string) {
	s.source, s.found, s.stepRank = source, s.found[:0], -1
	s.fixed = source != sourceText && source != sourcePattern
}

// offerStep proposes the line's own step; the best rank wins.
func (s *Stream) offerStep(v float64, rank int) {
	if s.stepRank < 0 || rank < s.stepRank {
		s.step, s.stepRank = v, rank
	}
}

// add puts a value into the sample. The last value of a name wins: it is what
// a terminal would show.
func (s *Stream) add(info *nameInfo, v float64) {
	for i := range s.found {
		if s.found[i].info == info {
			s.found[i].v = v
			return
		}
	}
	if len(s.found) < maxValues || info.wanted {
		s.found = append(s.found, found{info, v})
	}
}

// commit decides the step and delivers the sample. It reports whether there
// was any metric, wanted or not.
func (s *Stream) commit() bool {
	step, has := s.step, s.stepRank >= 0
	if !s.fixed {
		if has && (s.heardRank < 0 || s.stepRank <= s.heardRank) {
			s.heard, s.heardRank = s.step, s.stepRank
		}
		has = false
	}
	if !has && s.heardRank >= 0 {
		step, has = s.heard, true
	}
	if math.IsNaN(step) || math.IsInf(step, 0) {
		has = false
	}
	if !has {
		step = 0
	}
	selective := len(s.r.opts.Want) > 0
	n := 0
	for _, f := range s.found {
		f.info.count++
		if f.info.wanted {
			s.hit = true
		}
		if f.info.wanted || !selective {
			n++
		}
	}
	if n == 0 {
		return len(s.found) > 0
	}
	values := make([]Metric, 0, n)
	for _, f := range s.found {
		if f.info.wanted || !selective {
			values = append(values, Metric{f.info.name, f.v})
		}
	}
	s.deliver(Sample{Step: step, HasStep: has, Values: values, Stream: s.name, Line: s.number(), Source: s.source})
	return true
}

// burst counts the samples of one step that have the same metrics.
type burst struct {
	hash uint64
	n    int
	seq  int
	held *Sample
}

// maxBursts bounds the different sets of metrics counted in one step.
const maxBursts = 64

// deliver hands the sample on unless its step already had too many like it.
// Thinning goes by counts and not by time, so that the same output always
// gives the same samples.
func (s *Stream) deliver(sample Sample) {
	limit := s.r.opts.MaxPerStep
	if limit < 0 {
		s.r.opts.Each(sample)
		return
	}
	at := math.Float64bits(sample.Step)
	if at != s.burstAt || sample.HasStep != s.burstOf || len(s.bursts) >= maxBursts {
		s.release()
		s.burstAt, s.burstOf = at, sample.HasStep
	}
	hash := uint64(14695981039346656037) // FNV-1a
	for _, m := range sample.Values {
		for i := 0; i < len(m.Name); i++ {
			hash = (hash ^ uint64(m.Name[i])) * 1099511628211
		}
		hash *= 1099511628211
	}
	i := slices.IndexFunc(s.bursts, func(b burst) bool { return b.hash == hash })
	if i < 0 {
		i = len(s.bursts)
		s.bursts = append(s.bursts, burst{hash: hash})
	}
	b := &s.bursts[i]
	b.n++
	// Every one up to the limit, then every second up to twice the limit,
	// every fourth up to four times, and so on: limit/2 for each doubling.
	if stride := 1 << bits.Len(uint((b.n-1)/limit)); b.n%stride == 0 {
		b.held = nil
		s.r.opts.Each(sample)
		return
	}
	if !s.thinned {
		s.thinned = true
		s.r.warn("%s line %d: more than %d values of %q in one step: from here on some are left out; print less often or print the step", s.name, sample.Line, limit, sample.Values[0].Name)
	}
	held := sample // the copy, so that other samples stay off the heap
	b.held = &held
	b.seq = sample.Line
}

// release delivers the last sample of every burst, in order of lines, and
// forgets the bursts.
func (s *Stream) release() {
	slices.SortStableFunc(s.bursts, func(a, b burst) int { return a.seq - b.seq })
	for _, b := range s.bursts {
		if b.held != nil {
			s.r.opts.Each(*b.held)
		}
	}
	clear(s.bursts)
	s.bursts = s.bursts[:0]
}

// drop forgets an unfinished line.
func (s *Stream) drop() {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.buf, s.cut = s.buf[:0], false
}
