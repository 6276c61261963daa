"""Runs other optimizers on the tasks of `bench serve` and writes traces.

    python -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python peers.py --bench ./bench --suite dev --seeds 20 --budget 50 \\
        --peers 'optuna-tpe;hyperopt' --out traces.jsonl

A peer may have settings, which are the optimizer's own:
'pymoo-nsga2:pop_size=20;optuna-tpe:n_startup_trials=5'. Where the tasks need
data, AFINA_BENCH_DATA names its folder. Runs that the file already has are
passed over, so that the same command goes on where it was stopped.
"""

import argparse
import concurrent.futures
import datetime
import json
import multiprocessing
import os
import platform
import sys
import time

# Of many threads none are faster here, and seconds would say nothing. Set
# before anything loads a library that asks for it.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import adapters  # noqa: E402
import task as tasks  # noqa: E402


def parse_peer(text, known=adapters.PEERS):
    """The name and the settings of NAME or NAME:KEY=VALUE,KEY=VALUE."""
    name, _, rest = text.partition(":")
    if name not in known:
        raise ValueError(f"there is no peer {name!r}; there are {', '.join(known)}")
    settings = {}
    for pair in filter(None, rest.split(",")):
        key, equals, word = pair.partition("=")
        if not equals:
            raise ValueError(f"peer {text!r}: {pair!r} is not of the form KEY=VALUE")
        try:
            settings[key] = json.loads(word)
        except json.JSONDecodeError:
            settings[key] = word
    return name, settings


def machine():
    """What seconds depend on; nothing says whose machine it is."""
    model = platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), model)
    except OSError:
        pass  # not Linux: the architecture must do
    return f"{model}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}"


def digits(x):
    """Nine digits are enough for every measure and keep files small."""
    return None if x is None else float(f"{x:.9g}")


# What seconds are counted by: those on the wall, or those that the processor
# worked for this process, which other work on the machine does not lengthen.
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def run(bench, peer, task_name, seed, budget, clock="wall"):
    """One run, as a trace; None where the peer cannot work on the task."""
    name, settings = parse_peer(peer)
    now = CLOCKS[clock]
    with tasks.Task(bench, task_name, seed) as task:
        try:
            optimizer = adapters.make(name, settings, task.space, len(task.objectives), seed, budget)
        except adapters.Unfit:
            return None
        incumbent, truths, seconds = tasks.Incumbent(task), [], []
        for _ in range(budget):
            start = now()
            config = optimizer.ask()
            spent = now() - start
            outcome = task.evaluate(config)
            start = now()
            optimizer.tell(outcome)
            seconds.append(round(spent + now() - start, 5))
            truths.append(digits(incumbent.see(config, outcome)))
    return {
        "peer": peer, "version": adapters.version(name), "task": task_name, "seed": seed, "budget": budget,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(), "machine": machine(),
        "clock": clock,
        "incumbent_true_value": truths, "suggest_seconds": seconds,
    }


def key(trace):
    return trace["peer"], trace["task"], trace["seed"], trace["budget"]


def done(path, key=key):
    """The runs that the file has. A last line that was cut off is dropped."""
    if not os.path.exists(path):
        return set()
    whole, keys = 0, set()
    with open(path, "rb") as f:
        for number, line in enumerate(f, 1):
            if not line.endswith(b"\n"):
                break
            if line.strip():
                try:
                    keys.add(key(json.loads(line)))
                except (ValueError, KeyError, TypeError) as e:
                    raise ValueError(f"{path}: line {number} is no trace: {e!r}") from e
            whole += len(line)
    if whole < os.path.getsize(path):
        os.truncate(path, whole)
    return keys


def carry_out(a, jobs, call, seconds):
    """Makes the runs of jobs, a.jobs at once, and appends their traces to a.out.

    call gives for a job the function with its arguments, seconds for a trace
    what the optimizer took. Returns the exit status: 1 after a run that failed.
    """
    # The children are started afresh: a fork would share what threads hold.
    context = multiprocessing.get_context("spawn")
    with open(a.out, "a") as out, concurrent.futures.ProcessPoolExecutor(a.jobs, mp_context=context) as pool:
        futures = [(j, pool.submit(*call(j))) for j in jobs]
        for n, (j, future) in enumerate(futures, 1):
            try:
                trace = future.result()
            except Exception as e:
                pool.shutdown(cancel_futures=True)
                print(f"{j[0]} on {j[1]}, seed {j[2]}: {type(e).__name__}: {e}", file=sys.stderr)
                return 1
            if trace:
                out.write(json.dumps(trace, separators=(",", ":")) + "\n")
                out.flush()
            note = f"{seconds(trace):.2f} s" if trace else "passed over: it cannot do that"
            print(f"{n}/{len(jobs)} {j[0]} {j[1]} seed {j[2]}: {note}", file=sys.stderr, flush=True)
    return 0


def main(args=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bench", required=True, help="the program built by `go build ./cmd/bench`")
    p.add_argument("--suite", help="run on the tasks of this suite")
    p.add_argument("--tasks", default="", help="and on these, separated by commas")
    p.add_argument("--peers", required=True, help=f"separated by semicolons, or by commas if none has settings: {', '.join(adapters.PEERS)}")
    p.add_argument("--seeds", type=int, default=20, help="seeds 0, 1, …")
    p.add_argument("--budget", type=int, default=50, help="trials of a run")
    p.add_argument("--out", required=True, help="the file that traces are appended to")
    p.add_argument("--clock", choices=CLOCKS, default="wall", help="seconds on the wall, or of the processor where it has other work")
    p.add_argument("--jobs", type=int, default=1, help="runs at once; 1 where seconds are to be trusted")
    a = p.parse_args(args)
    try:
        peers = a.peers.split(";") if ":" in a.peers or ";" in a.peers else a.peers.split(",")
        for peer in peers:
            parse_peer(peer)
        names = [t for t in a.tasks.split(",") if t] + (tasks.suite(a.bench, a.suite) if a.suite else [])
        if not names or a.seeds < 1 or a.budget < 1 or a.jobs < 1:
            raise ValueError("name tasks or a --suite, and positive numbers")
        there = done(a.out)
    except ValueError as e:
        p.error(str(e))
    # Seeds outermost: a run that is stopped early has all tasks and peers.
    jobs = [(peer, name, seed, a.budget) for seed in range(a.seeds) for peer in peers for name in names]
    jobs = [j for j in jobs if j not in there]
    return carry_out(a, jobs, lambda j: (run, a.bench, *j, a.clock), lambda t: sum(t["suggest_seconds"]))


if __name__ == "__main__":
    sys.exit(main())
