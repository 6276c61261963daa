"""Run with: python3 -m unittest discover examples/python"""

import contextlib
import io
import unittest

import crossval
import train


def output_of(*args):
    """Returns what the script prints with these arguments."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        crossval.main([*args, "--epochs", "2", "--hidden", "2"])
    return out.getvalue()


class CrossvalTest(unittest.TestCase):
    def test_parts_are_disjoint_complete_and_stratified(self):
        rows = train.load()
        parts = crossval.deal(rows, 10)
        self.assertEqual(sorted(rows), sorted(r for p in parts for r in p))
        self.assertEqual({56, 57}, {len(p) for p in parts})
        for part in parts:
            self.assertIn(sum(y for _, y in part), (21, 22))

    def test_folds_alone_are_folds_together(self):
        together = output_of("--folds", "4,0,7").splitlines()
        self.assertEqual(4, len(together))
        alone = [output_of("--folds", k).splitlines()[0] for k in "407"]
        self.assertEqual(together[:3], alone)

    def test_refuses(self):
        for args in ["--folds", "10"], ["--folds", "x"], ["--folds"], ["--of", "1"]:
            with self.assertRaises(SystemExit):
                crossval.main(args)


if __name__ == "__main__":
    unittest.main()
