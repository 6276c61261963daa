package qmc

// golden is 2^64 divided by the golden ratio, made odd: the step of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the output function of SplitMix64 (G. L. Steele, D. Lea and C. H.
// Flood, OOPSLA 2014, with the constants of D. Stafford's variant 13). It is a
// bijection.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// dimensionKey returns the key that scrambles dimension j under seed. The seed
// is mixed first, so that neighbouring seeds do not share keys one dimension
// apart.
func dimensionKey(seed uint64, j int) uint64 {
	return mix(mix(seed+golden) + uint64(j)*golden)
}

// treeDepth is the number of leading digits that get a flip of their own at
// every node of the digit tree. It is a multiple of six, the levels that one
// hash serves.
const treeDepth = 24

// scramble is a nested uniform scrambling of the digits of x, a fraction of
// 2^64: whether a binary digit is flipped depends on the key and on the digits
// before it, and on nothing else. Hence it is a bijection that carries every
// elementary interval onto one of the same size, which keeps the net.
//
// The flips are bits of a hash. A subtree six levels deep has 63 inner nodes,
// so one 64-bit hash of its root's path holds a bit for each of them, taken
// here in heap order: the node reached by the digits d of the subtree's first l
// levels is bit 2^l + d. After treeDepth digits a single hash flips all that
// remain. That step is still nested, but nodes of one level below the same
// path share a flip; it takes more than 2^treeDepth points to put two of them
// into one such cell.
func scramble(x, key uint64) uint64 {
	var y uint64
	for done := 0; done < treeDepth; done += 6 {
		// The leading one tells paths of different lengths apart.
		path := 1<<done | x>>(64-done)
		h := mix(key + path*golden)
		d := x << done >> 58
		flip := h >> 1 & 1 << 5
		flip |= h >> (2 | d>>5) & 1 << 4
		flip |= h >> (4 | d>>4) & 1 << 3
		flip |= h >> (8 | d>>3) & 1 << 2
		flip |= h >> (16 | d>>2) & 1 << 1
		flip |= h >> (32 | d>>1) & 1
		y = y<<6 | (d ^ flip)
	}
	path := 1<<treeDepth | x>>(64-treeDepth)
	h := mix(key + path*golden)
	return y<<(64-treeDepth) | (x^h)<<treeDepth>>treeDepth
}
