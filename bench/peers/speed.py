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


def afina(binary, algorithm, params, objectives, trials):
    """Milliseconds of each trial."""
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

        times = []
        for _ in range(trials):
            start = time.perf_counter()
            trial = call(b'{"op":"ask"}\n')["trials"][0]
            values = objective(list(trial["params"].values()), objectives)
            told = {f"f{k}": v for k, v in enumerate(values)}
            call(json.dumps({"op": "tell", "number": trial["number"], "values": told}).encode() + b"\n")
            times.append(1e3 * (time.perf_counter() - start))
        server.stdin.close()
        server.wait()
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


def show(what, times):
    last = times[-max(1, len(times) // 10) :]
    print(f"{what}: mean {statistics.fmean(times):.3f} ms, median {statistics.median(times):.3f}, last tenth {statistics.fmean(last):.3f}", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--afina", required=True)
    p.add_argument("--rounds", type=int, default=2)
    a = p.parse_args()
    for round in range(a.rounds):
        for params, trials in ((40, 1000), (10, 10_000)):
            show(f"TPE, {params} parameters, {trials} trials, afina", afina(a.afina, "tpe", params, 1, trials))
            show(f"TPE, {params} parameters, {trials} trials, Rustuna", package("rustuna", "TPESampler", params, 1, trials))
        if round == 0:
            show("TPE, 40 parameters, 200 trials, Optuna", package("optuna", "TPESampler", 40, 1, 200))
        for name, ours, theirs, objectives in (("CMA-ES", "cmaes", "CmaEsSampler", 1), ("NSGA-II", "nsga2", "NSGAIISampler", 2)):
            for params in (10, 40):
                show(f"{name}, {params} parameters, 10000 trials, afina", afina(a.afina, ours, params, objectives, 10_000))
                show(f"{name}, {params} parameters, 10000 trials, Rustuna", package("rustuna", theirs, params, objectives, 10_000))


if __name__ == "__main__":
    main()
