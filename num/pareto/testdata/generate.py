"""Writes golden.json from Optuna and pymoo, which the file names with version.

pip install optuna pymoo; python generate.py > golden.json
"""

import json
from importlib.metadata import version

import numpy as np
from optuna._hypervolume import compute_hypervolume
from optuna._hypervolume.hssp import _solve_hssp
from pymoo.indicators.hv import HV
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting
from pymoo.util.ref_dirs import get_reference_directions

rng = np.random.default_rng(7)


def front(n, m):
    p = np.abs(rng.normal(size=(n, m)))
    return 1 - 0.9 * p / np.linalg.norm(p, axis=1, keepdims=True)


def ranks(p):
    out = np.zeros(len(p), int)
    for r, members in enumerate(NonDominatedSorting().do(p)):
        out[members] = r
    return out.tolist()


golden = {
    "optuna": version("optuna"),
    "pymoo": version("pymoo"),
    "volumes": [],
    "subsets": [],
    "crowding": [],
    "ranks": [],
    "directions": [],
}
for m, sizes in {2: (1, 5, 60), 3: (1, 5, 60), 4: (5, 30), 5: (5, 25), 7: (12,)}.items():
    for n in sizes:
        for p in (front(n, m), np.round(rng.random((n, m)) * 1.2, 1)):
            ref = np.full(m, 1.1)
            inside = p[(p < ref).all(axis=1)]
            golden["volumes"].append({
                "points": p.tolist(),
                "reference": ref.tolist(),
                "optuna": float(compute_hypervolume(inside, ref)) if len(inside) else 0.0,
                "pymoo": float(HV(ref_point=ref)(p)),
            })
for m, n, k in [(2, 20, 5), (2, 40, 12), (3, 20, 6), (3, 40, 10), (4, 15, 5)]:
    p, ref = front(n, m), np.full(m, 1.1)
    chosen = _solve_hssp(p, np.arange(n), k, ref)
    golden["subsets"].append({
        "points": p.tolist(),
        "reference": ref.tolist(),
        "indices": [int(i) for i in chosen],
        "volume": float(compute_hypervolume(p[chosen], ref)),
    })
for m, n in [(2, 12), (3, 15), (5, 20)]:
    p = front(n, m)
    d = calc_crowding_distance(p, filter_out_duplicates=False)
    # pymoo divides by the number of objectives.
    golden["crowding"].append({
        "points": p.tolist(),
        "distance": [None if np.isinf(x) else float(x * m) for x in d],
    })
for m, n in [(2, 50), (3, 50), (4, 60)]:
    p = np.round(rng.random((n, m)), 1)
    golden["ranks"].append({"points": p.tolist(), "ranks": ranks(p)})
for m, h in [(2, 5), (3, 4), (4, 3), (5, 2)]:
    d = get_reference_directions("das-dennis", m, n_partitions=h)
    d = d[np.lexsort(d.T[::-1])]
    golden["directions"].append({"divisions": h, "points": d.tolist()})
print(json.dumps(golden))
