#!/usr/bin/env python3
"""Cross-validates the network of train.py and prints a line for every fold.

It has all flags of train.py and two more: into how many parts the rows are dealt,
and which of them are to be left out of training and measured, one after the
other. Whoever names one fold can run the folds in processes of their own.
"""

import random
import statistics
import sys

import train


def deal(rows, parts):
    """Deals the rows into parts, both classes spread evenly, always alike."""
    rng = random.Random(569)
    dealt = [[] for _ in range(parts)]
    at = 0
    for label in 0, 1:
        of_class = [row for row in rows if row[1] == label]
        rng.shuffle(of_class)
        for row in of_class:
            dealt[at % parts].append(row)
            at += 1
    return dealt


def fold(settings, parts, k):
    """Returns loss and share of wrong answers on part k, trained on the rest."""
    rest = [row for i, part in enumerate(parts) if i != k for row in part]
    learn, measure = train.standardise([rest, parts[k]])
    # The seed belongs to the fold, so that all settings meet the same chance.
    rng = random.Random(settings.seed * 1000 + k)
    network = train.Network(len(learn[0][0]), settings.hidden, rng)
    for _ in range(settings.epochs):
        rng.shuffle(learn)
        for x, y in learn:
            network.learn(x, y, settings.lr, settings.l2)
    return train.evaluate(network, measure)


def take(args, flag, otherwise):
    """Takes --flag value out of args."""
    if flag not in args:
        return otherwise
    at = args.index(flag)
    if at + 1 == len(args):
        sys.exit(f"crossval.py: {flag} needs a value")
    value = args[at + 1]
    del args[at:at + 2]
    return value


def main(args=None):
    args = list(sys.argv[1:] if args is None else args)
    of = take(args, "--of", "10")
    if not of.isdecimal() or int(of) < 2:
        sys.exit("crossval.py: --of is a number of folds, at least 2")
    wanted = take(args, "--folds", ",".join(map(str, range(int(of)))))
    folds = []
    for text in wanted.split(","):
        if not text.isdecimal() or int(text) >= int(of):
            sys.exit(f"crossval.py: {text!r} is no fold from 0 to {int(of) - 1}")
        folds.append(int(text))
    settings = train.parse(args)
    parts = deal(train.load(), int(of))
    losses = []
    for k in folds:
        loss, error = fold(settings, parts, k)
        losses.append(loss)
        print(f"fold={k} cv_loss={loss:.5f} cv_error={error:.4f}", flush=True)
    print(f"mean over {len(folds)} folds: {statistics.fmean(losses):.5f}")


if __name__ == "__main__":
    main()
