package harvest

// patternLine tries the user's patterns in their order. It reports whether
// one gave a value.
func (s *Stream) patternLine(line []byte) bool {
	s.begin(sourcePattern)
	for i := range s.r.patterns {
		p := &s.r.patterns[i]
		if p.stepRe != nil {
			if m := p.stepRe.FindSubmatchIndex(line); m != nil {
				if v, ok := matched(line, m, p.stepGroup); ok {
					// What the user points at outranks every word.
					s.heard, s.heardRank = v, 0
				}
			}
		}
		limit := 1
		if p.naming > 0 {
			limit = -1
		}
		for _, m := range p.re.FindAllSubmatchIndex(line, limit) {
			s.match(p, line, m)
		}
	}
	return len(s.found) > 0 && s.commit()
}

func (s *Stream) match(p *pattern, line []byte, m []int) {
	v, ok := matched(line, m, p.value)
	if !ok {
		return
	}
	name := []byte(p.metric)
	if p.naming > 0 {
		if m[2*p.naming] < 0 {
			return
		}
		name = line[m[2*p.naming]:m[2*p.naming+1]]
	}
	info := s.r.name(name)
	if info == nil {
		return
	}
	if p.step > 0 {
		if v, ok := matched(line, m, p.step); ok {
			s.offerStep(v, 0)
		}
	}
	s.add(info, v)
}

// matched reads group g as a number.
func matched(line []byte, m []int, g int) (float64, bool) {
	if m[2*g] < 0 {
		return 0, false
	}
	b := line[m[2*g]:m[2*g+1]]
	if v, ok := wholeNumber(b); ok {
		return v, true
	}
	// A generous (\S+) takes a comma or a bracket along.
	for len(b) > 0 && (b[len(b)-1] == ',' || b[len(b)-1] == ';' || b[len(b)-1] == ']' || b[len(b)-1] == ')') {
		b = b[:len(b)-1]
	}
	return wholeNumber(b)
}
