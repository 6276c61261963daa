"""Run with: python3 -m unittest discover examples/python"""

import contextlib
import hashlib
import io
import random
import re
import unittest

import train


def output_of(*args):
    """Returns what the script prints with these arguments."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        train.main(list(args))
    return out.getvalue()


class DataTest(unittest.TestCase):
    def test_file(self):
        digest = hashlib.sha256(train.DATA.read_bytes()).hexdigest()
        self.assertEqual(  # the checksum in DATA.md
            "24e220f06a0844385ea0e0f551c2ee1f9725e248e1dd662fafca95e0c7d1a0bf",
            digest)
        rows = train.load()
        self.assertEqual({30}, {len(x) for x, _ in rows})
        # The counts that the UCI repository gives.
        self.assertEqual(357, sum(y == 0 for _, y in rows))
        self.assertEqual(212, sum(y == 1 for _, y in rows))

    def test_division_is_disjoint_complete_and_stratified(self):
        rows = train.load()
        parts = train.divide(rows)
        self.assertEqual([285, 142, 142], [len(part) for part in parts])
        dealt = [id(row) for part in parts for row in part]
        divided = sorted((row for part in parts for row in part))
        self.assertEqual(len(dealt), len(set(dealt)))
        self.assertEqual(sorted(rows), divided)
        for part, share in zip(parts, (0.5, 0.25, 0.25)):
            self.assertAlmostEqual(
                212 * share, sum(y for _, y in part), delta=1)

    def test_standardise_looks_at_training_only(self):
        parts = train.standardise(
            [[([1.0, 5.0], 0), ([3.0, 5.0], 1)], [([7.0, 6.0], 1)]])
        self.assertEqual(
            [[([-1.0, 0.0], 0), ([1.0, 0.0], 1)], [([5.0, 1.0], 1)]], parts)


class NetworkTest(unittest.TestCase):
    def test_step_follows_the_gradient(self):
        """A step moves each parameter by -lr times the slope of the loss."""
        for l2 in 0.0, 0.3:
            for y in 0, 1:
                with self.subTest(l2=l2, y=y):
                    self.check_step(l2, y)

    def check_step(self, l2, y):
        x, lr, h = [0.5, -1.0, 2.0], 0.01, 1e-5
        before = train.Network(3, 4, random.Random(1))
        after = train.Network(3, 4, random.Random(1))
        after.learn(x, y, lr, l2)

        def objective():
            loss = train.loss_of(before.forward(x)[1], y)
            weights = sum(before.weights, []) + before.out
            return loss + l2 / 2 * sum(w * w for w in weights)

        def slope(vector, i):
            kept = vector[i]
            vector[i] = kept + h
            up = objective()
            vector[i] = kept - h
            down = objective()
            vector[i] = kept
            return (up - down) / (2 * h)

        pairs = list(zip(before.weights, after.weights))
        pairs += [(before.biases, after.biases), (before.out, after.out)]
        steepest = 0
        for old, new in pairs:
            for i in range(len(old)):
                expected = slope(old, i)
                self.assertAlmostEqual(
                    expected, (old[i] - new[i]) / lr, places=7)
                steepest = max(steepest, abs(expected))
        self.assertGreater(steepest, 0.01)  # else nothing was compared
        _, logit = before.forward(x)
        self.assertAlmostEqual(
            train.sigmoid(logit) - y, -after.out_bias / lr, places=12)

    def test_loss_never_overflows(self):
        self.assertAlmostEqual(0.6931471805599453, train.loss_of(0, 1))
        self.assertEqual(1000, train.loss_of(1000, 0))
        self.assertEqual(0, train.loss_of(1000, 1))
        self.assertEqual(0, train.sigmoid(-1000))
        self.assertEqual(1, train.sigmoid(1000))


class ScriptTest(unittest.TestCase):
    LINE = (r"epoch \d+ loss \d\.\d{4} "
            r"val_loss: \d\.\d{4} val_error: (\d\.\d{4})")

    def test_prints_one_line_an_epoch(self):
        lines = output_of("--epochs", "3").splitlines()
        self.assertEqual(3, len(lines))
        for line in lines:
            self.assertRegex(line, f"^{self.LINE}$")

    def test_learns(self):
        last = output_of("--lr", "0.02").splitlines()[-1]
        # Calling every tumour benign would be wrong 37 times in 100.
        self.assertLess(float(re.match(self.LINE, last)[1]), 0.05)

    def test_seed_decides(self):
        first = output_of("--epochs", "2")
        self.assertEqual(first, output_of("--epochs", "2"))
        self.assertNotEqual(first, output_of("--epochs", "2", "--seed", "2"))

    def test_test_rows_are_only_shown(self):
        without = output_of("--epochs", "2")
        shown = output_of("--epochs", "2", "--test")
        self.assertEqual(without, shown[:len(without)])
        self.assertRegex(
            shown[len(without):],
            r"^test_loss: \d\.\d{4} test_error: \d\.\d{4}\n$")

    def test_wrong_flags_are_refused(self):
        cases = [
            (["--lr", "0"], "0 is not above 0"),
            (["--lr", "nan"], "nan is not above 0"),
            (["--lr", "inf"], "inf is not"),
            (["--lr", "fast"], "invalid float value: 'fast'"),
            (["--hidden", "0"], "0 is not at least 1"),
            (["--hidden", "2.5"], "invalid int value: '2.5'"),
            (["--l2", "-1"], "--l2"),
            (["--lr", "3", "--l2", "3"], "must not exceed 1"),
            (["--hid", "3"], "unrecognized arguments: --hid 3"),
        ]
        for args, message in cases:
            with self.subTest(args=args):
                errors = io.StringIO()
                with contextlib.redirect_stderr(errors), \
                        self.assertRaises(SystemExit) as exit:
                    train.main(args)
                self.assertEqual(2, exit.exception.code)
                self.assertIn(message, errors.getvalue())


if __name__ == "__main__":
    unittest.main()
