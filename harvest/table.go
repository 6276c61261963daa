package harvest

import (
	"bytes"
	"unicode/utf8"
)

// tables is what a stream remembers for reading tables.
type tables struct {
	prev   []byte // the last line that could be a header
	fresh  bool   // prev has not been followed by another line
	active header // the table being read
	cells  [][]byte
	pairs  pairing
	group  []byte // stable-baselines3: the group of the following rows
	csv    bool   // FormatCSV: active is the file's header
}

// pairing says whether "name   value" lines are believed.
type pairing uint8

const (
	noPairs     pairing = iota
	metricPairs         // after a ruler: only names of known metrics
	allPairs            // under a title that speaks of metrics
)

// header is the column names of a table.
type header struct {
	names   []string // "" for a column without one
	columns int
	delim   byte // ' ', ',', ';', '\t' or '|'
	step    bool // one column is a step
	label   bool // the first column names classes; only the row "all" counts
}

// blank is told of an empty line: it ends tables that have no steps.
func (t *tables) blank() {
	t.fresh = false
	t.other()
}

// other is told of a line that belongs to no table.
func (t *tables) other() {
	if !t.active.step && !t.csv {
		t.active.columns = 0
	}
	t.fresh = false
	t.pairs = noPairs
	t.group = t.group[:0]
}

// tableLine reads a line that is neither object nor text: a header, a ruler,
// a row or none of these.
//
// Headers are only remembered; whether a line was one is decided when a row
// of as many numbers follows, since lines of numbers are rare.
func (s *Stream) tableLine(line []byte) {
	t := &s.table
	i := skipSpace(line, 0)
	c := line[i]
	boxed := c == '|' || boxAt(line, i) > 0
	if (boxed || c == '-' || c == '=' || c == '+') && isRuler(line) {
		if t.pairs == noPairs {
			t.pairs = metricPairs
		}
		return
	}
	switch {
	case boxed && s.boxedPair(line):
		return
	case (isDigit(c) || c == '-' || c == '+' || c == '.' || c == '"' || boxed) && s.row(line):
		t.fresh = false
		return
	case isLetter(c) || c == '"' || c == '#' || c == ',' || c == '%' || boxed || c >= utf8.RuneSelf:
		if t.labelled() && s.row(line) {
			return
		}
		if t.pairs != noPairs && !boxed {
			s.barePair(line)
		}
		if !boxed || !t.fresh || !t.continueHeader(line) {
			t.prev = append(t.prev[:0], line...)
		}
		if !t.active.step {
			t.active.columns = 0
		}
		t.fresh = true
	default:
		t.other()
	}
}

// continueHeader joins the second line of a framed header to the first, cell by
// cell. A second line is one whose first cell is empty.
func (t *tables) continueHeader(line []byte) bool {
	if len(t.prev) > maxHeader {
		return false
	}
	below := splitBox(nil, line)
	above := splitBox(nil, t.prev)
	if len(above) != len(below) || len(below) < 2 || len(below[0]) > 0 {
		return false
	}
	var joined []byte
	for i := range above {
		cell := append(append(append([]byte{'|'}, above[i]...), ' '), below[i]...)
		joined = append(joined, bytes.TrimRight(cell, " ")...)
	}
	t.prev = append(joined, '|')
	return true
}

// labelled reports whether the next row may start with a word.
func (t *tables) labelled() bool {
	return t.active.columns > 0 && t.active.label ||
		t.fresh && hasFold(bytes.TrimLeft(t.prev, " \t"), "class ")
}

// row reads a row of the header just above it or of the table being read.
func (s *Stream) row(line []byte) bool {
	t := &s.table
	if t.fresh {
		if h, ok := s.header(t.prev, line); ok && s.rowOf(&h, line, sourceTable) {
			t.active = h
			return true
		}
	}
	return t.active.columns > 0 && s.rowOf(&t.active, line, sourceTable)
}

// rowOf reads a row of h. It reports false for a line that is none.
func (s *Stream) rowOf(h *header, line []byte, source string) bool {
	t := &s.table
	if source == sourceTable && h.delim == ' ' {
		line = beforeBar(line)
	}
	t.cells = split(t.cells[:0], line, h.delim)
	for t.csv && h.delim == '\t' && len(t.cells) < h.columns {
		t.cells = append(t.cells, nil) // empty cells lost with the line's trailing space
	}
	if len(t.cells) != h.columns {
		return false
	}
	if h.delim == ',' || h.delim == ';' || h.delim == '\t' {
		source = sourceCSV
	}
	s.begin(source)
	numbers, filled := 0, 0
	for i, cell := range t.cells {
		name := h.names[i]
		if name == "" || len(cell) == 0 {
			continue
		}
		rank := s.r.stepRank([]byte(name))
		if i == 0 && h.label {
			if !foldEqual(cell, "all") {
				return isLetter(cell[0]) && s.classRow(t.cells[1:])
			}
			continue
		}
		filled++
		v, ok := wholeNumber(cell)
		if !ok && rank >= 0 {
			v, ok = fraction(cell)
		}
		if !ok && h.delim == ';' {
			v, ok = decimalComma(cell)
		}
		if !ok {
			if rank >= 0 {
				return false
			}
			continue
		}
		numbers++
		if rank >= 0 {
			s.offerStep(v, rank)
			if info := s.r.names[name]; info == nil || !info.wanted {
				continue
			}
		}
		if info := s.r.name([]byte(name)); info != nil {
			s.add(info, v)
		}
	}
	if 2*numbers <= filled && !t.csv {
		return false
	}
	if h.delim == ' ' && s.stepRank >= 0 && (s.heardRank < 0 || s.stepRank <= s.heardRank) {
		// The validation table below has no step of its own.
		s.heard, s.heardRank = s.step, s.stepRank
	}
	s.commit()
	return true
}

// classRow accepts the row of one class, which is read over.
func (s *Stream) classRow(cells [][]byte) bool {
	for _, c := range cells {
		if _, ok := wholeNumber(c); !ok {
			return false
		}
	}
	return true
}

// header reads column names from a line, and decides whether they are some:
// words followed by numbers may also be prose and its continuation.
func (s *Stream) header(line, row []byte) (header, bool) {
	t := &s.table
	h := header{delim: ' '}
	line = beforeBar(line)
	trimmed := bytes.TrimLeft(line, " \t#")
	switch {
	case bytes.IndexByte(line, '|') >= 0 || bytes.Contains(line, []byte("│")) || bytes.Contains(line, []byte("┃")):
		h.delim = '|'
		trimmed = line
	case bytes.IndexByte(line, ',') >= 0:
		h.delim = ','
	case bytes.IndexByte(line, ';') >= 0:
		h.delim = ';'
	case bytes.IndexByte(trimmed, '\t') >= 0:
		h.delim = '\t'
	}
	t.cells = split(t.cells[:0], trimmed, h.delim)
	if h.delim == ' ' && len(t.cells) != len(bytes.Fields(beforeBar(row))) {
		// "train loss  val loss": names with a space in wider columns.
		t.cells = splitWide(t.cells[:0], trimmed)
	}
	evident := h.delim == '|' || h.delim == '\t'
	if h.delim == ',' || h.delim == ';' {
		evident = bytes.IndexByte(line, ' ') < 0
	}
	return h, s.nameColumns(&h, t.cells, evident)
}

// nameColumns fills in the names and reports whether they are plausible.
func (s *Stream) nameColumns(h *header, cells [][]byte, evident bool) bool {
	if len(cells) < 2 {
		return false
	}
	h.columns = len(cells)
	var group []byte
	groups := 0
	for i, cell := range cells {
		if len(cell) > maxName {
			return false
		}
		// "Box(P  R  mAP50)": one title over several columns.
		open, shut := bytes.IndexByte(cell, '('), bytes.IndexByte(cell, ')')
		if open > 0 && shut < 0 && open+1 < len(cell) {
			group = cell[:open]
			groups++
			cell = cell[open+1:]
		}
		last := open < 0 && shut >= 0 && shut == len(cell)-1
		if last {
			cell = cell[:shut]
		}
		name := string(cell)
		if group != nil && groups > 1 {
			name = string(group) + "/" + name
		}
		if last {
			group = nil
		}
		if name != "" && !plausibleColumn(name, h.delim) {
			return false
		}
		h.names = append(h.names, name)
		switch {
		case s.r.stepRank(cell) >= 0:
			h.step, evident = true, true
		case s.r.isWanted([]byte(name)) || metricLike(cell):
			evident = true
		case i == 0 && foldEqual(cell, "class"):
			h.label = true
		}
	}
	return evident
}

// plausibleColumn reports whether a column may have this name.
func plausibleColumn(name string, delim byte) bool {
	if !letterAt([]byte(name), 0) && name[0] != '%' && name[0] != '#' || !validName(name) {
		return false
	}
	if nonFinite([]byte(name)) == len(name) {
		return false
	}
	switch name[len(name)-1] {
	case '.', ',', ':', ';', '!', '?', '=':
		return false
	}
	return delim != ' ' || bytes.IndexByte([]byte(name), '=') < 0
}

// boxedPair reads a framed row of a name and a value.
func (s *Stream) boxedPair(line []byte) bool {
	t := &s.table
	t.cells = splitBox(t.cells[:0], line)
	if len(t.cells) == 0 || len(t.cells) > 2 || len(t.cells[0]) == 0 || !letterAt(t.cells[0], 0) {
		return false
	}
	name := t.cells[0]
	if len(t.cells) == 1 || len(t.cells[1]) == 0 {
		if name[len(name)-1] == '/' {
			t.group = append(t.group[:0], name...)
			return true
		}
		return false
	}
	v, ok := wholeNumber(t.cells[1])
	if !ok || foldIn(name, noise) {
		return false
	}
	s.pair(name, v)
	return true
}

// barePair reads "   val_acc       0.31".
func (s *Stream) barePair(line []byte) {
	t := &s.table
	body := bytes.Trim(line, " \t")
	gap := bytes.LastIndexAny(body, " \t")
	if gap > 0 {
		v, ok := wholeNumber(body[gap+1:])
		name := bytes.TrimRight(body[:gap], " \t")
		if ok && gap+1-len(name) >= 2 && !bytes.Contains(name, []byte("  ")) && plausibleColumn(string(name), '|') {
			if t.pairs == allPairs || metricLike(name) || s.r.isWanted(name) {
				s.pair(name, v)
			}
			return
		}
	}
	if containsFold(body, "metric") && bytes.Contains(body, []byte("  ")) {
		t.pairs = allPairs
		return
	}
	t.pairs = noPairs
}

func (s *Stream) pair(name []byte, v float64) {
	s.begin(sourceTable)
	if len(s.table.group) > 0 {
		name = append(s.table.group[:len(s.table.group):len(s.table.group)], name...)
	}
	if rank := s.r.stepRank(name); rank >= 0 {
		s.heard, s.heardRank = v, rank
		return
	}
	if info := s.r.name(name); info != nil {
		s.add(info, v)
		s.commit()
	}
}
