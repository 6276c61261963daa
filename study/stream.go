package study

import (
	"hash/fnv"
	"math/rand/v2"
)

// Purposes of random streams. Two purposes never share numbers, so that one
// part of afina can draw more without changing what another part draws.
const (
	PurposeSuggest = "suggest" // the suggester's own draws
	PurposeFill    = "fill"    // parameters left out of a configuration given by hand
	PurposeTrial   = "trial"   // the seed handed to the training program
	PurposeBackoff = "backoff" // jitter of retries
)

// Stream returns the random numbers of one purpose for one trial of a study.
// It is a pure function of its arguments: whoever asks, in whatever order, on
// whatever platform, gets the same numbers. The generator is PCG-DXSM seeded
// by two rounds of SplitMix64 (Steele, Lea, Flood 2014) over the seed, the
// number and the FNV-1a hash of the purpose.
func Stream(seed uint64, number int, purpose string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose)) // never fails
	a := mix(seed ^ mix(uint64(number)+0x9e3779b97f4a7c15))
	b := mix(a ^ h.Sum64())
	return rand.New(rand.NewPCG(a, b))
}

// TrialSeed returns the seed that the training program of a trial gets, below
// 2^31 so that every language can hold it. Attempts share it.
func TrialSeed(seed uint64, number int) int64 {
	return int64(Stream(seed, number, PurposeTrial).Uint64() >> 33)
}

// mix is the finaliser of SplitMix64.
func mix(z uint64) uint64 {
	z ^= z >> 30
	z *= 0xbf58476d1ce4e5b9
	z ^= z >> 27
	z *= 0x94d049bb133111eb
	z ^= z >> 31
	return z
}
