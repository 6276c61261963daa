package harvest

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Limits that keep a hostile or broken program from costing memory.
const (
	// MaxLine is the number of bytes of one line that are looked at. The
	// rest is dropped up to the next line end.
	MaxLine = 64 << 10
	// maxName is the longest name of a metric, in bytes.
	maxName = 256
	// maxNames is the number of different names a Reader keeps.
	maxNames = 4096
	// maxValues bounds the values of one line that nobody asked for.
	maxValues = 1000
	// maxHeader bounds a header made of several lines, in bytes.
	maxHeader = 4096
	// defaultPerStep is the default of Options.MaxPerStep.
	defaultPerStep = 1000
)

// Pattern finds a metric by a regular expression in RE2 syntax, whose running
// time is linear in the line.
type Pattern struct {
	// Metric names what is found. It may be empty if Regexp has a group
	// named metric, (?P<metric>…), and then every match of a line counts;
	// otherwise the first.
	Metric string
	// Regexp's group named value holds the number, or else its first unnamed
	// group. A group named step holds the step.
	Regexp string
	// Step, if not empty, is searched in every line by itself; its group
	// named step or its first group is the step of this and the following
	// lines.
	Step string
}

// Options say what a [Reader] looks for. The zero value with an Each is
// useful: everything plausible in any form.
type Options struct {
	Format   Format
	Patterns []Pattern
	// Want are the metrics the study needs. With it only those are
	// delivered, the others are only counted, and forms too weak to
	// be believed otherwise ("loss 0.3" in a sentence) are believed for them.
	Want []string
	// StepNames are the words taken for a step, without regard to case, the
	// most significant first: where a line has several, or a heading said
	// another one, the first of this list wins, so that a stream keeps to
	// one clock. Empty means epoch, step, global_step, iter, iteration,
	// round, fold, num_updates, update, episode, generation.
	StepNames []string
	// MaxPerStep bounds the samples with the same metrics that are delivered
	// for one step of one stream: beyond it they are thinned more and more,
	// but the last of the step always arrives, when the step changes or
	// the stream closes. 0 means 1000; negative means no bound.
	MaxPerStep int
	// Each receives every sample, in order of the stream and never two at a
	// time, whatever the number of streams. It may keep the sample. It must
	// not call the Reader or its streams.
	Each func(Sample)
	// Warn, if not nil, receives remarks for the user, such as the first
	// thinning of a stream. It is called like Each.
	Warn func(message string)
}

// pattern is a compiled Pattern.
type pattern struct {
	metric              string
	re                  *regexp.Regexp
	value, step, naming int // group numbers, 0 for none
	stepRe              *regexp.Regexp
	stepGroup           int
}

func compile(i int, p Pattern) (pattern, error) {
	where := fmt.Sprintf("pattern %d", i+1)
	if p.Metric != "" {
		where += fmt.Sprintf(" (metric %q)", p.Metric)
	}
	re, err := compileOne(where, "regexp", p.Regexp)
	if err != nil {
		return pattern{}, err
	}
	out := pattern{metric: p.Metric, re: re}
	out.value = group(re, "value")
	out.step = max(0, re.SubexpIndex("step"))
	out.naming = max(0, re.SubexpIndex("metric"))
	if out.value == 0 {
		return pattern{}, fmt.Errorf("%s: regexp %q has no group for the number: put it in parentheses, as in %q", where, p.Regexp, `loss=(\S+)`)
	}
	if p.Metric == "" && out.naming == 0 {
		return pattern{}, fmt.Errorf("%s: regexp %q names no metric: set metric, or add a group (?P<metric>…)", where, p.Regexp)
	}
	if p.Metric != "" && out.naming != 0 {
		return pattern{}, fmt.Errorf("%s: regexp %q has a group named metric as well: remove one of the two", where, p.Regexp)
	}
	if p.Step == "" {
		return out, nil
	}
	if out.stepRe, err = compileOne(where, "step", p.Step); err != nil {
		return pattern{}, err
	}
	if out.stepGroup = group(out.stepRe, "step"); out.stepGroup == 0 {
		return pattern{}, fmt.Errorf("%s: step %q has no group for the number: put it in parentheses, as in %q", where, p.Step, `epoch (\d+)`)
	}
	return out, nil
}

// compileOne compiles an expression and explains what is wrong with it: where,
// and what to write instead.
func compileOne(where, field, expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, fmt.Errorf("%s: %s is empty: write one such as %q", where, field, `loss=(\S+)`)
	}
	re, err := regexp.Compile(expr)
	if err == nil {
		return re, nil
	}
	var syn *syntax.Error
	if !errors.As(err, &syn) {
		return nil, fmt.Errorf("%s: %s %q: %w", where, field, expr, err)
	}
	position := ""
	if at := strings.LastIndex(expr, syn.Expr); at >= 0 && syn.Expr != "" {
		position = fmt.Sprintf(" at character %d", len([]rune(expr[:at]))+1)
	}
	remedy := "see https://golang.org/s/re2syntax"
	switch syn.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		remedy = `balance the parentheses, or write \( for a literal one`
	case syntax.ErrMissingBracket, syntax.ErrInvalidCharClass, syntax.ErrInvalidCharRange:
		remedy = `balance the brackets, or write \[ for a literal one`
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		remedy = `write \*, \+ or \? for a literal character`
	case syntax.ErrInvalidPerlOp:
		remedy = "look-around is not supported: match the text before the number and put only the number in parentheses"
	case syntax.ErrInvalidEscape:
		remedy = "remove the backslash; back-references are not supported"
	case syntax.ErrTrailingBackslash:
		remedy = `write \\ for a literal backslash`
	case syntax.ErrInvalidRepeatSize, syntax.ErrLarge:
		remedy = "repeat at most 1000 times"
	}
	return nil, fmt.Errorf("%s: %s %q: %s%s: %s", where, field, expr, syn.Code, position, remedy)
}

// group returns the group of that name, else the first unnamed one, else 0.
func group(re *regexp.Regexp, name string) int {
	if i := re.SubexpIndex(name); i > 0 {
		return i
	}
	names := re.SubexpNames()
	if i := slices.Index(names[1:], ""); i >= 0 {
		return i + 1
	}
	return 0
}
