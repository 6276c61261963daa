package harvest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxResult bounds the size of a result file.
const maxResult = 1 << 20

// ReadResult reads a result file: one JSON object of names and numbers, such
// as {"val/loss": 0.31, "accuracy": "NaN"}. Nested objects have their keys
// joined with "/"; an object under the key "afina" hides all others. NaN and
// Infinity may be bare, as Python writes them, or strings; what is no
// number is left out. It returns the metrics in order of the file.
//
// Errors say where in the file and what to write instead; a missing file gives
// one for which errors.Is(err, fs.ErrNotExist) holds.
func ReadResult(path string) ([]Metric, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read result file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxResult+1))
	if err != nil {
		return nil, fmt.Errorf("read result file: %w", err)
	}
	out, err := parseResult(b)
	if err != nil {
		return nil, fmt.Errorf("read result file %q: %w", path, err)
	}
	return out, nil
}

func parseResult(b []byte) ([]Metric, error) {
	const example = `write one JSON object such as {"val_loss": 0.31}`
	if len(b) > maxResult {
		return nil, fmt.Errorf("it is larger than %d bytes: %s", maxResult, example)
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	at := len(b) - len(bytes.TrimLeft(b, " \t\r\n"))
	if at == len(b) {
		return nil, errors.New("it is empty: " + example)
	}
	if b[at] != '{' {
		return nil, fmt.Errorf("%s: expected an object: %s", position(b, at), example)
	}
	var o object
	end, err := o.parse(b, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", position(b, end), err, example)
	}
	if rest := bytes.TrimLeft(b[end:], " \t\r\n"); len(rest) > 0 {
		return nil, fmt.Errorf("%s: text after the object: %s", position(b, len(b)-len(rest)), example)
	}
	o.claim()
	var out []Metric
	seen := map[string]bool{}
	for _, e := range o.entries {
		name := string(o.key(e))
		if e.str && e.integer {
			continue // an identifier, not a measurement
		}
		if !validName(name) {
			return nil, fmt.Errorf("the name %.40q is empty, longer than %d bytes, or has control characters", name, maxName)
		}
		if seen[name] {
			return nil, fmt.Errorf("%q stands twice: write every metric once", name)
		}
		seen[name] = true
		out = append(out, Metric{name, e.value})
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no number: " + example)
	}
	return out, nil
}
