"""Seconds of ask and tell in one process, afina beside Rustuna and Optuna.

    python speed.py --afina ./afina

afina is driven over its JSON lines (`afina serve --stdio`, in memory) from
this process, so its figures hold the conversation too; the others are called
directly. The objective costs nothing. Each line is printed when it is done.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time


def afina(binary, algorithm, params, objectives, trials, way="tell and ask", batch=50):
    """Milliseconds of each trial; way is how the conversation goes:
    "ask, tell": two lines a trial; "tell and ask": one; "batch": so many asked
    for at once, and all of them told in one write."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "study.yaml")
        with open(path, "w") as f:
            f.write("version: 1\nobjectives:\n")
            f.writelines(f"  - {{metric: f{k}, goal: minimize}}\n" for k in range(objectives))
            f.write("parameters:\n")
            f.writelines(f"  x{i}: {{float: [0, 1]}}\n" for i in range(params))
            f.write(f"search: {{algorithm: {algorithm}, seed: 1}}\n")
        server = subprocess.Popen([binary, "serve", "--stdio", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def call(line):
            server.stdin.write(line)
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        def tell(trial, **more):
            values = objective(list(trial["params"].values()), objectives)
            told = {f"f{k}": v for k, v in enumerate(values)}
            return json.dumps({"op": "tell", "number": trial["number"], "values": told, **more}).encode() + b"\n"

        times = []
        next_trial = None
        while len(times) < trials:
            start = time.perf_counter()
            done = 1
            if way == "ask, tell":
                call(tell(call(b'{"op":"ask"}\n')["trials"][0]))
            elif way == "tell and ask":
                line = tell(next_trial, ask=1) if next_trial else b'{"op":"ask"}\n'
                next_trial = call(line)["trials"][0]
            else:
                got = call(b'{"op":"ask","n":%d}\n' % batch)["trials"]
                done = len(got)
                server.stdin.write(b"".join(map(tell, got)))
                server.stdin.flush()
                for _ in got:
                    if b"error" in server.stdout.readline():
                        raise RuntimeError("a result was refused")
            times += [1e3 * (time.perf_counter() - start) / done] * done
        server.stdin.close()
        server.wait()
        return times


def conversation(params, objectives, trials):
    """Milliseconds a trial that Python needs for its half of the conversation
    alone, with nobody at the other end: reading a line and writing one."""
    trial = {"number": 1000, "params": {f"x{i}": 0.1234567890123456 for i in range(params)}, "seed": 1 << 60, "resume_step": 0}
    answer = json.dumps({"ok": True, "trials": [trial], "state": "running"}, separators=(",", ":")).encode()
    times = []
    for _ in range(trials):
        start = time.perf_counter()
        got = json.loads(answer)["trials"][0]
        values = objective(list(got["params"].values()), objectives)
        told = {f"f{k}": v for k, v in enumerate(values)}
        json.dumps({"op": "tell", "number": got["number"], "values": told, "ask": 1}).encode()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def objective(x, objectives):
    first = sum((v - 0.3) ** 2 for v in x)
    return [first, sum((v - 0.7) ** 2 for v in x)][:objectives]


def package(module, sampler, params, objectives, trials):
    if module == "rustuna":
        import rustuna as library
    else:
        import optuna as library

        library.logging.set_verbosity(library.logging.ERROR)
    study = library.create_study(directions=["minimize"] * objectives, sampler=getattr(library.samplers, sampler)(seed=1))
    times = []
    for _ in range(trials):
        start = time.perf_counter()
        trial = study.ask()
        x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(params)]
        values = objective(x, objectives)
        which = trial.number if module == "rustuna" else trial
        study.tell(which, values if objectives > 1 else values[0])
        times.append(1e3 * (time.perf_counter() - start))
    return times


def gaussian_process(params, past, asks=5):
    """Milliseconds of a suggestion by Optuna's GPSampler after so many trials
    that are given to it; every suggestion becomes a trial."""
    import random

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=1))
    names = [f"x{i}" for i in range(params)]
    space = {n: optuna.distributions.FloatDistribution(0, 1) for n in names}
    draw = random.Random(1)
    for _ in range(past):
        x = {n: draw.random() for n in names}
        study.add_trial(optuna.trial.create_trial(params=x, distributions=space, value=objective(list(x.values()), 1)[0]))
    times = []
    for _ in range(asks):
        start = time.perf_counter()
        trial = study.ask()
        x = [trial.suggest_float(n, 0, 1) for n in names]
        study.tell(trial, objective(x, 1)[0])
        times.append(1e3 * (time.perf_counter() - start))
    return times


def show(what, times):
    last = times[-max(1, len(times) // 10) :]
    print(f"{what}: mean {statistics.fmean(times):.3f} ms, median {statistics.median(times):.3f}, last tenth {statistics.fmean(last):.3f}", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--afina", required=True)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--gp", action="store_true", help="only Optuna's Gaussian process, which needs PyTorch")
    a = p.parse_args()
    if a.gp:
        for past in (50, 200, 1000):
            show(f"GP, 10 parameters, after {past} trials, Optuna", gaussian_process(10, past))
        return
    for params in (10, 40):
        for objectives in (1, 2):
            show(f"{params} parameters, {objectives} objectives: Python's half of the conversation", conversation(params, objectives, 10_000))
    for round in range(a.rounds):
        for params, trials in ((40, 1000), (10, 10_000)):
            for way in ("ask, tell", "tell and ask"):
                show(f"TPE, {params} parameters, {trials} trials, afina, {way}", afina(a.afina, "tpe", params, 1, trials, way))
            show(f"TPE, {params} parameters, {trials} trials, Rustuna", package("rustuna", "TPESampler", params, 1, trials))
        if round == 0:
            show("TPE, 40 parameters, 200 trials, Optuna", package("optuna", "TPESampler", 40, 1, 200))
        for name, ours, theirs, objectives in (("CMA-ES", "cmaes", "CmaEsSampler", 1), ("NSGA-II", "nsga2", "NSGAIISampler", 2)):
            for params in (10, 40):
                for way in ("ask, tell", "tell and ask", "batch"):
                    show(f"{name}, {params} parameters, 10000 trials, afina, {way}", afina(a.afina, ours, params, objectives, 10_000, way))
                show(f"{name}, {params} parameters, 10000 trials, Rustuna", package("rustuna", theirs, params, objectives, 10_000))


if __name__ == "__main__":
    main()
