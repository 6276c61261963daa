package genetic

import (
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/merit"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// member is a trial that can be a parent.
type member struct {
	trial int
	merit merit.Merit
	genes []float64 // the point in the unit cube, NaN where inactive
}

// population is those that can be parents, a function of the trials that have
// ended and their order. What has ended since the last request brings it up to
// date.
type population struct {
	size  int
	aging bool

	seen     *study.History
	genome   *vary.Genome
	consumed int // ended trials
	// members is sorted from best to worst; or, if aging, a ring of which
	// oldest is the start once it is full.
	members []member
	oldest  int
}

// update folds in what has ended since the last request. A space that has
// grown begins anew, because the genes have got more.
func (p *population) update(h *study.History) {
	if !h.Continues(p.seen) || h.Space != p.seen.Space {
		p.genome = vary.Of(h.Space)
		p.consumed, p.members, p.oldest = 0, nil, 0
	}
	p.seen = h
	for ; p.consumed < h.EndedLen(); p.consumed++ {
		t := h.Ended(p.consumed)
		if m, ok := merit.Of(t, h.Objectives[0]); ok {
			p.admit(t, m)
		}
	}
}

// admit gives a trial its place, if it has one.
func (p *population) admit(t *study.Trial, m merit.Merit) {
	full := len(p.members) == p.size
	var genes []float64 // of the member that goes
	switch {
	case !full:
	case p.aging:
		genes = p.members[p.oldest].genes
	case m.Compare(p.members[p.size-1].merit) > 0:
		return
	default:
		genes = p.members[p.size-1].genes
	}
	fresh := member{trial: t.Number, merit: m, genes: p.seen.Space.Encode(t.Config, genes)}
	if p.aging {
		if !full {
			p.members = append(p.members, fresh)
			return
		}
		p.members[p.oldest] = fresh
		p.oldest = (p.oldest + 1) % p.size
		return
	}
	if !full {
		p.members = append(p.members, member{})
	}
	// The newer of equals goes first: on a plateau the population drifts
	// instead of staying with whatever came first.
	at := p.place(m, len(p.members)-1)
	copy(p.members[at+1:], p.members[at:])
	p.members[at] = fresh
}

// place returns the first of n sorted members that m is not worse than.
func (p *population) place(m merit.Merit, n int) int {
	lo, hi := 0, n
	for lo < hi {
		if mid := (lo + hi) / 2; m.Compare(p.members[mid].merit) <= 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}
