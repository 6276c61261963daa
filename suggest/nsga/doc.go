// Package nsga is two genetic algorithms for several objectives, NSGA-II and
// NSGA-III: a population of good configurations that are recombined and
// mutated, and of which the best survive.
//
// They are the choice for cheap trials in large numbers, several hundreds at
// least, when the wanted result is the whole front of compromises: NSGA-II
// keeps it spread for two or three objectives, NSGA-III for four and more. With
// fewer trials a model-based method gets further. One objective is accepted,
// and makes both an ordinary genetic algorithm.
//
// The one idea of this implementation: generations are read from the history,
// never stored. Results are taken in the order in which trials ended. The first
// so-many make the first generation, and whenever as many more have come,
// survivors are selected among them and the parents. A result counts whoever
// proposed its trial and however late it comes, so any number of workers may
// ask at any time, nobody waits for the end of a generation, and a restart
// rebuilds the same population. A proposal costs a few operations a parameter,
// and selection a share that depends on the population alone, however long the
// history is.
//
// # What counts
//
// A complete trial with finite values is a member. Outcome constraints go
// before objectives, as in the papers: who violates none beats who does, among
// violators the smaller sum of violations wins. A pruned trial has been judged:
// it counts towards the end of a generation and is never a parent. Trials that
// failed, were refused or cancelled say nothing and do not count. Open trials
// are not waited for; their children differ because each trial has its own
// random numbers. Until the first generation is full, and while there are too
// few parents, configurations are drawn from the prior.
//
// # Genes
//
// A configuration is its point in the unit cube. Numbers and ordered choices
// are crossed and mutated as coordinates, other choices are inherited from one
// of the parents and mutated to another of their values. In a conditional space
// a gene that only some parents have is inherited from them; one that none has
// is drawn from the prior, and counts only if the child's other genes make it
// active. A child that violates a constraint of the space is first drawn
// halfway to its parent, a few times, then made anew. One that equals a parent
// is mutated in one more gene, because evaluating a copy says nothing new.
//
// # Sources and departures
//
// NSGA-II: K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, IEEE TEC 6(2), 2002.
// Departure: what does not fit of the last front is dropped one by one, with
// crowding measured anew each time (S. Kukkonen and K. Deb, CEC 2006), because
// dropping all at once removes whole clusters.
//
// NSGA-III: K. Deb and H. Jain, IEEE TEC 18(4), 2014. Departures: objectives are
// first scaled to the range of the members at hand, so that neither units nor
// huge values decide which points are extreme; intercepts beyond the worst
// member are cut to it, and where the hyperplane is degenerate the worst values
// of the first front serve, as in pymoo.
//
// Crossovers, with the equations in their code: SBX and polynomial mutation,
// bounded (K. Deb and R. B. Agrawal, Complex Systems 9, 1995; Deb's code of
// NSGA-II), BLX-α (L. Eshelman and J. Schaffer, FOGA 2, 1993), UNDX (I. Ono and
// S. Kobayashi, ICGA 1997), SPX (S. Tsutsui, M. Yamamura and T. Higuchi, GECCO
// 1999), PCX (K. Deb, A. Anand and D. Joshi, Evolutionary Computation 10(4),
// 2002). Departure: what leaves the bounds is mirrored at them, so that no
// value is favoured for being on the edge; and a step of a discrete parameter
// that rounds back to where it was goes to the neighbour instead.
package nsga
