"""Writes golden.json with the package cmaes: the points of several runs with
their values, and the state of the optimizer after every tenth generation."""
import json
import numpy as np
import cmaes


def rotation(n, seed):
    q, _ = np.linalg.qr(np.random.RandomState(seed).randn(n, n))
    return q


def ellipsoid(n, seed):
    q, s = rotation(n, seed), 10.0 ** (3 * np.arange(n) / (n - 1))
    return lambda x: float(np.sum(s * (q @ (x - 0.4)) ** 2))


def rastrigin(x):
    return float(10 * len(x) + np.sum(x * x - 10 * np.cos(2 * np.pi * x)))


def state(o, sep=False):
    c = o._C if not sep else np.diag(o._C)
    return {"generation": o.generation, "mean": o._mean.tolist(), "sigma": float(o._sigma),
            "c": c.ravel().tolist(), "ps": o._p_sigma.tolist(), "pc": o._pc.tolist()}


def run(name, o, f, generations, sep=False):
    n = o.dim
    case = {"name": name, "n": n, "lambda": o.population_size, "separable": sep,
            "adapt": bool(getattr(o, "_lr_adapt", False)), "mean": o._mean.tolist(),
            "sigma": float(o._sigma), "points": [], "values": [], "states": []}
    rng = np.random.RandomState(99)
    draws = []
    plain = o._rng.randn
    class Recorder:
        def randn(self, k):
            z = rng.randn(k)
            draws.append(z.tolist())
            return z
    o._rng = Recorder()
    for g in range(generations):
        told = []
        for _ in range(o.population_size):
            x = o.ask()
            v = f(x)
            case["points"].append(x.tolist())
            case["values"].append(v)
            told.append((x, v))
        if g == 0:
            case["draws"] = draws[:]
        o.tell(told)
        if (g + 1) % 10 == 0:
            case["states"].append(state(o, sep))
    return case


def mixed(name, f, generations, x=0, z=(), c=(), seed=3):
    kw = {}
    if x:
        kw["x_space"] = [[-np.inf, np.inf]] * x
    if z:
        kw["z_space"] = [list(r) for r in z]
    if c:
        kw["c_space"] = list(c)
    n = x + len(z)
    if n:
        kw["mean"], kw["sigma"], kw["cov"] = np.full(n, 0.6), 0.5, np.eye(n)
    o = cmaes.CatCMAwM(seed=seed, **kw)
    case = {"name": name, "continuous": x, "grids": [list(map(float, r)) for r in z],
            "choices": list(c), "lambda": o.population_size, "points": [], "cats": [],
            "values": [], "states": []}
    if n:
        case["mean"], case["sigma"] = o._mean.tolist(), o._sigma
    for g in range(generations):
        told = []
        for _ in range(o.population_size):
            s = o.ask()
            v = f(s)
            case["points"].append([] if s._v_raw is None else s._v_raw.tolist())
            case["cats"].append([] if s.c is None else [int(np.argmax(r)) for r in s.c])
            case["values"].append(v)
            told.append((s, v))
        o.tell(told)
        if (g + 1) % 10 == 0:
            st = {"generation": o.generation}
            if n:
                o._eigen_decomposition()
                st.update({"mean": o._mean.tolist(), "sigma": float(o._sigma),
                           "c": o._C.ravel().tolist(), "scale": o._A.tolist()})
            if z:
                st["rate"] = o._pmut.tolist()
            if c:
                st["q"] = [o._q[i, :k].tolist() for i, k in enumerate(c)]
            case["states"].append(st)
    return case


def weird(s):
    """No ties: a continuous part is always in it, or a tie-breaking hash."""
    v = 0.0
    if s.x is not None:
        v += float(np.sum((s.x - 1) ** 2) + 3 * s.x[0] * s.x[-1])
    if s.z is not None:
        v += float(np.sum((s.z - 2.2) ** 2 * (1 + np.arange(len(s.z)))))
    if s.c is not None:
        v += float(sum((1 + 0.37 * i) * abs(int(np.argmax(r)) - 1) for i, r in enumerate(s.c)))
    if s.x is None and s._v_raw is not None:
        v += 1e-3 * float(np.sum(np.sin(s._v_raw * 7)))
    if s._v_raw is None:
        weird.n += 1
        v += 1e-6 * weird.n % 1e-3
    return v


weird.n = 0
ints = [list(range(-3, 6)), list(range(-3, 6)), list(range(-3, 6))]
warm_points = [[.1, .2, .3], [-.2, .4, .1], [.5, -.3, .2], [.3, .3, -.6], [-.7, .1, .2], [.9, .8, -.1]]
warm = cmaes.get_warm_start_mgd([(np.array(p), float(np.dot(p, p))) for p in warm_points], gamma=0.5)
out = {
    "cmaes": cmaes.__version__, "numpy": np.__version__,
    "gaussian": [
        run("full, 5", cmaes.CMA(np.full(5, 3.0), 1.3), ellipsoid(5, 1), 40),
        run("full, 10, 24 points", cmaes.CMA(np.zeros(10), 0.7, population_size=24), ellipsoid(10, 2), 20),
        run("learning rates adapted, 4", cmaes.CMA(np.full(4, 3.0), 2.0, lr_adapt=True), rastrigin, 40),
        run("separable, 8", cmaes.SepCMA(np.zeros(8), 0.7), ellipsoid(8, 4), 30, sep=True),
    ],
    "mixed": [
        mixed("ints and floats", weird, 30, x=2, z=ints),
        mixed("ints", weird, 30, z=ints),
        mixed("choices", weird, 30, c=[3, 4, 2]),
        mixed("everything", weird, 40, x=3, z=ints[:2], c=[3, 5]),
    ],
    "warm": {"points": warm_points, "mean": warm[0].tolist(), "sigma": warm[1], "cov": warm[2].ravel().tolist()},
}
json.dump(out, open("golden.json", "w"))
