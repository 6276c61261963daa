package harvest

// stepAfter reads the number of a step word at line[ws:we]: "Epoch 3/10",
// "epoch: 3", "Epoch [3][10/500]", "step=400", "epoch 003". It returns end 0
// if there is none. clear says that the line can be a heading: the step is
// what it speaks of, and not mentioned by the way.
func stepAfter(line []byte, ws, we int) (v float64, end int, clear bool) {
	i := we
	if i+1 < len(line) && line[i] == '(' && isLetter(line[i+1]) {
		// mmdetection: "Epoch(val) [3][500]"
		for i < len(line) && line[i] != ')' {
			i++
		}
		i = min(i+1, len(line))
	}
	for i < len(line) && i-we < 40 {
		switch line[i] {
		case ' ', '\t', ':', '=', '#', '[', '(':
			i++
			continue
		}
		break
	}
	if i == we || i >= len(line) || !isDigit(line[i]) {
		return 0, 0, false
	}
	v, end, _, ok := number(line, i)
	if !ok {
		return 0, 0, false
	}
	total := false
	if end < len(line) {
		switch c := line[end]; {
		case c == '%' || isNameOrHigh(c) && c != '/' && c != '-' && c != '.':
			return 0, 0, false
		case (c == '.' || c == '-') && end+1 < len(line) && isName(line[end+1]):
			return 0, 0, false
		case c == '/':
			total = true
			_, e, _, ok := number(line, skipSpace(line, end+1))
			if !ok {
				return 0, 0, false
			}
			end = e
		}
	}
	// The last word before says whether this is the present step.
	b := ws
	for b > 0 && isSpace(line[b-1]) {
		b--
	}
	start := b
	for start > 0 && isName(line[start-1]) {
		start--
	}
	before := line[start:b]
	if foldIn(before, otherSteps) {
		return 0, 0, false
	}
	clear = total || len(before) == 0 || foldIn(before, announcers) || !isLetter(before[0])
	return v, end, clear
}

var (
	// otherSteps before a step word speak of another step than the present.
	otherSteps = []string{"best", "max", "min", "total", "from", "every", "num", "n", "until", "last", "previous", "resume", "resuming"}

	// announcers before a step word make the line a heading.
	announcers = []string{
		"train", "training", "start", "starting", "begin", "beginning", "running", "new", "info", "debug", "in",
		"valid", "validation", "test", "eval",
	}
)
