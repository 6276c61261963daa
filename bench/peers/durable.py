"""Ask and tell a second through durable storages, afina beside Optuna.

    python durable.py --afina ./afina [--callers 1,8,64] [--seconds 5]

Each storage gets trials of ten float parameters, drawn at random, from one
process: callers are threads. afina is asked over its JSON lines
(`afina serve --stdio --store`), one connection, which is one caller; its own
concurrency is measured by `go test -bench Durable ./store/sqlite ./engine`.
"""

import argparse
import json
import os
import subprocess
import tempfile
import threading
import time

STUDY = """version: 1
objectives: [{metric: loss, goal: minimize}]
parameters:
""" + "".join(f"  x{i}: {{float: [0, 1]}}\n" for i in range(10)) + "search: {algorithm: random, seed: 1}\n"


def optuna_rate(kind, callers, seconds):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            storage = f"sqlite:///{folder}/study.db"
        else:
            backend = optuna.storages.journal.JournalFileBackend(f"{folder}/journal.log")
            storage = optuna.storages.JournalStorage(backend)
        study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=1))
        done = [0] * callers
        until = time.perf_counter() + seconds

        def work(k):
            while time.perf_counter() < until:
                trial = study.ask()
                loss = sum(trial.suggest_float(f"x{i}", 0, 1) for i in range(10))
                study.tell(trial, loss)
                done[k] += 1

        start = time.perf_counter()
        threads = [threading.Thread(target=work, args=(k,)) for k in range(callers)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return sum(done) / (time.perf_counter() - start)


def afina_rate(binary, seconds, durable, parse=True):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "study.yaml")
        with open(path, "w") as f:
            f.write(STUDY)
        command = [binary, "serve", "--stdio", path]
        if durable:
            command += ["--store", os.path.join(folder, "study.db")]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def call(line):
            server.stdin.write(line)
            server.stdin.flush()
            answer = server.stdout.readline()
            return json.loads(answer) if parse else None

        trips = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            start = time.perf_counter()
            if parse:
                trial = call(b'{"op":"ask"}\n')["trials"][0]
                number, loss = trial["number"], sum(trial["params"].values())
            else:
                call(b'{"op":"ask"}\n')
                number, loss = len(trips), 0.5
            call(b'{"op":"tell","number":%d,"values":{"loss":%r}}\n' % (number, loss))
            trips.append(time.perf_counter() - start)
        server.stdin.close()
        server.wait()
        trips.sort()
        return len(trips) / sum(trips), trips[len(trips) // 2]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--afina", required=True)
    p.add_argument("--callers", default="1,8,64")
    p.add_argument("--seconds", type=float, default=5)
    a = p.parse_args()
    for where, durable, parse in (("SQLite, full sync", True, True), ("memory", False, True), ("memory, answers not parsed", False, False)):
        rate, median = afina_rate(a.afina, a.seconds, durable, parse)
        print(f"afina serve --stdio ({where}), 1 caller: {rate:.0f}/s, median {1e6 * median:.0f} us", flush=True)
    for kind in ("sqlite", "journal"):
        for callers in map(int, a.callers.split(",")):
            try:
                print(f"optuna {kind}, {callers} callers: {optuna_rate(kind, callers, a.seconds):.0f}/s", flush=True)
            except Exception as e:
                print(f"optuna {kind}, {callers} callers: failed: {type(e).__name__}", flush=True)


if __name__ == "__main__":
    main()
