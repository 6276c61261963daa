// Package foresight says what trials that were trained for a while would end at.
//
// It knows no configurations and no parameters. The steps at which trials are
// compared, the rungs, are a factor apart ([Steps]). From the trials that have
// been on two neighbouring rungs it learns a line, how far off the line is, and
// how well the order on the lower rung agrees with that on the higher one. A
// trial is carried up along the lines from where it stands.
//
// The one idea: what an early step is worth is not known beforehand and is
// different in every study, but trials that went on tell. Until they do, a
// belief stands in for them that counts like a few trials.
//
//	m := foresight.New(h, foresight.Steps(*h.Fidelity, 3))
//	best := m.Best()
//
// # Details
//
// The worse half of the losses on a rung is compressed: by how much bad trials
// are bad tells nothing of the good ones. The slope of a line is shrunk towards
// the one that the agreement of the ranks lets expect. Trials that went on were
// chosen by their losses, and among the chosen the order agrees less than among
// all; the agreement is corrected for that by R. L. Thorndike's case 2
// ("Personnel selection", 1949). To trust a rung by how well it ranks is the
// idea of Y. Li et al., "Hyper-Tune: towards efficient hyper-parameter tuning at
// scale", VLDB 2022, who have a weight for each rung and no lines.
//
// What the package says is a function of the history. A [Model] does not change
// and is safe for concurrent use.
package foresight
