package cmaes

// model is the whole search distribution of one run: Gaussian with margin
// beside categorical.
type model struct {
	gauss  *gaussian
	margin *margin
	cat    *categorical
}

// tell updates the model with a generation: lambda results, best first. It
// changes their coordinates.
func (m *model) tell(points []*member) {
	if m.gauss.n > 0 {
		m.margin.centre(m.gauss, points)
		m.gauss.update(points)
		m.margin.correct(m.gauss, points)
	}
	m.cat.update(points, m.gauss.weights[:m.gauss.mu])
}
