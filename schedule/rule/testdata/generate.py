"""Writes golden.json: p-values of scipy.stats.wilcoxon and decisions of
Optuna's pruners.

    python generate.py        (scipy 1.17.1, optuna 5.0.0, numpy)
"""

import json
import math
import pathlib
import warnings

import numpy as np
import optuna
from scipy import stats

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
rng = np.random.default_rng(7)
out = {"wilcoxon": [], "decisions": []}


def tail(d, method):
    return float(stats.wilcoxon(d, alternative="greater", zero_method="zsplit", method=method).pvalue)


def plain(xs):
    return [float(x) for x in xs]


# Without ties and zeros the distribution is exact; with them all signs are
# tried; beyond 50 differences the normal distribution is used.
for n in (1, 2, 3, 5, 8, 13, 20, 25, 26, 40, 50):
    for shift in (-0.5, 0.0, 0.4, 1.0):
        d = rng.normal(shift, 1, n)
        out["wilcoxon"].append({"d": plain(d), "p": tail(d, "exact")})
for n in (2, 4, 7, 10, 13, 15):
    for shift in (0, 1):
        d = rng.integers(-2 + shift, 4, n).astype(float)
        if not d.any():
            continue
        out["wilcoxon"].append({"d": plain(d), "p": tail(d, stats.PermutationMethod(n_resamples=math.inf))})
for n in (51, 80, 200):
    for shift in (0.0, 0.3):
        d = rng.normal(shift, 1, n)
        out["wilcoxon"].append({"d": plain(d), "p": tail(d, "asymptotic")})
        d = rng.integers(-2, 4, n).astype(float)
        out["wilcoxon"].append({"d": plain(d), "p": tail(d, "asymptotic")})


def decide(pruner, direction, others, ys):
    study = optuna.create_study(direction=direction, pruner=pruner)
    for o in others:
        study.add_trial(optuna.trial.create_trial(
            value=float(np.mean(o)), intermediate_values={i + 1: y for i, y in enumerate(o)}))
    trial = study.ask()
    for i, y in enumerate(ys):
        trial.report(y, i + 1)
    return bool(trial.should_prune())


def case(kind, settings, pruner, direction, others, ys):
    out["decisions"].append({
        "kind": kind, "settings": settings, "direction": direction,
        "others": [plain(o) for o in others], "ys": [y if math.isfinite(y) else repr(y) for y in plain(ys)],
        "prune": decide(pruner, direction, others, ys)})


for i in range(60):
    direction = ("minimize", "maximize")[i % 2]
    sign = (1, -1)[i % 2]
    folds = int(rng.integers(3, 11))
    others = [sign * np.round(rng.normal(0.5, 0.3, folds), 2) for _ in range(4)]
    ys = sign * np.round(rng.normal(0.5 + 0.3 * rng.random(), 0.3, int(rng.integers(1, folds + 1))), 2)
    p, m = float(rng.choice([0.05, 0.1, 0.2])), int(rng.integers(2, 5))
    case("wilcoxon", {"p": p, "min_steps": m}, optuna.pruners.WilcoxonPruner(p_threshold=p, n_startup_steps=m), direction, others, ys)

    ys = sign * (1 + np.round(rng.normal(0, 0.2, int(rng.integers(1, 12))), 2))
    n, delta = int(rng.integers(0, 5)), float(rng.choice([0, 0.05, 0.1]))
    case("patience", {"reports": n, "min_delta": delta}, optuna.pruners.PatientPruner(None, n, delta), direction, [], ys)

    ys = rng.normal(0, 1, 3)
    if i % 7 == 0:
        ys[-1] = (math.nan, math.inf, -math.inf)[i // 7 % 3]
    w = int(rng.integers(0, 5))
    case("threshold", {"lower": -1.0, "upper": 1.0, "warmup": w},
         optuna.pruners.ThresholdPruner(lower=-1, upper=1, n_warmup_steps=w), direction, [], ys)

path = pathlib.Path(__file__).with_name("golden.json")
path.write_text(json.dumps(out, indent=None, separators=(",", ":")).replace('{"', '\n{"') + "\n")
