package study

import (
	"iter"
	"slices"

	"github.com/afina-hpo/afina/space"
)

// History is the trials of a study at one moment, as suggesters and
// schedulers see them. It does not change: a snapshot may be read by any
// number of goroutines while the study goes on.
type History struct {
	Space      *space.Space
	Objectives []Objective
	Fidelity   *Fidelity

	book   *Book
	chunks []*chunk
	n      int
	ended  []int32
	open   []int32
}

const chunkLen = 256

type chunk [chunkLen]*Trial

// Len returns the number of trials, whatever their state. Numbers are dense:
// the trials are 0 to Len-1.
func (h *History) Len() int { return h.n }

// Trial returns trial number n.
func (h *History) Trial(n int) *Trial { return h.chunks[n/chunkLen][n%chunkLen] }

// All yields the trials in order of number.
func (h *History) All() iter.Seq[*Trial] {
	return func(yield func(*Trial) bool) {
		for n := range h.n {
			if !yield(h.Trial(n)) {
				return
			}
		}
	}
}

// EndedLen returns how many trials have ended.
func (h *History) EndedLen() int { return len(h.ended) }

// Ended returns the i-th trial in the order in which trials ended. In a later
// history of the same study the i-th is the same trial, so a suggester may
// consume them once and remember how far it got.
func (h *History) Ended(i int) *Trial { return h.Trial(int(h.ended[i])) }

// Open yields the trials that have not ended, in order of number.
func (h *History) Open() iter.Seq[*Trial] {
	return func(yield func(*Trial) bool) {
		for _, n := range h.open {
			if !yield(h.Trial(int(n))) {
				return
			}
		}
	}
}

// OpenLen returns how many trials have not ended.
func (h *History) OpenLen() int { return len(h.open) }

// Continues reports whether h is a later (or the same) moment of the study
// that old is from, in this process: whether a cache built on old can be
// brought up to date by the trials that have ended since. The space of an open
// study may have grown in between. Old may be nil.
func (h *History) Continues(old *History) bool {
	return old != nil && h.book == old.book && len(h.ended) >= len(old.ended) && h.n >= old.n
}

// Book holds the trials of a study and makes histories of them. It is not
// safe for concurrent use; the histories are.
type Book struct {
	Space      *space.Space
	Objectives []Objective
	Fidelity   *Fidelity

	chunks []*chunk
	shared []bool // chunk is part of a history and must be copied to change
	n      int
	ended  []int32
	open   []int32
	openOK bool // open is not part of a history and may be changed in place
	last   *History
}

// NewBook returns a book without trials.
func NewBook(s *space.Space, objectives []Objective, f *Fidelity) *Book {
	return &Book{Space: s, Objectives: objectives, Fidelity: f, openOK: true}
}

// Len returns the number of trials.
func (b *Book) Len() int { return b.n }

// Trial returns trial number n, or nil.
func (b *Book) Trial(n int) *Trial {
	if n < 0 || n >= b.n {
		return nil
	}
	return b.chunks[n/chunkLen][n%chunkLen]
}

// Put adds t, whose number must be Len, or replaces the trial of its number.
// A trial that ends takes the next place in the order of ends. The book keeps
// t: it must not be changed any more. A number that leaves a gap, and a trial
// that has ended and is replaced by one that has not, are a programmer's error
// and panic.
func (b *Book) Put(t *Trial) {
	b.last = nil
	n := t.Number
	var old *Trial
	switch {
	case n == b.n:
		if n%chunkLen == 0 {
			b.chunks = append(b.chunks, new(chunk))
			b.shared = append(b.shared, false)
		}
		b.n++
	case n > b.n || n < 0:
		panic("study: trial numbers must be dense")
	default:
		old = b.Trial(n)
		if old.State.Ended() && !t.State.Ended() {
			panic("study: a trial that has ended cannot be opened again")
		}
	}
	if k := n / chunkLen; b.shared[k] {
		c := *b.chunks[k]
		b.chunks[k] = &c
		b.shared[k] = false
	}
	b.chunks[n/chunkLen][n%chunkLen] = t
	wasOpen, isOpen := old != nil && !old.State.Ended(), !t.State.Ended()
	if isOpen == wasOpen {
		if !isOpen && old == nil {
			b.ended = append(b.ended, int32(n)) // made and ended at once
		}
		return
	}
	if isOpen { // histories do not see what is behind their end
		b.open = append(b.open, int32(n))
		return
	}
	b.ended = append(b.ended, int32(n))
	if !b.openOK {
		b.open = slices.Clone(b.open)
		b.openOK = true
	}
	if i, ok := slices.BinarySearch(b.open, int32(n)); ok {
		b.open = slices.Delete(b.open, i, i+1)
	}
}

// EndedLen returns how many trials have ended.
func (b *Book) EndedLen() int { return len(b.ended) }

// Open returns the numbers of the trials that have not ended, ascending. Do
// not modify it; it is valid until the next Put.
func (b *Book) Open() []int32 { return b.open }

// History returns the book's present state. The cost is that of copying one
// pointer for every 256 trials, and nothing where nothing has changed.
func (b *Book) History() *History {
	if b.last != nil && b.last.Space == b.Space {
		return b.last
	}
	for k := range b.shared {
		b.shared[k] = true
	}
	b.openOK = false
	b.last = &History{
		Space: b.Space, Objectives: b.Objectives, Fidelity: b.Fidelity,
		book:   b,
		chunks: append([]*chunk(nil), b.chunks...),
		n:      b.n,
		ended:  b.ended[:len(b.ended):len(b.ended)],
		open:   b.open,
	}
	return b.last
}
