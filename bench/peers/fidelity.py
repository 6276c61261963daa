"""Runs multi-fidelity optimizers on the tasks of `bench serve` by steps of
training, and writes traces that `bench compare` reads beside afina's.

    python fidelity.py --bench ./bench --suite mf-dev --seeds 5 --budget 20 \\
        --peers 'optuna-hyperband;dehb;syne-asha' --out traces/mf-dev.jsonl

The rules are those of `bench run -fidelity`: a virtual clock on which every
step of training takes the same, a budget of whole trainings that all workers
share, a report after every step, trainings that go on from their checkpoint
unless --restart, and as incumbent the configuration whose report is the best
at the largest step that any has reached. Runs that the file already has are
passed over.

    schedulers.py has the optimizers; nothing here knows one.
"""

import argparse
import datetime
import math
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import peers  # noqa: E402
import schedulers  # noqa: E402
import task as tasks  # noqa: E402

# How many incumbents a trace has: one at each hundredth of the budget.
MARKS = 100

RESTART = " restart"


def notches(fidelity):
    """The steps at which programs report: the multiples of the least, and the
    last."""
    low, high = fidelity["min"], fidelity["max"]
    count = math.ceil(high / low - 1e-9)
    return [min(k * low, high) for k in range(1, count)] + [high]


class Training:
    """One configuration, and how far it has been trained."""

    def __init__(self, number, config):
        self.number, self.config = number, config
        self.values = []  # at the notches from 1 on; None: it crashed there

    @property
    def reached(self):
        return len(self.values)


class Attempt:
    """A training on a worker, up to a notch."""

    def __init__(self, key, training, begin, until, clock):
        self.key, self.training, self.at, self.until, self.due = key, training, begin, until, clock


class Run:
    """One run of a scheduler on a virtual clock.

    The scheduler is asked for an order when a worker is free, (key, config,
    until): train what it calls key, new with that configuration or to be
    resumed, up to that notch. None means to wait for a report. It is told of
    every report, says "go", "pause" or "stop" to it, and hears of the end of
    each order.
    """

    def __init__(self, scheduler, evaluate, truth, steps, budget, workers=1, restart=False, now=time.perf_counter):
        self.scheduler, self.evaluate, self.truth, self.steps = scheduler, evaluate, truth, steps
        self.budget, self.workers, self.restart, self.now = budget * steps[-1], workers, restart, now
        self.trainings, self.running = {}, []
        self.clock = self.paid = self.spent = 0.0
        self.pending = 0.0  # seconds since the last order that was given
        self.seconds, self.values, self.decisions = [], [], []
        self.best = None  # notch, value, configuration
        self.known = (None, None)  # the configuration whose truth is known

    def timed(self, call, *args):
        start = self.now()
        answer = call(*args)
        took = self.now() - start
        self.spent += took
        self.pending += took
        return answer

    def go(self):
        while self.paid < self.budget * (1 - 1e-12):
            while len(self.running) < self.workers and self.fill():
                pass
            if not self.running:
                break  # it has nothing more to do
            self.step()
        self.mark(self.budget)  # a run that ended early keeps its last

    def fill(self):
        order = self.timed(self.scheduler.order)
        if order is None:
            return False
        self.seconds.append(round(self.pending, 6))
        self.pending = 0.0
        key, config, until = order
        training = self.trainings.get(key)
        if training is None:
            training = self.trainings[key] = Training(len(self.trainings), config)
        if not 1 <= until <= len(self.steps):
            raise ValueError(f"{key} is to be trained up to notch {until} of {len(self.steps)}")
        if any(a.key == key for a in self.running):
            raise ValueError(f"{key} is to be trained twice at once")
        begin = 0 if self.restart else min(training.reached, until)
        if begin == until:  # all is known already, and costs nothing
            self.timed(self.scheduler.ended, key, until, training.values[until - 1])
            return True
        self.running.append(Attempt(key, training, begin, until, self.clock))
        self.plan(self.running[-1])
        return True

    def cost(self, notch):
        """Of the step that ends at the notch."""
        return self.steps[notch - 1] - (self.steps[notch - 2] if notch > 1 else 0)

    def plan(self, attempt):
        attempt.due += self.cost(attempt.at + 1)

    def step(self):
        a = min(self.running, key=lambda a: (a.due, a.training.number))
        a.at += 1
        self.clock = a.due
        self.paid += self.cost(a.at)
        t = a.training
        again = a.at <= t.reached
        if not again:
            t.values.append(self.evaluate(t.config, self.steps[a.at - 1], t.number))
        value = t.values[a.at - 1]
        self.mark(self.paid - 1e-9 * self.budget)  # that was before this report
        if value is not None and (self.best is None or a.at > self.best[0] or a.at == self.best[0] and value < self.best[1]):
            self.best = (a.at, value, t.config)
        self.mark(self.paid)
        verdict = "go"
        if value is None:
            verdict = "stop"
        elif not again or self.scheduler.hears_again:
            verdict = self.timed(self.scheduler.report, a.key, a.at, value)
        if verdict == "go" and a.at < a.until:
            self.plan(a)
            return
        self.running.remove(a)
        self.timed(self.scheduler.ended, a.key, a.at, value)

    def mark(self, paid):
        """Notes the incumbent at all hundredths of the budget up to paid."""
        while len(self.values) < MARKS and paid >= self.budget * (len(self.values) + 1) / MARKS * (1 - 1e-12):
            config = self.best and self.best[2]
            if config is not self.known[0]:
                self.known = (config, self.truth(config))
            self.values.append(self.known[1] if config else None)
            self.decisions.append(round(self.spent, 6))


def run(bench, peer, task_name, seed, budget, workers=1, restart=False, clock="wall"):
    """One run, as a trace; None where the peer cannot work on the task, or
    nothing would be resumed and restarting means nothing."""
    name, settings = schedulers.parse(peer)
    now = peers.CLOCKS[clock]
    with tasks.Task(bench, task_name, seed) as task:
        steps = notches(task.fidelity)

        def evaluate(config, step, number):
            outcome = task.evaluate(config, fidelity=step, trial=number)
            return outcome.values[0] if outcome.feasible else None

        def truth(config):
            true = task.evaluate(config, op="true")
            return peers.digits(true.values[0]) if true.feasible else None

        try:
            made = schedulers.make(name, settings, task.space, len(steps), seed, workers)
        except schedulers.Unfit:
            return None
        if restart and not made.resumes:
            return None
        r = Run(made, evaluate, truth, steps, budget, workers, restart, now)
        r.go()
    trace = {
        "peer": peer + (RESTART if restart else ""), "version": schedulers.version(name), "task": task_name,
        "seed": seed, "budget": budget, "fidelity": True,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(), "machine": peers.machine(),
        "clock": clock, "incumbent_true_value": r.values, "decision_seconds": r.decisions,
        "suggest_seconds": r.seconds,
    }
    if workers > 1:
        trace["parallel"] = workers
    return trace


def key(trace):
    return trace["peer"], trace["task"], trace["seed"], trace["budget"], trace.get("parallel", 1)


def main(args=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bench", required=True, help="the program built by `go build ./cmd/bench`")
    p.add_argument("--suite", help="run on the tasks of this suite")
    p.add_argument("--tasks", default="", help="and on these, separated by commas")
    p.add_argument("--peers", required=True, help=f"separated by semicolons: {', '.join(schedulers.PEERS)}")
    p.add_argument("--seeds", type=int, default=5, help="seeds 0, 1, …")
    p.add_argument("--budget", type=int, default=20, help="whole trainings that a run may cost")
    p.add_argument("--workers", type=int, default=1, help="on the virtual clock")
    p.add_argument("--restart", action="store_true", help="what is resumed begins again, and pays again")
    p.add_argument("--out", required=True, help="the file that traces are appended to")
    p.add_argument("--clock", choices=peers.CLOCKS, default="wall", help="seconds on the wall, or of the processor where it has other work")
    p.add_argument("--jobs", type=int, default=1, help="runs at once; 1 where seconds are to be trusted")
    a = p.parse_args(args)
    try:
        for peer in a.peers.split(";"):
            schedulers.parse(peer)
        names = [t for t in a.tasks.split(",") if t] + (tasks.suite(a.bench, a.suite) if a.suite else [])
        if not names or min(a.seeds, a.budget, a.workers, a.jobs) < 1:
            raise ValueError("name tasks or a --suite, and positive numbers")
        there = peers.done(a.out, key)
    except ValueError as e:
        p.error(str(e))
    suffix = RESTART if a.restart else ""
    jobs = [(peer, name, seed, a.budget) for seed in range(a.seeds) for peer in a.peers.split(";") for name in names]
    jobs = [j for j in jobs if (j[0] + suffix, *j[1:], a.workers) not in there]
    return peers.carry_out(
        a, jobs, lambda j: (run, a.bench, *j, a.workers, a.restart, a.clock), lambda t: t["decision_seconds"][-1])


if __name__ == "__main__":
    sys.exit(main())
