#!/usr/bin/env python3
"""Trains a small neural network on 569 tumours, malignant or benign.

One hidden layer of tanh units, one logistic output, plain stochastic gradient
descent, and nothing but the standard library. It is an ordinary script: it
knows nothing of the program that tunes it, takes its settings as flags and
prints its metrics as a person would read them.
"""

import argparse
import csv
import math
import random
import statistics
from operator import mul
from pathlib import Path

DATA = Path(__file__).with_name("breast_cancer.csv")


def load(path=DATA):
    """Returns the rows of the file as (features, label) pairs."""
    with open(path, newline="", encoding="ascii") as file:
        lines = csv.reader(file)
        next(lines)  # the names of the columns
        return [([float(v) for v in line[:-1]], int(line[-1])) for line in lines]


def divide(rows):
    """Deals the rows into training (half), validation and test (quarters).

    Both classes are spread evenly. The division has a seed of its own: it
    must not depend on --seed, or a lucky division would look like skill.
    """
    rng = random.Random(569)
    parts = [], [], []
    dealt = 0
    for label in 0, 1:
        of_class = [row for row in rows if row[1] == label]
        rng.shuffle(of_class)
        for row in of_class:
            parts[(0, 1, 0, 2)[dealt % 4]].append(row)
            dealt += 1
    return parts


def standardise(parts):
    """Scales features to mean 0 and deviation 1, as measured in training."""
    columns = list(zip(*(x for x, _ in parts[0])))
    means = [statistics.fmean(c) for c in columns]
    spreads = [statistics.pstdev(c) or 1.0 for c in columns]
    return [
        [
            ([(v - m) / s for v, m, s in zip(x, means, spreads)], y)
            for x, y in part
        ]
        for part in parts
    ]


class Network:
    """The weights, and how they answer and learn."""

    def __init__(self, inputs, hidden, rng):
        spread = 1 / math.sqrt(inputs)
        self.weights = [
            [rng.gauss(0, spread) for _ in range(inputs)] for _ in range(hidden)
        ]
        self.biases = [0.0] * hidden
        self.out = [rng.gauss(0, 1 / math.sqrt(hidden)) for _ in range(hidden)]
        self.out_bias = 0.0

    def forward(self, x):
        """Returns the hidden activations and the logit of "malignant"."""
        h = [
            math.tanh(b + sum(map(mul, w, x)))
            for w, b in zip(self.weights, self.biases)
        ]
        return h, self.out_bias + sum(map(mul, self.out, h))

    def learn(self, x, y, lr, l2):
        """Takes one gradient step on one row; returns its loss before that.

        The step descends loss + l2/2 times the sum of all squared weights,
        biases left out.
        """
        h, logit = self.forward(x)
        error = sigmoid(logit) - y
        keep = 1 - lr * l2
        for j, (v, o) in enumerate(zip(h, self.out)):
            step = lr * error * o * (1 - v * v)
            self.weights[j] = [
                keep * w - step * xi for w, xi in zip(self.weights[j], x)
            ]
            self.biases[j] -= step
        self.out = [keep * o - lr * error * v for o, v in zip(self.out, h)]
        self.out_bias -= lr * error
        return loss_of(logit, y)


def sigmoid(z):
    """Computed so that exp never overflows."""
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    e = math.exp(z)
    return e / (1 + e)


def loss_of(logit, y):
    """The cross-entropy, -log of the probability given to the truth."""
    z = logit if y else -logit
    return math.log1p(math.exp(-abs(z))) + max(-z, 0.0)


def evaluate(network, rows):
    """Returns mean loss and share of wrong answers."""
    loss = wrong = 0
    for x, y in rows:
        _, logit = network.forward(x)
        loss += loss_of(logit, y)
        wrong += (logit > 0) != (y == 1)
    return loss / len(rows), wrong / len(rows)


def parse(args):
    def at_least(low, kind, strict=False):
        def read(text):
            value = kind(text)
            if not (value > low if strict else value >= low) or value == math.inf:
                bound = "above" if strict else "at least"
                raise argparse.ArgumentTypeError(f"{text} is not {bound} {low}")
            return value

        read.__name__ = kind.__name__  # argparse names it when text is no number
        return read

    p = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    p.add_argument("--lr", type=at_least(0, float, strict=True), default=0.001,
                   help="learning rate")
    p.add_argument("--l2", type=at_least(0, float), default=0.0001,
                   help="penalty on squared weights")
    p.add_argument("--hidden", type=at_least(1, int), default=8,
                   help="hidden units")
    p.add_argument("--epochs", type=at_least(1, int), default=15,
                   help="passes over the training rows")
    p.add_argument("--seed", type=int, default=1,
                   help="of the initial weights and the order of the rows")
    p.add_argument("--test", action="store_true",
                   help="also print loss and error on the test rows, at the end")
    settings = p.parse_args(args)
    if settings.lr * settings.l2 > 1:
        p.error("--lr times --l2 must not exceed 1, or the weights swing")
    return settings


def main(args=None):
    settings = parse(args)
    rng = random.Random(settings.seed)
    train, validation, test = standardise(divide(load()))
    network = Network(len(train[0][0]), settings.hidden, rng)
    for epoch in range(1, settings.epochs + 1):
        rng.shuffle(train)
        loss = statistics.fmean(
            network.learn(x, y, settings.lr, settings.l2) for x, y in train
        )
        val_loss, val_error = evaluate(network, validation)
        # Flushed, so that whoever watches a pipe sees every epoch at once.
        print(f"epoch {epoch} loss {loss:.4f} "
              f"val_loss: {val_loss:.4f} val_error: {val_error:.4f}", flush=True)
    if settings.test:
        test_loss, test_error = evaluate(network, test)
        print(f"test_loss: {test_loss:.4f} test_error: {test_error:.4f}")


if __name__ == "__main__":
    main()
