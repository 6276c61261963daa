package space

import (
	"fmt"
	"slices"
)

// names holds the texts that the values of a small enumeration have in files,
// by value; "" where a value has none.
type names[T ~uint8] []string

func (n names[T]) text(t T) string {
	if int(t) < len(n) && n[t] != "" {
		return n[t]
	}
	return fmt.Sprintf("unknown(%d)", uint8(t))
}

// parse returns the value whose text is s. The empty text is no value's.
func (n names[T]) parse(s string) (T, bool) {
	i := slices.Index(n, s)
	if i < 0 || s == "" {
		return 0, false
	}
	return T(i), true
}
