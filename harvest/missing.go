package harvest

import (
	"fmt"
	"slices"
	"strings"
)

// Missing writes the message for a program that gave no value for a wanted
// metric: the names that it did print, the nearest first, lines that mention
// the metric but could not be read, and what to do. It does not check that
// the metric is missing.
func Missing(want string, seen Seen) string {
	var b strings.Builder
	fmt.Fprintf(&b, "no value for %q", want)
	names := slices.Clone(seen.Names)
	names = slices.DeleteFunc(names, func(c Count) bool { return c.Name == want })
	distances := make(map[string]int, len(names))
	for _, c := range names {
		distances[c.Name] = distance(want, c.Name)
	}
	slices.SortStableFunc(names, func(x, y Count) int { return distances[x.Name] - distances[y.Name] })
	const shown = 5
	switch {
	case seen.Lines == 0:
		b.WriteString("; the program printed nothing")
	case len(names) == 0:
		fmt.Fprintf(&b, "; no metric was recognised in %s", plural(seen.Lines, "line"))
	default:
		for i, c := range names[:min(shown, len(names))] {
			if i == 0 {
				b.WriteString("; saw ")
			} else {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%q %s", c.Name, plural(c.Count, "time"))
			if i == 0 && near(want, c.Name, distances[c.Name]) {
				b.WriteString(" (did you mean it?)")
			}
		}
		if more := len(names) - shown; more > 0 {
			fmt.Fprintf(&b, " and %s more", plural(more, "name"))
		}
	}
	for i, u := range seen.Unread {
		if i == 0 {
			b.WriteString("; these lines look like it but could not be read:")
		}
		fmt.Fprintf(&b, "\n  %s line %d: %s", u.Stream, u.Line, u.Text)
	}
	if len(seen.Unread) > 0 {
		b.WriteString("\n")
	} else {
		b.WriteString("; ")
	}
	fmt.Fprintf(&b, `print it as "%s=0.5" or as JSON {"step": 3, "%s": 0.5}, or give a pattern`, want, want)
	return b.String()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// plain is a name without case, and with one separator for all.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', '/', '.', ' ', '@', ':':
			return '_'
		}
		return r
	}, strings.ToLower(name))
}

// near reports whether a name is close enough to be meant.
func near(want, name string, d int) bool {
	w, n := plain(want), plain(name)
	return d <= (len([]rune(w))+1)/4 ||
		strings.HasSuffix(n, "_"+w) || strings.HasSuffix(w, "_"+n) || strings.HasPrefix(n, w+"_") || strings.HasPrefix(w, n+"_")
}

// distance is the number of edits between two names as plain makes them; a
// name that is a part of the other at an underscore counts as one edit.
// Names are short, so its quadratic cost is bounded.
func distance(a, b string) int {
	x, y := []rune(plain(a)), []rune(plain(b))
	if near(a, b, 1<<30) {
		return 1
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			edit := diagonal
			if x[i] != y[j] {
				edit = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], edit
		}
	}
	return row[len(y)]
}
