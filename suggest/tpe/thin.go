package tpe

import "math"

// thinned is a density of at most so many of its trials. Which ones is decided
// by a pseudo-random level of each trial's number: those at or above the
// lowest level that leaves few enough. So it is a function of the set of
// trials alone, like the density, and changes little when the set does.
type thinned struct {
	*parzen
	owner *population // whose open trials are in the density whatever their level
	most  int
	least int // the level from which trials are in the density
	count [levels]int32
	in    int // trials at or above least
}

// levels is how many levels there are. A quarter of an octave lies between two
// of them, so that a thinned density has at least 84 % of the trials it may
// have, on average.
const levels = 128

// levelOf returns the level of a trial: l or higher with probability
// 2^(-l/4).
func levelOf(id int32) int {
	z := uint64(id)*0x9e3779b97f4a7c15 + 0x5851f42d4c957f2d // SplitMix64
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	u := (float64(z>>11) + 1) / (1 << 53)
	return min(int(-4*math.Log2(u)), levels-1)
}

// members is every trial that is meant to be in a thinned density.
type members func(yield func(id int32))

// update takes trials out and in. all lists the trials that are meant to be in
// afterwards; it is called only where the level falls, which is rare.
func (t *thinned) update(out, in []int32, all members, at func(id int32) point) {
	for _, id := range out {
		l := levelOf(id)
		t.count[l]--
		if l >= t.least {
			t.in--
			t.remove(id)
		}
	}
	before := t.least
	entering := 0
	for _, id := range in {
		l := levelOf(id)
		t.count[l]++
		if l >= t.least {
			t.in++
			entering++
		}
	}
	for t.in > t.most && t.least < levels-1 {
		t.in -= int(t.count[t.least])
		t.least++
	}
	for t.least > 0 && t.in+int(t.count[t.least-1]) <= t.most {
		t.least--
		t.in += int(t.count[t.least])
	}
	if t.least > before {
		for s, id := range t.ids {
			if s > 0 && id >= 0 && levelOf(id) < t.least && !has(t.owner.pend, id) {
				t.remove(id)
			}
		}
	}
	// Sorting everything once is cheaper than many insertions.
	t.bulk = t.bulk || entering > 32
	for _, id := range in {
		if levelOf(id) >= t.least {
			t.add(id, at(id))
		}
	}
	if t.least < before {
		newcomer := make(map[int32]bool, len(in))
		for _, id := range in {
			newcomer[id] = true
		}
		all(func(id int32) {
			if l := levelOf(id); l >= t.least && l < before && !newcomer[id] {
				t.add(id, at(id))
			}
		})
	}
}
