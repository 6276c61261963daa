//go:build !amd64 || purego

package gp

func distances(dst, z, x, over []float64, numeric int) {
	distancesGo(dst, z, x, over, numeric)
}

func materns(k, e []float64, s2, mean float64) {
	maternsGo(k, e, s2, mean)
}

func moments(first, second, h, z, x []float64, numeric int) {
	momentsGo(first, second, h, z, x, numeric)
}
