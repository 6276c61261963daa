package bo

// A configuration that was run again, with another seed, is one point of the
// processes and not several: the mean of its runs, whose noise is that of one
// over their number. With what the runs say of the noise among themselves, the
// likelihood and the predictions are exactly those of a row for every run
// (M. Binois, R. B. Gramacy and M. Ludkovski 2018, see gp.Data), at the cost of
// fewer points. Failed, pruned and infeasible runs are points of their own.
//
// Where every run gave exactly what the first of its configuration gave, the
// program has no noise, and runs after the first say nothing: they do not count.
// What the processes call noise is then what they cannot follow, of which a
// repeat knows nothing; taken for a measurement of it, it would make them
// believe that they can (regret at 50 trials on `wide-dev` 0.407 instead of
// 0.395).

// collect makes the points of b of the given rows, a configuration once, and
// returns the values of all rows that have one.
func (m *model) collect(b *belief, rows []int, value func(i int) (float64, bool)) []float64 {
	b.data.X, b.place, b.errors = b.data.X[:0], b.place[:0], nil
	values := make([]float64, 0, len(rows))
	var at map[int]int // of each head its point
	if len(m.more) > 0 {
		at = make(map[int]int, len(rows))
	}
	points := 0
	for _, i := range rows {
		v, ok := value(i)
		if !ok {
			continue
		}
		if se := b.error(&m.rows[i]); se > 0 && b.errors == nil {
			b.errors = make([]float64, len(values), len(rows))
		}
		if b.errors != nil {
			b.errors = append(b.errors, b.error(&m.rows[i]))
		}
		values = append(values, v)
		if at != nil {
			if k, ok := at[m.head(i)]; ok {
				b.place = append(b.place, k)
				continue
			}
			at[m.head(i)] = points
		}
		b.place = append(b.place, points)
		b.data.X = append(b.data.X, m.row(i)...)
		points++
	}
	return values
}

// fold makes values, one for each row collected, those of the points. Factors
// are those of the noise of each value; nil: 1.
func (b *belief) fold(values, factors []float64) {
	d := &b.data
	d.Factor, d.Spare, d.Squares = nil, 0, 0
	points := len(d.X) / len(d.Kinds)
	if len(values) == points {
		d.Y, d.Factor = values, factors
		return
	}
	// Welford's recurrence, weighted by one over the factors.
	d.Y, d.Factor = make([]float64, points), make([]float64, points)
	first := make([]float64, points)
	for i, v := range values {
		k, w := b.place[i], 1.0
		if factors != nil {
			w = 1 / factors[i]
		}
		if d.Factor[k] == 0 {
			d.Y[k], d.Factor[k], first[k] = v, w, w
			continue
		}
		d.Factor[k] += w // the weights, until they are all here
		off := v - d.Y[k]
		d.Y[k] += float64(w*off) / d.Factor[k]
		d.Squares += float64(w * off * (v - d.Y[k]))
	}
	if d.Squares == 0 {
		d.Factor = first
	} else {
		d.Spare = len(values) - points
	}
	for k, n := range d.Factor {
		d.Factor[k] = 1 / n
	}
}

// repeated reports whether any row from number from on is of a configuration
// that an earlier row has.
func (m *model) repeated(from int) bool {
	for i := from; i < len(m.rows); i++ {
		if m.rows[i].again > 0 {
			return true
		}
	}
	return false
}
