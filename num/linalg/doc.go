// Package linalg is the dense linear algebra that afina's search methods
// need: the eigenvalues and eigenvectors of a symmetric matrix, the factors of
// Cholesky and QR, and products of matrices with vectors, all on slices of
// float64 in row-major order.
//
// It is not a general library: there is no general matrix type, no complex number and
// no blocking for matrices that do not fit a cache. The one idea: every
// routine works in memory that the caller holds, so that a method which
// decomposes the same matrix thousands of times allocates once.
//
// Every product is converted to float64 before it is added to something. That
// keeps compilers from fusing the two, which would give other last digits on
// some platforms, and a study could not be replayed there. [Triangle], whose
// time matters most, has vector instructions for amd64 with AVX2 and the same
// sums in Go, which the build tag purego chooses; both give the same bits.
package linalg
