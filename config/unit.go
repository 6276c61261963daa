package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// longest is the longest duration that a file may ask for, about 100 years.
const longest = 100 * 366 * 24 * time.Hour

// ParseDuration reads a duration such as 90s, 1h30m or 2d.
func ParseDuration(s string) (time.Duration, error) {
	rest, total := strings.TrimSpace(s), 0.0
	if rest == "" {
		return 0, fmt.Errorf("the duration is empty; write 90s, 2h or 1h30m")
	}
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n < 0 {
			return 0, fmt.Errorf("the duration %q has no unit; write %ss, %sm or %sh", s, rest, rest, rest)
		}
		x, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration; write 90s, 2h or 1h30m", s)
		}
		m := strings.IndexAny(rest[n:], "0123456789.")
		if m < 0 {
			m = len(rest) - n
		}
		unit, ok := durationUnits[rest[n:n+m]]
		if !ok {
			return 0, fmt.Errorf("%q is no duration: the units are s, m, h and d (and ms, us, ns)", s)
		}
		total += x * float64(unit)
		rest = rest[n+m:]
	}
	if total > float64(longest) {
		return 0, fmt.Errorf("the duration %q is longer than 100 years; leave it out for no bound", s)
	}
	return time.Duration(math.Round(total)), nil
}

var durationUnits = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond,
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
}

var sizeUnits = map[string]float64{
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// parseSize reads an amount of memory such as 8GiB or 500MB, in bytes.
func parseSize(s string) (int64, error) {
	t := strings.TrimSpace(s)
	n := strings.IndexFunc(t, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if n < 0 {
		return 0, fmt.Errorf("the size %q has no unit; write %sGiB or %sMB", s, t, t)
	}
	x, err := strconv.ParseFloat(t[:n], 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no size; write 8GiB or 500MB", s)
	}
	word := strings.TrimSpace(t[n:])
	unit, ok := sizeUnits[word]
	switch {
	case !ok && len(word) == 1 && strings.Contains("kKMGT", word):
		u := strings.ToUpper(word)
		return 0, fmt.Errorf("the size %q could mean two things; write %s%siB (powers of 1024) or %s%sB (powers of 1000)", s, t[:n], u, t[:n], u)
	case !ok:
		return 0, fmt.Errorf("%q is no size: the units are KiB, MiB, GiB, TiB, kB, MB, GB, TB and B", s)
	case x*unit >= 1<<62:
		return 0, fmt.Errorf("the size %q is too large; leave it out for no bound", s)
	}
	return int64(math.Round(x * unit)), nil
}
