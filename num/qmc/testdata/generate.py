"""Writes joe-kuo.bin and testdata/golden.json from SciPy.

Needed only to change the table's size or the golden points:

    pip install scipy==1.17.1
    python3 testdata/generate.py        # in num/qmc

SciPy ships new-joe-kuo-6 in scipy/stats/_sobol_direction_numbers.npz: one row
of `poly` (the polynomial with all its coefficients) and of `vinit` (m_1, m_2,
...) per dimension. The table here leaves out dimension 1 and stops after the
polynomials of degree 14, so that every number fits 16 bits.

The golden points come from SciPy's engine. Scrambled ones come from the plain
digit-by-digit definition below, written apart from the Go code's bit tricks.
"""

import hashlib
import json
import os
import struct

import numpy as np
import scipy
from scipy.stats import qmc

MAX_DEGREE = 14
MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
TREE_DEPTH = 24


def table():
    path = os.path.join(os.path.dirname(scipy.__file__), "stats",
                        "_sobol_direction_numbers.npz")
    numbers = np.load(path)
    out = []
    dims = 1
    for poly, init in zip(numbers["poly"][1:], numbers["vinit"][1:]):
        degree = int(poly).bit_length() - 1
        if degree > MAX_DEGREE:
            break
        out.append(struct.pack(f"<{degree + 1}H", int(poly),
                               *map(int, init[:degree])))
        dims += 1
    return dims, b"".join(out)


def mix(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def scramble(x, seed, dim):
    """Nested uniform scrambling, one digit at a time, most significant first."""
    key = mix((mix((seed + GOLDEN) & MASK) + dim * GOLDEN) & MASK)
    digits = format(x, "064b")
    out = ""
    for level, digit in enumerate(digits):
        root = min(level // 6 * 6, TREE_DEPTH)
        path = int("1" + digits[:root], 2)
        word = mix((key + path * GOLDEN) & MASK)
        if root < TREE_DEPTH:
            bit = int("1" + digits[root:level], 2)
        else:
            bit = 63 - level
        out += str(int(digit) ^ (word >> bit & 1))
    return int(out, 2)


def fraction(x):
    return (x >> 11) * 2.0 ** -53


def integer(columns, index):
    gray, x = index ^ index >> 1, 0
    for k in range(64):
        if gray >> k & 1:
            x ^= int(columns[k])
    return x


def digest(values):
    return hashlib.sha256(b"".join(struct.pack("<d", v) for v in values)).hexdigest()


def stepped(dim, start, count):
    engine = qmc.Sobol(dim, scramble=False)
    if start:
        engine.fast_forward(start)
    return engine.random(count).tolist()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    dims, blob = table()
    with open(os.path.join(here, "..", "joe-kuo.bin"), "wb") as f:
        f.write(blob)

    columns = qmc.Sobol(dims, scramble=False, bits=64)._sv
    points = [
        {"dim": d, "start": start, "points": stepped(d, start, count)}
        for d, start, count in [
            (1, 0, 16), (2, 0, 16), (7, 0, 16), (5, 1000, 4), (21, 65533, 4),
            (3, 123456789, 4), (3, (1 << 30) - 3, 3),
        ]
    ]
    digests = [
        {"dim": d, "index": i, "sha256": digest(stepped(d, i, 1)[0])}
        for d in (40, 360, 1024, 1111, dims)
        for i in (1, 77, 4095, 1048575)
    ]
    # Beyond 2^30 the engine does not step; its direction numbers still serve.
    large = [
        {"dim": j, "index": str(i), "value": fraction(integer(columns[j], i))}
        for j in (0, 1, 2, 9, 500, dims - 1)
        for i in ((1 << 32) + 12345, 0x123456789ABCDE, 0xFEDCBA9876543210, MASK)
    ]
    scrambled = [
        {"dim": j, "index": str(i), "seed": str(seed),
         "value": fraction(scramble(integer(columns[j], i), seed, j))}
        for seed in (0, 1, MASK)
        for j in (0, 1, 2, 9, dims - 1)
        for i in (0, 1, 77, 4095, 123456789, 0x123456789ABCDE)
    ]
    with open(os.path.join(here, "golden.json"), "w") as f:
        json.dump({
            "source": f"scipy {scipy.__version__}, scipy.stats.qmc.Sobol(scramble=False)",
            "max_dim": dims,
            "columns_sha256": hashlib.sha256(columns.astype("<u8").tobytes()).hexdigest(),
            "points": points,
            "digests": digests,
            "large": large,
            "scrambled": scrambled,
        }, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
