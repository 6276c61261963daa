// Package multi is test problems of several objectives, as pure functions, and
// the hypervolume by which results are judged: ZDT (Zitzler, Deb and Thiele
// 2000), DTLZ (Deb, Thiele, Laumanns and Zitzler 2005) and WFG (Huband,
// Hingston, Barone and While 2006).
//
// All objectives are minimized. A [Function] knows its bounds, evaluates a
// point, and can sample its true front, so that the best possible hypervolume
// is known; a [Front] collects points. Search spaces are made of them in
// package problem.
package multi
