"""Writes golden.json from SciPy, scikit-learn and Vizier, whose versions it names.

pip install scipy scikit-learn attrs; pip install --no-deps google-vizier
python generate.py > golden.json
"""

import importlib.util
import json
import sys
from importlib.metadata import distribution, version
from unittest import mock

import numpy as np
from scipy import optimize, stats
from sklearn.preprocessing import PowerTransformer

# Of what Vizier's module imports, these warpers use numpy and scipy only.
stubs = {name: mock.MagicMock() for name in (
    "equinox", "jax", "jax.numpy", "tensorflow_probability", "tensorflow_probability.substrates", "vizier._src.jax")}
stubs["equinox"].Module = object
path = distribution("google-vizier").locate_file("vizier/_src/algorithms/designers/gp/output_warpers.py")
spec = importlib.util.spec_from_file_location("output_warpers", path)
vizier = importlib.util.module_from_spec(spec)
with mock.patch.dict(sys.modules, stubs):
    spec.loader.exec_module(vizier)

rng = np.random.default_rng(11)


def spread(y):
    m, u = np.median(y), np.unique(y)
    return np.sqrt(np.mean((u[u <= m] - m) ** 2))


def z(g):
    return ((g - g.mean()) / g.std()).tolist()


def on_grid(best, llf, x):
    """The multiple of 1/1024 in [-3, 5] of greatest likelihood."""
    if not -3 < best < 5:
        return np.clip(best, -3, 5)
    k = np.floor(best * 1024)
    return max(k / 1024, (k + 1) / 1024, key=lambda l: llf(l, x))


def power(x, normmax, llf, transform, method):
    best = float(normmax(x))
    assert np.isclose(best, PowerTransformer(method=method).fit(x[:, None]).lambdas_[0])
    return z(transform(x, on_grid(best, llf, x)))


def flipped(warper, y):
    return z(-warper.warp(-y[:, None]).ravel())


def epsilon(y):
    """The shift that makes the logarithm symmetric, by root finding."""
    d = np.sort(y - y.min())
    k = 1 + len(y) // 20
    a, m, b = d[k], np.median(d), d[len(y) - 1 - k]
    f = lambda e: np.log(a + e) + np.log(b + e) - 2 * np.log(m + e)
    lo = 1e-9 * a
    return max(a, optimize.brentq(f, lo, 1e6 * b, xtol=1e-300, rtol=1e-14) if f(lo) < 0 else 0)


sets = {
    "normal": 20 + rng.normal(size=25),
    "lognormal": rng.lognormal(0, 1.2, size=40),
    "reciprocal": 1 / rng.uniform(0.5, 2, size=30),
    "decades": 3 + 10 ** rng.uniform(-6, 0, size=45),
    "nearly repeated best": np.concatenate([[0.5, 0.5 + 1e-13], 0.5 + rng.lognormal(0, 2, size=30)]),
    "ties": np.round(rng.gamma(2, 2, size=36)) + 1,
    "even, few": np.array([0.3, 0.1, 0.9, 0.7, 2.5, 0.2]),
    "odd, few": np.array([5.0, 1.0, 4.0, 1.5, 30.0]),
}
out = {"versions": {p: version(p) for p in ("scipy", "scikit-learn", "google-vizier")}, "sets": []}
for name, y in sets.items():
    x = (y - np.median(y)) / spread(y)
    want = {
        "yeo-johnson": power(x, stats.yeojohnson_normmax, stats.yeojohnson_llf, stats.yeojohnson, "yeo-johnson"),
        "box-cox": power(y / np.median(y), lambda x: stats.boxcox_normmax(x, method="mle"),
                        stats.boxcox_llf, stats.boxcox, "box-cox"),
        "half-rank": flipped(vizier.create_default_warper(log_warp=False), y),
        "half-rank-log": flipped(vizier.create_default_warper(), y),
        "rank": z(stats.norm.ppf((stats.rankdata(y) - 0.5) / len(y))),
    }
    if name in ("decades", "nearly repeated best"):
        want["log"] = z(np.log(y - y.min() + epsilon(y)))
    # Above 3 values are bent, which nobody else does.
    want = {kind: v for kind, v in want.items() if max(v) <= 3}
    out["sets"].append({"name": name, "losses": y.tolist(), "want": want})
json.dump(out, sys.stdout, indent=1)
print()
