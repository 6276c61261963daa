#!/usr/bin/env python3
"""Trains the network of train.py in pieces, from a checkpoint.

The same flags and the same output. What it does for the program that tunes it
is in three places: it goes on from what is in the folder AFINA_CHECKPOINT_DIR,
ends after the epoch AFINA_UNTIL_STEP, and ends early when the file
AFINA_STOP_FILE appears. Without these variables it trains in one piece.
"""

import json
import os
import random
import statistics
from pathlib import Path

import train


class Training:
    """Everything that a training carries from epoch to epoch."""

    def __init__(self, settings):
        self.epoch = 0
        self.line = ""  # what was printed after it
        self.rng = random.Random(settings.seed)
        parts = train.standardise(train.divide(train.load()))
        self.rows, self.validation, self.test = parts
        self.order = list(range(len(self.rows)))
        self.network = train.Network(
            len(self.rows[0][0]), settings.hidden, self.rng)

    def learn(self, lr, l2):
        """Trains for one epoch and prints how it went."""
        self.epoch += 1
        self.rng.shuffle(self.order)
        loss = statistics.fmean(
            self.network.learn(*self.rows[i], lr, l2) for i in self.order)
        val_loss, val_error = train.evaluate(self.network, self.validation)
        self.line = (f"epoch {self.epoch} loss {loss:.4f} "
                     f"val_loss: {val_loss:.4f} val_error: {val_error:.4f}")
        print(self.line, flush=True)

    def save(self, path):
        """Writes the state, whole or not at all: it may be killed right here."""
        state = {"epoch": self.epoch, "line": self.line, "order": self.order,
                 "rng": self.rng.getstate(), "network": vars(self.network)}
        new = path.with_suffix(".new")
        new.write_text(json.dumps(state), encoding="ascii")
        new.replace(path)

    def load(self, path):
        state = json.loads(path.read_text(encoding="ascii"))
        self.epoch, self.line = state["epoch"], state["line"]
        self.order = state["order"]
        version, numbers, gauss = state["rng"]
        self.rng.setstate((version, tuple(numbers), gauss))
        vars(self.network).update(state["network"])


def main(args=None):
    settings = train.parse(args)
    folder = os.environ.get("AFINA_CHECKPOINT_DIR")
    path = Path(folder, "training.json") if folder else None
    until = int(float(os.environ.get("AFINA_UNTIL_STEP", settings.epochs)))
    stop = Path(os.environ.get("AFINA_STOP_FILE", "/nowhere"))
    training = Training(settings)
    if path and path.exists():
        training.load(path)
        if training.epoch >= until:
            print(training.line, flush=True)  # nobody may have heard of it
    while training.epoch < min(until, settings.epochs) and not stop.exists():
        training.learn(settings.lr, settings.l2)
        if path:
            training.save(path)
    if settings.test and training.epoch == settings.epochs:
        loss, error = train.evaluate(training.network, training.test)
        print(f"test_loss: {loss:.4f} test_error: {error:.4f}")


if __name__ == "__main__":
    main()
