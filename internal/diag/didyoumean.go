package diag

import (
	"sort"
	"strings"
)

// fewCandidates is how many may be listed: all search algorithms or schedulers
// there are, and not all parameters of a large space.
const fewCandidates = 24

// DidYouMean returns a hint that names the candidate nearest to word, such as
// `did you mean "lr"?`, or lists the candidates where none is near and they
// are few, or "". The work is bounded: long words are not compared.
func DidYouMean(word string, candidates []string) string {
	if best := Nearest(word, candidates); best != "" {
		return `did you mean "` + best + `"?`
	}
	if n := len(candidates); n == 0 || n > fewCandidates {
		return ""
	}
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	return "known: " + strings.Join(sorted, ", ")
}

// Nearest returns the candidate that word most likely stands for, or "" where
// none is near: at most a third of its bytes differ, letter case and the marks
// - _ . / not counted. Of several as near the first in the alphabet is taken.
func Nearest(word string, candidates []string) string {
	const longest = 64
	if len(word) > longest || word == "" {
		return ""
	}
	best, bestD := "", len(word)/3+1
	w := fold(word)
	for _, c := range candidates {
		if len(c) > longest {
			continue
		}
		f := fold(c)
		if len(f)-len(w) > bestD || len(w)-len(f) > bestD {
			continue // the lengths alone make more edits
		}
		if d := edits(w, f); d < bestD || d == bestD && best != "" && c < best {
			best, bestD = c, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', '/', ' ':
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// edits returns the Damerau–Levenshtein distance (optimal string alignment)
// of two short strings: insertions, deletions, replacements, and swaps of
// neighbours.
func edits(a, b string) int {
	before := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
