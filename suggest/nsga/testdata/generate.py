"""Writes golden.json from Optuna and pymoo, which the file names with version.

pip install optuna pymoo; python generate.py > golden.json
"""

import json
from importlib.metadata import version

import numpy as np
from optuna.samplers.nsgaii import BLXAlphaCrossover, SBXCrossover, SPXCrossover, UNDXCrossover
from pymoo.algorithms.moo.nsga3 import (
    associate_to_niches,
    get_extreme_points_c,
    get_nadir_point,
)
from pymoo.operators.crossover.pcx import pcx
from pymoo.operators.mutation.pm import mut_pm
from pymoo.util.ref_dirs import get_reference_directions


class Script:
    """A source of random numbers that says what it is told."""

    def __init__(self, *values):
        self.values = list(values)

    def rand(self, *shape):
        x = self.values.pop(0)
        return np.full(shape, x) if shape else x

    def random(self, shape):
        return np.full(shape, self.values.pop(0))


unit = lambda n: np.tile([0.0, 1.0], (n, 1))
golden = {"optuna": version("optuna"), "pymoo": version("pymoo")}

golden["sbx"] = []
for a, b in [(0.2, 0.7), (0.9, 0.05), (0.0, 0.4), (0.5, 1.0), (0.499, 0.501)]:
    for eta in (0.5, 2, 20):
        for u in (0.0, 0.1, 0.45, 0.5, 0.7, 0.99):
            children = [
                float(SBXCrossover(eta=eta).crossover(
                    np.array([[a], [b]]), Script(u, 0.0, 0.9, last), None, unit(1))[0])
                for last in (0.0, 0.9)
            ]
            golden["sbx"].append([a, b, eta, u, *children])

golden["polynomial"] = []
for x in (0.0, 0.03, 0.5, 0.81, 1.0):
    for eta in (1, 20, 100):
        for u in (0.0, 0.2, 0.5, 0.75, 0.999):
            y = mut_pm(np.array([[x]]), np.zeros(1), np.ones(1), np.array([float(eta)]),
                       np.array([1.0]), False, random_state=Script(0.0, u))
            golden["polynomial"].append([x, eta, u, float(y[0, 0])])

# Moments of the crossovers that have no quantile.
rng = np.random.RandomState(3)
parents = np.array([[0.3, 0.5, 0.6, 0.4], [0.5, 0.4, 0.5, 0.6], [0.6, 0.7, 0.3, 0.5]])
draws = 400_000


def moments(xs):
    xs = np.asarray(xs)
    return {"mean": xs.mean(axis=0).tolist(), "covariance": np.cov(xs.T).tolist()}


# Optuna squares its sigmas and takes the squares for standard deviations.
undx = UNDXCrossover(sigma_xi=np.sqrt(0.5), sigma_eta=np.sqrt(0.35 / 2))
spx = SPXCrossover(epsilon=2.0)
blx = BLXAlphaCrossover(alpha=0.5)
golden["moments"] = {
    "parents": parents.tolist(),
    "undx": moments([undx.crossover(parents, rng, None, unit(4)) for _ in range(draws // 4)]),
    "spx": moments([spx.crossover(parents, rng, None, unit(4)) for _ in range(draws // 4)]),
    "pcx": moments(pcx(np.repeat(parents[:, None, :], draws, axis=1), np.full((draws, 1), 0.1),
                       np.full((draws, 1), 0.1), 0, random_state=np.random.default_rng(4))),
    "blx": moments([blx.crossover(parents[:2], rng, None, unit(4)) for _ in range(draws // 4)]),
}

golden["niches"] = []
gen = np.random.default_rng(5)
for m, divisions, axes in [(2, 9, 0.4), (3, 5, 0.5), (5, 3, 0.7), (3, 4, 0.0)]:
    # A cloud, and a point on each axis, which are the extreme ones; without
    # them the hyperplane is some other or none.
    f = gen.random((30, m)) + 0.01
    if axes:
        f = np.concatenate([np.eye(m) * (axes + 0.3 * gen.random(m)), f])
    f = (f - f.min(axis=0)) / (f.max(axis=0) - f.min(axis=0))
    directions = get_reference_directions("das-dennis", m, n_partitions=divisions)
    ideal, worst = np.zeros(m), np.ones(m)
    nadir = get_nadir_point(get_extreme_points_c(f, ideal), ideal, worst, f.max(axis=0), worst)
    niche, distance, _ = associate_to_niches(f, directions, ideal, nadir.copy())
    golden["niches"].append({
        "points": f.tolist(), "directions": directions.tolist(), "intercepts": nadir.tolist(),
        "niche": niche.tolist(), "distance": distance.tolist(),
    })
print(json.dumps(golden))
