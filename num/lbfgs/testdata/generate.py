"""Writes golden.json: minima found by scipy.optimize's L-BFGS-B."""
import json

import numpy as np
import scipy
from scipy.optimize import minimize, rosen, rosen_der


def solve(name, f, g, x, lo, hi, **more):
    r = minimize(f, x, jac=g, method="L-BFGS-B", bounds=list(zip(lo, hi)),
                 options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000, "maxfun": 20000})
    return {"name": name, "start": list(x), "lo": list(lo), "hi": list(hi),
            "x": r.x.tolist(), "value": float(r.fun), **more}


cases = []
for n in [2, 5, 10]:
    cases.append(solve(f"rosenbrock {n}", rosen, rosen_der, np.full(n, -1.2),
                       np.full(n, -5.0), np.full(n, 5.0)))
    cases.append(solve(f"rosenbrock {n} bounded", rosen, rosen_der, np.full(n, 0.3),
                       np.full(n, -0.5), np.full(n, 0.7)))
for n in [3, 8, 20]:
    r = np.random.default_rng(n)
    m = r.standard_normal((n, n))
    a = m @ m.T + 0.1 * np.eye(n)
    b = 3 * r.standard_normal(n)
    cases.append(solve(f"quadratic {n}", lambda x: x @ a @ x / 2 - b @ x,
                       lambda x: a @ x - b, np.zeros(n), np.full(n, -0.4), np.full(n, 0.5),
                       a=a.ravel().tolist(), b=b.tolist()))
with open("golden.json", "w") as f:
    json.dump({"versions": {"scipy": scipy.__version__, "numpy": np.__version__},
               "cases": cases}, f, separators=(",", ":"))
    f.write("\n")
