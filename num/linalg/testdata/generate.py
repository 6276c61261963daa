"""Writes golden.json: eigenvalues by numpy of matrices made by a formula."""
import json
import numpy as np


def matrix(n, kind):
    i = np.arange(n)
    m = np.sin(1 + i[:, None] * 7 + i[None, :] * 3)
    a = m @ m.T
    if kind == "indefinite":
        a = m + m.T
    if kind == "ill":
        s = 10.0 ** (-6 * i / max(n - 1, 1))
        a = s[:, None] * (a + np.eye(n)) * s[None, :]
    if kind == "diagonal":
        a = np.diag(np.cos(i))
    if kind == "block":
        a = np.kron(np.eye(n // 2), np.array([[2.0, 1.0], [1.0, 2.0]]))
    return a


out = []
for kind in ["gram", "indefinite", "ill", "diagonal", "block"]:
    for n in [2, 6, 20]:
        a = matrix(n, kind)
        out.append({"kind": kind, "n": n, "a": a.ravel().tolist(),
                    "values": np.linalg.eigvalsh(a).tolist()})
json.dump({"numpy": np.__version__, "cases": out}, open("golden.json", "w"))
