"""Makes spline.json: interpolants by scipy.interpolate.RBFInterpolator."""

import json
import pathlib

import numpy
import scipy
from scipy.interpolate import RBFInterpolator

rng = numpy.random.default_rng(7)
cases = []
for kernel in "cubic", "thin_plate_spline":
    for n, d, smoothing in (4, 1, 0), (12, 2, 0), (40, 3, 0), (25, 5, 0), (40, 3, 0.01):
        x = rng.random((n, d))
        f = numpy.sin(3 * x).sum(axis=1) + (x**2).prod(axis=1)
        at = rng.random((8, d)) * 1.4 - 0.2
        s = RBFInterpolator(x, f, kernel=kernel, degree=1, smoothing=smoothing)
        cases.append(
            {
                "kernel": kernel,
                "smoothing": smoothing,
                "x": x.tolist(),
                "f": f.tolist(),
                "at": at.tolist(),
                "want": s(at).tolist(),
            }
        )
out = {"source": f"scipy {scipy.__version__}, RBFInterpolator of degree 1", "cases": cases}
pathlib.Path(__file__).with_name("spline.json").write_text(json.dumps(out) + "\n")
