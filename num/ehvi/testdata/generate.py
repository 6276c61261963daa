"""Writes golden.json, whose entries name how they were computed.

pip install mpmath numpy; python generate.py > golden.json

"quadrature" is the definition: the improvement of a point by inclusion and
exclusion over the front, times the normal density, integrated by Gauss and
Legendre over pieces that end where the improvement has a kink. Absolute error
about 1e-12.

"grid" exchanges expectation and volume: the improvement is the integral, over
what the front leaves open, of the probability that the point lies below, a
product of normal distribution functions. These are integrated by mpmath over
the cells of the grid through all points, at 50 digits, so that tails and
derivatives (by central differences of 1e-15) are exact to more digits than a
float has.
"""

import itertools
import json

import mpmath as mp
import numpy as np

mp.mp.dps = 50
rng = np.random.default_rng(11)


def front(n, m):
    p = np.abs(rng.normal(size=(n, m)))
    return np.round(1 - 0.9 * p / np.linalg.norm(p, axis=1, keepdims=True), 3).tolist()


def nodes(kinks, mean, sd):
    """Points and weights of an integral against a normal density."""
    low, high = mean - 9 * sd, mean + 9 * sd
    cuts = sorted({low, high, *np.arange(low, high, 1.5 * sd), *[k for k in kinks if low < k < high]})
    x, w = np.polynomial.legendre.leggauss(14)
    xs, ws = [], []
    for a, b in itertools.pairwise(cuts):
        t = (a + b) / 2 + (b - a) / 2 * x
        xs.append(t)
        ws.append((b - a) / 2 * w * np.exp(-((t - mean) / sd) ** 2 / 2) / (sd * np.sqrt(2 * np.pi)))
    xs, ws = np.concatenate(xs), np.concatenate(ws)
    inside = xs < max(kinks)  # beyond the reference nothing counts
    return xs[inside], ws[inside]


def quadrature(points, reference, mean, sd):
    m = len(reference)
    grids = [nodes([p[j] for p in points] + [reference[j]], mean[j], sd[j]) for j in range(m)]
    shape = [1] * m
    ys, w = [], 1.0
    for j, (x, g) in enumerate(grids):
        s = shape.copy()
        s[j] = len(x)
        ys.append(x.reshape(s))
        w = w * g.reshape(s)
    improvement = np.zeros(np.shape(w))
    for k in range(len(points) + 1):
        for chosen in itertools.combinations(points, k):
            v = (-1.0) ** k
            for j in range(m):
                corner = max([p[j] for p in chosen], default=-np.inf)
                v = v * np.maximum(0, reference[j] - np.maximum(ys[j], corner))
            improvement += v
    return float(np.log(np.sum(w * improvement)))


def below(z):
    """The integral of the normal distribution function up to z."""
    if z > 0:
        return z + below(-z)
    # In units of its end, because mpmath stops at an absolute error.
    unit, scale = mp.ncdf(z), 1 - z
    whole = mp.quad(lambda v: mp.ncdf(z - v / scale) / unit, [0, 1, 4, 16, 64, 256])
    return whole * unit / scale


def cells(points, reference):
    """The open cells of the grid, each as its index along every objective."""
    m = len(reference)
    cuts = [sorted({p[j] for p in points if p[j] < reference[j]} | {reference[j]}) for j in range(m)]
    opened = []
    for at in itertools.product(*[range(len(c)) for c in cuts]):
        low = [cuts[j][k - 1] if k else -mp.inf for j, k in enumerate(at)]
        if not any(all(p[j] <= low[j] for j in range(m)) for p in points):
            opened.append(at)
    return cuts, opened


def grid(points, reference, mean, sd):
    cuts, opened = cells(points, reference)

    def sides(j, mu, s):
        # A difference is of the order of its larger term, or next to it; 50
        # digits leave enough.
        psi = [s * below((mp.mpf(c) - mu) / s) for c in cuts[j]]
        return [b - a for a, b in zip([mp.mpf(0)] + psi, psi)]

    def total(parts):
        return mp.fsum(mp.fprod(parts[j][k] for j, k in enumerate(at)) for at in opened)

    m = len(reference)
    mean, sd = [mp.mpf(x) for x in mean], [mp.mpf(x) for x in sd]
    parts = [sides(j, mean[j], sd[j]) for j in range(m)]
    value = total(parts)
    h = mp.mpf(10) ** -15
    gm, gs = [], []
    for j in range(m):
        swap = lambda s: parts[:j] + [s] + parts[j + 1:]
        slope = lambda a, b: (total(swap(a)) - total(swap(b))) / (2 * h) / value
        gm.append(slope(sides(j, mean[j] + h, sd[j]), sides(j, mean[j] - h, sd[j])))
        gs.append(slope(sides(j, mean[j], sd[j] + h), sides(j, mean[j], sd[j] - h)))
    return float(mp.log(value)), [float(g) for g in gm], [float(g) for g in gs]


out = []


def case(name, points, reference, mean, sd, direct=False):
    value, gm, gs = grid(points, reference, mean, sd)
    c = dict(name=name, points=points, reference=reference, mean=mean, sd=sd, grid=value, gradMean=gm, gradSD=gs)
    if direct:
        c["quadrature"] = quadrature(points, reference, mean, sd)
    out.append(c)


two, three, four = front(6, 2), front(4, 3), front(4, 4)
close = [[0.3, 0.7], [0.30000001, 0.69999999], [0.31, 0.5], [0.7, 0.3]]
ties = [[1, 3, 2], [2, 1, 3], [3, 2, 1], [1, 2, 3], [2, 2, 2]]
one = lambda m: [1.0] * m

case("one objective", [[0.4], [0.9]], [1.0], [0.5], [0.3])
case("one objective, far", [[0.4], [0.9]], [1.0], [12.4], [0.3])
case("no point", [], one(2), [0.2, 1.4], [0.5, 0.3], True)
case("two, among", two, one(2), [0.5, 0.4], [0.2, 0.3], True)
case("two, ahead", two, one(2), [-0.5, 0.1], [0.1, 0.2], True)
case("two, behind", two, one(2), [1.1, 0.9], [0.4, 0.3], True)
case("two, sure", two, one(2), [0.5, 0.3], [1e-4, 2e-5])
case("two, unsure", two, one(2), [0.5, 0.3], [50.0, 1000.0])
case("two, beyond the reference in one", two, one(2), [0.2, 2.0], [0.1, 0.1])
case("two, 40 sd behind", two, one(2), [5.0, 4.5], [0.1, 0.1])
case("two, 40 sd behind in one, ahead in the other", two, one(2), [5.0, -3.0], [0.1, 0.1])
case("two, 1000 sd behind", two, one(2), [11.0, 10.5], [0.01, 0.01])
case("two, 100 sd behind in a notch", two, one(2), [0.9, 0.9], [0.005, 0.005])
case("two, close points", close, one(2), [0.3, 0.6], [0.05, 0.1])
case("two, far behind close points", close, one(2), [2.3, 2.6], [0.05, 0.05])
case("two, points beyond the reference", two + [[0.0, 1.5], [2.0, -1.0]], one(2), [0.5, 0.4], [0.2, 0.3])
case("three, among", three, one(3), [0.5, 0.4, 0.6], [0.2, 0.3, 0.25], True)
case("three, behind", three, one(3), [0.9, 1.0, 0.8], [0.2, 0.1, 0.25], True)
case("three, ties", ties, [4.0] * 3, [2.0, 1.5, 2.5], [0.5, 1.0, 0.7])
case("three, 40 sd behind", three, one(3), [5.0, 4.6, 4.8], [0.1, 0.1, 0.1])
case("three, of unequal scales", [[a, 1e6 * b, 1e-6 * c] for a, b, c in three], [1.0, 1e6, 1e-6],
     [0.6, 3e5, 8e-7], [0.1, 2e5, 1e-7])
case("four, among", four, one(4), [0.5, 0.4, 0.6, 0.3], [0.2, 0.3, 0.25, 0.2])
case("four, 40 sd behind", four, one(4), [5.0, 4.6, 4.8, 5.2], [0.1, 0.1, 0.1, 0.1])

print(json.dumps(dict(source=f"mpmath {mp.__version__}, numpy {np.__version__}", cases=out), indent=1))
