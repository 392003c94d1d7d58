"""A results file of COCO's boxes in one pass over its bytes, where it is as plain as detectors write it.

Plain is a list of objects with exactly the fields image_id, category_id, bbox and score, in any order, and numbers of
at most 19 digits. Of anything else the scanner says nothing: the reader of all JSON finds out what it is.

Numbers come out as ``float`` gives them, correctly rounded: w 10^q with w below 2^53 and |q| at most 22 is one exact
operation, others take 5^q to 128 bits. Source: Lemire, Number Parsing at a Gigabyte per Second, Software: Practice and
Experience, 2021.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.compiled import compiled
from experiments.detect.core.ground_truth import Floats
from experiments.foundation.cores import usable_cores

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

FIELDS = (b'"image_id"', b'"category_id"', b'"bbox"', b'"score"')
COLUMNS = 7
"""image id, category id, x, y, width, height, score."""
LEAST, MOST = -65, 22
"""Powers of ten beside a number's digits."""
DIGITS = 19
PARALLEL = 2**20
"""Bytes from which on both halves are read at once."""


def scan_results(text: bytes) -> Floats | None:
    """(n, 7) image id, category id, x, y, width, height and score of every entry; None of a file that is not plain.

    >>> scan_results(b'[{"image_id": 7, "category_id": 1, "bbox": [0, 0.5, 2, 1e1], "score": 0.1}]').tolist()
    [[7.0, 1.0, 0.0, 0.5, 2.0, 10.0, 0.1]]
    """
    signs, keys = np.frombuffer(text + b"\0", np.uint8), np.frombuffer(b"".join(FIELDS), np.uint8)
    ends, powers = np.cumsum([0, *map(len, FIELDS)]), _powers_of_five()
    middle = text.find(b"}", len(text) // 2) + 1
    beyond = len(text) + 1  # the last part ends with the list alone
    cuts = [0, middle, beyond] if middle and len(text) >= PARALLEL else [0, beyond]
    found = np.empty((text.count(b"{"), COLUMNS))
    rows = [0, *(text.count(b"{", 0, cut) for cut in cuts[1:])]

    def scan(part: int) -> bool:
        own = found[rows[part] : rows[part + 1]]
        return _scan(signs, cuts[part], cuts[part + 1], keys, ends, powers, own, own.view(np.uint64)) == len(own)

    with ThreadPoolExecutor(usable_cores()) as pool:
        return found if all(pool.map(scan, range(len(cuts) - 1))) else None


def _powers_of_five() -> Words:
    """(powers, 2) the leading 128 bits of 5^q, high half first; of negative powers rounded up."""
    powers = []
    for q in range(LEAST, MOST + 1):
        size = (5**-q).bit_length() if q < 0 else 0
        exact = 127 + size if q >= -27 else 128 + 2 * size  # up to 5^27 the rounding may reach the last bit
        bits = 5**q << 128 if q >= 0 else (1 << exact) // 5**-q + 1
        bits >>= bits.bit_length() - 128
        powers.append((bits >> 64, bits & (1 << 64) - 1))
    return np.array(powers, dtype=np.uint64)


@compiled
def _scan(
    text: Bytes, start: int, stop: int, keys: Bytes, ends: NDArray[np.int64], powers: Words, found: Floats, bits: Words
) -> int:
    """How many entries lie between two places, 0 or after an entry; -1 if the text is not plain.

    ``bits`` is ``found`` as whole numbers.
    """
    at, n = _skip(text, start), 0
    if start == 0 and text[at] == ord("["):
        following = _skip(text, at + 1)
        at = following if text[following] == ord("]") else at
    elif start == 0:
        return -1
    while True:
        if text[at] == ord("]"):
            return n if _skip(text, at + 1) == len(text) - 1 else -1
        if text[at] != ord(",") and not (n == 0 and start == 0):
            return -1
        at = _skip(text, at + 1)
        if text[at] != ord("{") or n == len(found):
            return -1
        seen = 0
        for place in range(4):
            at = _skip(text, at + 1)
            field = _field(text, at, keys, ends)
            if field < 0 or seen & (1 << field):
                return -1
            seen |= 1 << field
            at = _skip(text, at + ends[field + 1] - ends[field])
            if text[at] != ord(":"):
                return -1
            at = _skip(text, at + 1)
            if field == 2:
                for side in range(4):
                    if text[at] != (ord("[") if side == 0 else ord(",")):
                        return -1
                    at = _skip(text, _number(text, _skip(text, at + 1), powers, found, bits, n, 2 + side, False))
                if text[at] != ord("]"):
                    return -1
                at = _skip(text, at + 1)
            else:
                at = _skip(text, _number(text, at, powers, found, bits, n, 6 if field == 3 else field, field < 2))
            if text[at] != (ord("}") if place == 3 else ord(",")):
                return -1
        n += 1
        if at + 1 == stop:
            return n
        at = _skip(text, at + 1)


@compiled
def _skip(text: Bytes, at: int) -> int:
    """The next place that is no white space; the end of the text, where nothing fits, for a place below 0."""
    if at < 0:
        return len(text) - 1
    while text[at] == 32 or text[at] == 10 or text[at] == 13 or text[at] == 9:
        at += 1
    return at


@compiled
def _field(text: Bytes, at: int, keys: Bytes, ends: NDArray[np.int64]) -> int:
    for field in range(len(ends) - 1):
        n = ends[field + 1] - ends[field]
        i = 0
        while i < n and text[at + i] == keys[ends[field] + i]:  # the zero at the end of the text equals no key
            i += 1
        if i == n:
            return field
    return -1


@compiled
def _is_digit(sign: int) -> bool:
    return 48 <= sign <= 57


@compiled
def _number(text: Bytes, at: int, powers: Words, found: Floats, bits: Words, row: int, column: int, whole: bool) -> int:
    """Put the number at ``at`` into its place; where it ends, or -1 if there is none to be sure of."""
    negative = text[at] == ord("-")
    at += negative
    if not _is_digit(text[at]) or (text[at] == 48 and _is_digit(text[at + 1])):
        return -1
    w, q, digits, fraction, exponent = np.uint64(0), 0, 0, False, 0
    while _is_digit(text[at]) or (text[at] == ord(".") and not fraction):
        if text[at] == ord("."):
            fraction = True
            if not _is_digit(text[at + 1]):
                return -1
        else:
            w = w * np.uint64(10) + np.uint64(text[at] - 48)
            digits += int(w > 0)
            q -= fraction
        at += 1
    power = text[at] == ord("e") or text[at] == ord("E")
    if power:
        falling = text[at + 1] == ord("-")
        at += 2 if falling or text[at + 1] == ord("+") else 1
        if not _is_digit(text[at]):
            return -1
        while _is_digit(text[at]):
            exponent = min(10 * exponent + int(text[at]) - 48, 9999)
            at += 1
        q += -exponent if falling else exponent
    if digits > DIGITS or (whole and (fraction or power or w >= np.uint64(1 << 53))):
        return -1
    if w == 0:
        found[row, column] = 0.0
    elif w < np.uint64(1 << 53) and -MOST <= q <= MOST:
        found[row, column] = np.float64(w) * 10.0**q if q >= 0 else np.float64(w) / 10.0**-q
    elif LEAST <= q <= MOST:
        bits[row, column] = _rounded(w, q, powers[q - LEAST])
    else:
        return -1
    if negative:
        found[row, column] = -found[row, column]
    return at


@compiled
def _rounded(w: np.uint64, q: int, power: Words) -> np.uint64:
    """The bits of the float next to w 10^q, even among two; 0 < w, and 5^q as ``_powers_of_five`` gives it."""
    zeros = 0
    while w >> np.uint64(63) == np.uint64(0):
        w <<= np.uint64(1)
        zeros += 1
    low, high = _product(w, power[0])
    if high & np.uint64(0x1FF) == np.uint64(0x1FF):  # what is left out could carry into the bits that count
        _, more = _product(w, power[1])
        low += more
        high += np.uint64(low < more)
    top = high >> np.uint64(63)
    shift = top + np.uint64(9)
    mantissa = high >> shift
    exponent = np.uint64(((217706 * q) >> 16) + 63 - zeros + 1023) + top
    half = low <= np.uint64(1) and -4 <= q <= 23 and mantissa & np.uint64(3) == np.uint64(1)
    if half and mantissa << shift == high:
        mantissa &= ~np.uint64(1)
    mantissa = (mantissa + (mantissa & np.uint64(1))) >> np.uint64(1)
    if mantissa >= np.uint64(1 << 53):
        mantissa, exponent = np.uint64(1 << 52), exponent + np.uint64(1)
    return (mantissa & ~np.uint64(1 << 52)) | (exponent << np.uint64(52))


@compiled
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The low and the high half of a b."""
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    a0, a1, b0, b1 = a & low, a >> half, b & low, b >> half
    middle = a1 * b0 + (a0 * b0 >> half)
    other = a0 * b1 + (middle & low)
    return a * b, a1 * b1 + (middle >> half) + (other >> half)
