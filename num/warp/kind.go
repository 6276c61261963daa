package warp

import "fmt"

// Kind names a map.
type Kind uint8

// The kinds. All but BoxCox do not depend on where losses have their zero,
// and none depends on their unit.
const (
	// Identity only standardises and bends the bad tail.
	Identity Kind = iota
	// Log is ln(y - min y + eps), for losses that come near their best over
	// decades. It applies to five losses or more that lean to the bad side
	// and whose better half spans a factor of ten or more of y - min y + eps.
	// The constant eps comes from the losses and is such that the best is no
	// outlier on the good side.
	Log
	// YeoJohnson is the power transform of Yeo and Johnson, pivoted at the
	// median and in units of the better half's spread, with the exponent of
	// greatest likelihood in [-3, 5]. It takes five distinct losses.
	YeoJohnson
	// BoxCox is the power transform of Box and Cox, with the exponent of
	// greatest likelihood in [-3, 5]. It takes five distinct losses, all
	// above 0 and within 300 decades of one another, and depends on where the
	// zero is.
	BoxCox
	// HalfRank leaves the losses up to the median as they are and lays the
	// distinct ones above it on normal quantiles, scaled by the better half's
	// root mean square distance from the median; it is straight in between.
	// It does not apply where no loss is above the median.
	HalfRank
	// HalfRankLog is HalfRank followed by a mild logarithm, ln(1 + t/2) with
	// t from 0 at the best to 1 at the worst, which spreads the best.
	HalfRankLog
	// Rank lays all losses on normal quantiles of their ranks, ties on that of
	// their mean rank, and is straight in between.
	Rank
)

var kindNames = [...]string{
	"identity", "log", "yeo-johnson", "box-cox", "half-rank", "half-rank-log", "rank",
}

// String returns the kind's name in lower case, as in "half-rank".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}
