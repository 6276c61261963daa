package harvest

import "fmt"

// Metric is one named number.
type Metric struct {
	// Name is as printed, never empty, at most 256 bytes, without control
	// characters. Names from tables, JSON and CSV may contain spaces.
	Name string
	// Value may be NaN or infinite: programs that diverge say so, and hiding
	// it would look like a program that said nothing. A percentage is the
	// number before the sign: "12.3%" is 12.3.
	Value float64
}

// Sample is the metrics found at one place of the output.
type Sample struct {
	// Step is the epoch, round or iteration the values belong to, meaningful
	// only if HasStep. It comes from the line itself or, in text, from the
	// last heading ("Epoch 3/10").
	Step    float64
	HasStep bool
	// Values has at least one element and no name twice.
	Values []Metric
	// Stream is the name given to [Reader.Stream] or [Reader.Tail].
	Stream string
	// Line is the 1-based number of the newline-terminated line. Redraws of
	// one line by carriage return share its number.
	Line int
	// Source says which form was recognised: "json", "dict", "pattern",
	// "text", "table" or "csv".
	Source string
}

// Format selects what a [Reader] looks for.
type Format uint8

// The formats. FormatAuto tries objects, then patterns, then text and tables.
const (
	// FormatAuto looks for everything, the most explicit form first.
	FormatAuto Format = iota
	// FormatJSON looks only for lines that hold a JSON object or a Python
	// dictionary.
	FormatJSON
	// FormatText looks for name=value text and tables.
	FormatText
	// FormatPattern uses only [Options.Patterns].
	FormatPattern
	// FormatCSV takes the first line as a header and all others as rows.
	FormatCSV
	// FormatNone discards all output.
	FormatNone
)

var formatNames = [...]string{"auto", "json", "text", "pattern", "csv", "none"}

// String returns the name that [ParseFormat] reads.
func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// ParseFormat reads a format's name. It also takes "jsonl" for json and
// "regex" for pattern. The empty string is auto.
func ParseFormat(name string) (Format, error) {
	switch name {
	case "":
		return FormatAuto, nil
	case "jsonl":
		return FormatJSON, nil
	case "regex":
		return FormatPattern, nil
	}
	for i, n := range formatNames {
		if n == name {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("unknown report format %q: use auto, json, text, pattern, csv or none", name)
}
