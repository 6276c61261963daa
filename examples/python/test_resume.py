"""Run with: python3 -m unittest discover examples/python"""

import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

import resume
import train


def output_of(script, *args, **env):
    """Returns what a script prints with these arguments and variables."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch.dict(os.environ, env):
        script.main([*args, "--epochs", "5", "--hidden", "3", "--test"])
    return out.getvalue()


class ResumeTest(unittest.TestCase):
    def test_in_one_piece_it_is_train(self):
        self.assertEqual(output_of(train), output_of(resume))

    def test_in_pieces_it_is_train(self):
        with tempfile.TemporaryDirectory() as folder:
            got = ""
            for until in "1", "3.0", "5":
                piece = output_of(resume, AFINA_CHECKPOINT_DIR=folder,
                                  AFINA_UNTIL_STEP=until)
                got += piece
                again = output_of(resume, AFINA_CHECKPOINT_DIR=folder,
                                  AFINA_UNTIL_STEP=until)
                # There is nothing to do but to say the last thing again.
                lines = piece.splitlines()
                kept = lines[-2:] if until == "5" else lines[-1:]
                self.assertEqual(kept, again.splitlines())
        self.assertEqual(output_of(train), got)

    def test_values_may_change_in_between(self):
        with tempfile.TemporaryDirectory() as folder:
            output_of(resume, AFINA_CHECKPOINT_DIR=folder, AFINA_UNTIL_STEP="2")
            changed = output_of(resume, "--lr", "0.1",
                                AFINA_CHECKPOINT_DIR=folder)
        self.assertTrue(changed.startswith("epoch 3 "))
        self.assertNotIn(changed, output_of(train))

    def test_it_stops_when_told(self):
        with tempfile.NamedTemporaryFile() as file:
            self.assertEqual("", output_of(resume, AFINA_STOP_FILE=file.name))


if __name__ == "__main__":
    unittest.main()
