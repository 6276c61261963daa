// Package forest is a random forest for regression on mixed data: numbers,
// categories, and values that are missing because they do not apply.
//
// It knows nothing of tuning, draws no global random numbers, and is neither a
// classifier nor a boosting library. L. Breiman, "Random forests", Machine
// Learning 45, 5–32, 2001; P. Geurts, D. Ernst, L. Wehenkel, "Extremely
// randomized trees", Machine Learning 63, 3–42, 2006, for the random splits;
// F. Hutter, L. Xu, H. Hoos, K. Leyton-Brown, "Algorithm runtime prediction:
// methods & evaluation", Artificial Intelligence 206, 79–111, 2014, section
// 4.3, for the predicted variance and the thresholds.
//
// The one idea: order every column once, for all trees and all fits, and let
// each node split the ordered lists of its parent stably. Then no node sorts,
// the best threshold of a column is found in one pass over a contiguous list,
// and a fit costs rows × columns × depth steps and, from the second on, hardly
// an allocation: the nodes of all trees lie in one arena.
//
//	d := forest.NewData([]forest.Feature{{}, {Levels: 3}})
//	d.Append([]float64{0.2, 1})
//	…
//	var f forest.Forest
//	f.Fit(d, y, forest.Options{Trees: 10, MinSplit: 2, MinLeaf: 1, Bootstrap: true, Seed: 1})
//	mean, variance := f.Predict([]float64{0.3, 2})
//
// # Missing values
//
// NaN is a value of its own. A node that splits a column of numbers sends the
// rows without one to whichever side fits better, and may split off just them;
// in a column of categories NaN is one more category. What a node has not seen
// (a category, or NaN) goes to a side that a coin decided when the node was
// made: trees then disagree about it, and the predicted variance says so.
//
// # Determinism
//
// A fit is a function of the rows in their order, y and the options. Products
// are rounded before they are added, so that compilers cannot fuse the two and
// every platform grows the same trees.
package forest
