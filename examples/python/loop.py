#!/usr/bin/env python3
"""Tunes the network of train.py in a loop of its own.

Where the program cannot be a command with arguments (it holds a model in
memory, it talks to a robot), it asks afina for settings and tells it what they
gave. Tuner is all that this takes: a process and JSON lines, from the standard
library. Copy it.
"""

import argparse
import json
import random
import subprocess
from pathlib import Path

import train


class Tuner:
    """A study that afina serves, or an error that says what is wrong."""

    def __init__(self, study, store=None, afina="afina"):
        command = [*afina.split(), "serve", "--stdio", str(study)]
        if store:  # keeps the study in a file: the same line goes on
            command += ["--store", str(store)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, op, **fields):
        print(json.dumps({"op": op, **fields}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"afina has ended with status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{answer['error']['message']} ({answer['error'].get('hint', '')})")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def fit(tuner, trial, parts, epochs):
    """Trains one configuration; ends early where afina says so."""
    settings, rng = trial["params"], random.Random(trial["seed"])
    network = train.Network(len(parts[0][0][0]), settings["hidden"], rng)
    rows = list(parts[0])
    for epoch in range(1, epochs + 1):
        rng.shuffle(rows)
        for x, y in rows:
            network.learn(x, y, settings["lr"], settings["l2"])
        loss, _ = train.evaluate(network, parts[1])
        verdict = tuner.call("report", number=trial["number"], step=epoch, values={"val_loss": loss})
        if verdict["action"] != "continue":
            return "pruned"
    return "complete"


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--afina", default="afina", help="the command, such as 'go run ./cmd/afina'")
    p.add_argument("--store", help="file to keep the study in")
    p.add_argument("--epochs", type=int, default=8)
    args = p.parse_args()
    parts = train.standardise(train.divide(train.load()))
    with Tuner(Path(__file__).with_name("loop.yaml"), args.store, args.afina) as tuner:
        while trials := tuner.call("ask")["trials"]:
            for trial in trials:
                try:
                    state = fit(tuner, trial, parts, args.epochs)
                    tuner.call("tell", number=trial["number"], state=state)
                except OverflowError as error:  # it has diverged
                    tuner.call("tell", number=trial["number"], state="failed", message=str(error))
        best = tuner.call("best")
        print(f"best: val_loss {best['values']['val_loss']:.4f} of trial {best['number']}: {best['params']}")
        if "estimate" in best:
            expected = best["estimate"]["val_loss"]
            print(f"expected of it: {expected['mean']:.4f} ± {expected['se']:.2g}")


if __name__ == "__main__":
    main()
