// Package qmc makes quasi-random points: scrambled Sobol sequences in the unit
// cube, which fill space far more evenly than independent random draws.
//
// It is not a random number generator and not a sampler of configurations: it
// knows only coordinates in [0,1), and what they mean is up to the caller.
//
// The one idea: point i is a pure function of (seed, i). There is no state to
// advance, store or lock; workers that agree on the seed and on who takes which
// index need to agree on nothing else, and no point needs the ones before it.
//
//	s, err := qmc.NewSobol(5, seed)
//	if err != nil { … }
//	buf := make([]float64, s.Dim())
//	for i := range uint64(1024) {
//		x := s.Point(i, buf) // x[0], …, x[4] in [0,1)
//	}
//
// # Using the points well
//
// Every aligned run of 2^k points, from index a·2^k to (a+1)·2^k−1, is
// balanced: each coordinate puts exactly one point in each of the 2^k equal
// intervals. So start at 0, use 2^k points where the number is free, and drop
// none: skipping the first point or taking every n-th one breaks the balance.
// With scrambling, the first point is an ordinary point, not the origin.
//
// # Construction
//
// Direction numbers are the set new-joe-kuo-6 of S. Joe and F. Y. Kuo,
// "Constructing Sobol sequences with better two-dimensional projections", SIAM
// J. Sci. Comput. 30(5), 2635–2654, 2008; their licence is in the file
// LICENSE-joe-kuo beside this one. They are carried to 64 bits, and points
// come in Gray code order, as in the paper of I. A. Antonov and V. M. Saleev
// (1979) and in SciPy.
//
// Scrambling is the nested uniform scrambling of A. B. Owen ("Randomly permuted
// (t,m,s)-nets and (t,s)-sequences", 1995), with a hash in place of stored
// permutations as in S. Laine and T. Karras, "Stratified sampling for
// stochastic transparency" (2011), and B. Burley, "Practical hash-based Owen
// scrambling", JCGT 9(4), 2020. Their multiply-xor hash is not used, because
// its flips are not independent: with the constants of 2011 some pairs of
// flips are strongly correlated, and with N. Vegdahl's better ones (2021) some
// products of four flips are constant. Here every node of the first 24 levels
// of the digit tree looks up its own bit of a 64-bit mix, which shows none of
// that and takes about 20 ns a coordinate.
package qmc
