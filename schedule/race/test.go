package race

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/schedule/rule"
)

// student returns the one-sided p-value of the paired t-test for differences
// whose mean is above 0, drawn without replacement from all that there are.
func student(differences []float64, all int) float64 {
	n := float64(len(differences))
	m := mean(differences)
	s := 0.0
	for _, d := range differences {
		s += float64((d - m) * (d - m))
	}
	s /= n - 1
	if s <= 1e-24*m*m {
		return math.Ldexp(1, -len(differences))
	}
	return special.StudentTail(m/math.Sqrt(s/n*(1-n/float64(all))), n-1)
}

// signs returns the one-sided p-value of Wilcoxon's signed-rank test.
func signs(differences []float64) float64 { return rule.SignedRank(differences) }

// friedman returns how improbable it is that the first of some trials, a row of
// losses for each, ranks so far behind the second when all rank alike: the
// larger p-value of the test that they do (Friedman's, by the F distribution of
// Iman and Davenport 1980) and of Conover's comparison of the two.
func friedman(rows [][]float64) float64 {
	k, m := len(rows), len(rows[0])
	if k < 3 {
		d := make([]float64, m)
		for i := range d {
			d[i] = rows[0][i] - rows[1][i]
		}
		return signs(d)
	}
	sums := make([]float64, k) // of ranks
	squares := 0.0
	order := make([]int, k)
	for i := range m {
		for j := range order {
			order[j] = j
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rows[a][i], rows[b][i]) })
		for a := 0; a < k; {
			b := a
			for b < k && rows[order[b]][i] == rows[order[a]][i] {
				b++
			}
			rank := float64(a+1+b) / 2 // the mean of equals
			for ; a < b; a++ {
				sums[order[a]] += rank
				squares += rank * rank
			}
		}
	}
	if sums[0] <= sums[1] {
		return 1
	}
	fk, fm := float64(k), float64(m)
	spread, between := 0.0, 0.0
	for _, s := range sums {
		d := s - fm*(fk+1)/2
		between += d * d
		spread += s * s
	}
	within := squares - fm*fk*(fk+1)*(fk+1)/4
	if within <= 0 {
		return 1 // all are equal everywhere
	}
	chi := (fk - 1) * between / within
	df := (fm - 1) * (fk - 1)
	left := fm*(fk-1) - chi
	if left <= 1e-9*fm*fk { // every sample orders all trials alike: the probability is exact
		p := 1.0
		for i := 2; i <= k; i++ {
			p /= math.Pow(float64(i), fm-1)
		}
		return p
	}
	all := special.FTail((fm-1)*chi/left, fk-1, df)
	se := math.Sqrt(2 * (fm*squares - spread) / df)
	return max(all, special.StudentTail((sums[0]-sums[1])/se, df))
}
