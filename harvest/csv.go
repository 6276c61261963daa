package harvest

import "bytes"

// csvLine reads a line of a stream that is all CSV.
func (s *Stream) csvLine(line []byte) {
	t := &s.table
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	if t.csv {
		s.rowOf(&t.active, line, sourceCSV)
		return
	}
	delim, most := byte(' '), 0
	for _, d := range []byte(",;\t") {
		if n := bytes.Count(line, []byte{d}); n > most {
			delim, most = d, n
		}
	}
	h := header{delim: delim}
	t.cells = split(t.cells[:0], bytes.TrimLeft(line, "# "), delim)
	if len(t.cells) == 1 {
		// One column needs no delimiter.
		t.cells = append(t.cells[:0], trimCell(bytes.TrimLeft(line, "# ")))
	}
	for _, c := range t.cells {
		if _, ok := wholeNumber(c); ok || len(c) > maxName {
			h.names = nil
			break
		}
		h.names = append(h.names, string(c))
	}
	if h.columns = len(h.names); h.columns == 0 {
		s.r.warn("%s line %d: CSV has no header: the first line must hold the column names, as in step,val_loss", s.name, s.number())
		t.csv, t.active = true, header{columns: -1}
		return
	}
	t.csv, t.active = true, h
}
