package study

import "iter"

// Changed yields the trials that are new in h or not the same as in old, in
// order of number; where h does not continue old (see [History.Continues]) or
// old is nil, all of them. It lets a cache over trials that still run follow
// the study: the cost is that of comparing one pointer for every 256 trials,
// and 256 more for each such block in which something has changed.
func (h *History) Changed(old *History) iter.Seq[*Trial] {
	if !h.Continues(old) {
		return h.All()
	}
	return func(yield func(*Trial) bool) {
		for k, c := range h.chunks {
			first := k * chunkLen
			if k < len(old.chunks) && c == old.chunks[k] {
				continue // a book that changes anything in it, changes a copy
			}
			for i := range min(chunkLen, h.n-first) {
				if first+i < old.n && c[i] == old.chunks[k][i] {
					continue
				}
				if !yield(c[i]) {
					return
				}
			}
		}
	}
}
