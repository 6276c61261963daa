"""Writes golden.json: what scikit-learn's GaussianProcessRegressor says, and
tables of the kernel and the warp by mpmath, scikit-learn and scipy.

Nominal columns are given to it as one-hot columns over the square root of 2
times their length scale, warped ones as 1 - (1 - x^a)^b, and effects as columns
of their own, the polynomials of Legendre, under a linear kernel. Likelihood and
prediction of every case are computed once more with mpmath at 50 digits, from
the formula alone; the script stops where the two differ.
"""
import json

import mpmath as mp
import numpy as np
import scipy
import sklearn
from numpy.polynomial import legendre
from scipy import special, stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    ConstantKernel as Constant, DotProduct, Kernel, Matern, WhiteKernel as White)

JITTER = 1e-10
mp.mp.dps = 50


def explicit(case, x):
    """Columns whose Euclidean distance is that of the case."""
    columns, scales = [], []
    for j, kind in enumerate(case["kinds"]):
        c = x[:, j]
        if kind == 0:
            if j in case["warped"]:
                k = len(case["kinds"]) + 2 + 2 * case["warped"].index(j)
                a, b = np.exp(case["theta"][k:k + 2])
                c = 1 - (1 - c ** a) ** b
            columns.append(c)
            scales.append(np.exp(case["theta"][j]))
        else:
            for level in range(4):
                columns.append((c == level) / np.sqrt(2))
                scales.append(np.exp(case["theta"][j]))
    return np.stack(columns, 1), np.array(scales)


def features(case, x):
    """Columns whose products are the covariances of the effects."""
    u = 2 * x[:, case["effects"]] - 1
    c = len(case["effects"]) * (1 / 3 + 1 / 5)
    return np.hstack([legendre.legval(u, p) for p in ([0, 1], [0, 0, 1])]) / np.sqrt(c)


class Part(Kernel):
    """A kernel of some of the columns."""

    def __init__(self, kernel, start, stop):
        self.kernel, self.start, self.stop = kernel, start, stop

    def __call__(self, X, Y=None, eval_gradient=False):
        cut = lambda x: None if x is None else x[:, self.start:self.stop]
        return self.kernel(cut(X), cut(Y))

    def diag(self, X):
        return self.kernel.diag(X[:, self.start:self.stop])

    def is_stationary(self):
        return self.kernel.is_stationary()


def regressor(case, noise):
    _, scales = explicit(case, np.array(case["x"]))
    d = len(case["kinds"])
    s2, k = np.exp(case["theta"][d]), len(scales)
    kernel = Constant(s2) * Matern(scales, nu=2.5) + Constant(case["mean_variance"])
    if case["effects"]:
        share = special.expit(case["theta"][-1])
        kernel = (Constant(s2 * (1 - share)) * Part(Matern(scales, nu=2.5), 0, k)
                  + Constant(s2 * share) * Part(DotProduct(0), k, None) + Constant(case["mean_variance"]))
        s2 *= 1 - share
    return GaussianProcessRegressor(kernel, alpha=noise + s2 * JITTER, optimizer=None)


def by_mpmath(case, noise, at):
    """Likelihood, and mean and variance at one point."""
    d = len(case["kinds"])
    theta = [mp.mpf(t) for t in case["theta"]]
    s2, v = mp.exp(theta[d]), mp.mpf(case["mean_variance"])
    single = mp.mpf(0)
    if case["effects"]:
        share = 1 / (1 + mp.exp(-theta[-1]))
        single, s2 = s2 * share, s2 * (1 - share)

    def bend(j, x):
        if j not in case["warped"]:
            return mp.mpf(x)
        k = d + 2 + 2 * case["warped"].index(j)
        return 1 - (1 - mp.mpf(x) ** mp.exp(theta[k])) ** mp.exp(theta[k + 1])

    def cov(p, q):
        r2 = mp.mpf(0)
        for j, kind in enumerate(case["kinds"]):
            delta = bend(j, p[j]) - bend(j, q[j]) if kind == 0 else mp.mpf(p[j] != q[j])
            r2 += delta ** 2 / mp.exp(2 * theta[j])
        r = mp.sqrt(5 * r2)
        e = mp.mpf(0)
        for j in case["effects"]:
            e += sum(mp.legendre(i, 2 * mp.mpf(p[j]) - 1) * mp.legendre(i, 2 * mp.mpf(q[j]) - 1) for i in (1, 2))
        e /= max(len(case["effects"]), 1) * (mp.mpf(1) / 3 + mp.mpf(1) / 5)
        return s2 * (1 + r + r * r / 3) * mp.exp(-r) + v + single * e

    x, y = case["x"], mp.matrix(case["y"])
    n = len(x)
    k = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            k[i, j] = cov(x[i], x[j])
        k[i, i] += mp.mpf(float(noise[i])) + s2 * mp.mpf(JITTER)
    c = mp.matrix([cov(at, p) for p in x])
    alpha, beta = mp.lu_solve(k, y), mp.lu_solve(k, c)
    lml = -(y.T * alpha)[0] / 2 - mp.log(mp.det(k)) / 2 - n * mp.log(2 * mp.pi) / 2
    return lml, (c.T * alpha)[0], cov(at, at) - (c.T * beta)[0]


def believed(kinds, warped, effects, theta):
    """Minus the logarithm of the default prior's density over its mode's."""
    length = np.sqrt(2) + np.log(len(kinds)) / 2 - 2.3
    means = [length + (np.log(2) / 2 if k else 0) for k in kinds] + [0, -6]
    sds = [np.sqrt(3)] * len(kinds) + [0.6, 2]
    means, sds = means + [0, 0] * len(warped), sds + [0.25, 0.25] * len(warped)
    if effects:
        means, sds = means + [0], sds + [2]
    return float(np.sum(stats.norm.logpdf(means, means, sds) - stats.norm.logpdf(theta, means, sds)))


def matern_table():
    """Squared distance, correlation and its derivative."""
    table = []
    for r2 in [0.0, 1e-12, 1e-4, 0.03, 0.5, 1.0, 2.7, 10.0, 123.0, 4e3, 9e4]:
        f = lambda t: (1 + mp.sqrt(5 * t) + 5 * t / 3) * mp.exp(-mp.sqrt(5 * t))
        k = f(mp.mpf(r2))
        slope = mp.diff(f, r2) if r2 > 1e-10 else mp.mpf(-5) / 6 * (1 + mp.sqrt(5 * mp.mpf(r2))) * mp.exp(-mp.sqrt(5 * mp.mpf(r2)))
        near(Matern(1.0, nu=2.5)(np.array([[0.0]]), np.array([[np.sqrt(r2)]]))[0, 0], k)
        table.append([r2, float(k), float(slope)])
    return table


def warp_table():
    """x, a, b, the warp, and its derivatives by x, ln a and ln b."""
    table = []
    for x in [1e-6, 0.01, 0.2, 0.5, 0.77, 0.999]:
        for a, b in [(1, 1), (0.3, 2.5), (2.2, 0.4), (4.9, 4.8), (0.21, 0.22)]:
            f = lambda x, s, t: 1 - (1 - x ** mp.exp(s)) ** mp.exp(t)
            at = mp.mpf(x), mp.log(mp.mpf(a)), mp.log(mp.mpf(b))
            # x^a has the beta distribution with 1 and b.
            near(stats.beta.cdf(x ** a, 1, b), f(*at))
            table.append([x, a, b, float(f(*at))] + [
                float(mp.diff(f, at, order)) for order in [(1, 0, 0), (0, 1, 0), (0, 0, 1)]])
    return table


def near(a, b):
    assert abs(a - float(b)) < 1e-9 * max(1, abs(a)), (a, b)


def case(name, seed, n, kinds, warped, lengths, s2, noise, bends, mean, factor, effects=(), share=()):
    r = np.random.default_rng(seed)
    x = np.stack([r.random(n) if k == 0 else r.integers(0, 4, n) for k in kinds], 1)
    at = np.stack([r.random(5) if k == 0 else r.integers(0, 4, 5) for k in kinds], 1)
    y = np.sin(4 * x[:, 0]) + x[:, -1] / 4 + 0.1 * r.standard_normal(n)
    y = (y - y.mean()) / y.std()
    f = 1 / r.integers(1, 4, n) if factor else np.ones(n)
    c = {
        "name": name, "kinds": kinds, "warped": warped, "effects": list(effects),
        "theta": list(np.log(lengths)) + [np.log(s2), np.log(noise)] + list(np.log(bends)) + list(special.logit(share)),
        "mean_variance": mean, "factor": f.tolist() if factor else None,
        "x": x.tolist(), "y": y.tolist(), "at": at.tolist(),
    }
    z, za = (np.hstack([explicit(c, p)[0], features(c, p)]) if effects else explicit(c, p)[0] for p in (x, at))
    g = regressor(c, noise * f).fit(z, y)
    m, cov = g.predict(za, return_cov=True)
    c["belief"] = believed(kinds, warped, effects, c["theta"])
    lml = g.log_marginal_likelihood_value_
    c["mean"], c["cov"], c["lml"] = m.tolist(), cov.tolist(), lml
    for p in range(len(at)):
        exact = by_mpmath(c, noise * f, at[p].tolist())
        near(lml, exact[0])
        near(m[p], exact[1])
        near(cov[p, p], exact[2])
    c["left_mean"], c["left_variance"] = [], []
    for i in range(n):
        rest = np.arange(n) != i
        h = regressor(c, (noise * f)[rest]).fit(z[rest], y[rest])
        m, s = h.predict(z[i:i + 1], return_std=True)
        c["left_mean"].append(m[0])
        c["left_variance"].append(s[0] ** 2 + noise * f[i])
    if not factor and not any(kinds) and not warped and not effects:
        kernel = Constant(s2) * Matern(lengths, nu=2.5) + White(noise) + Constant(mean)
        h = GaussianProcessRegressor(kernel, alpha=s2 * JITTER, optimizer=None).fit(z, y)
        _, grad = h.log_marginal_likelihood(kernel.theta, eval_gradient=True)
        # s², the lengths, σ², v: ours are the lengths, s², σ².
        c["gradient"] = list(grad[1:-2]) + [grad[0], grad[-2]]
    return c


cases = [
    case("numeric", 1, 14, [0, 0, 0], [], [0.5, 1.5, 4.0], 1.3, 0.02, [], 1.0, False),
    case("one column", 2, 9, [0], [], [0.3], 0.8, 1e-4, [], 0.5, False),
    case("no constant", 3, 7, [0, 0], [], [0.3, 0.6], 1.0, 0.1, [], 1e-9, True),
    case("nominal", 4, 13, [0, 1, 1], [], [0.7, 0.9, 2.0], 1.1, 0.01, [], 1.0, True),
    case("warped", 5, 12, [0, 0], [1], [0.4, 0.6], 0.9, 0.05, [1.7, 0.6], 1.0, False),
    case("everything", 6, 17, [1, 0, 0, 1, 0, 0], [1, 4], [1.0, 0.5, 2.0, 0.8, 0.6, 9.0],
         1.5, 0.003, [0.5, 1.4, 2.2, 0.9], 1.0, True),
    case("effects", 7, 12, [0, 0, 0], [], [0.5, 1.5, 4.0], 1.2, 0.02, [], 1.0, False, [0, 1, 2], [0.4]),
    case("everything with effects", 8, 15, [1, 0, 0, 0], [1], [1.0, 0.5, 2.0, 0.6],
         1.5, 0.003, [0.5, 1.4], 1.0, True, [1, 3], [0.9]),
]
with open("golden.json", "w") as f:
    json.dump({
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__,
                     "scipy": scipy.__version__, "mpmath": mp.__version__},
        "cases": cases, "matern": matern_table(), "warp": warp_table(),
    }, f, separators=(",", ":"))
    f.write("\n")
