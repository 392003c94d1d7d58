"""The scanner against Python's json: equal to the last bit, or silent."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from experiments.detect.core import results_scanner
from experiments.detect.core.results_scanner import scan_results

ENTRY = '{"image_id": 3, "category_id": 1, "bbox": [1.5, 2, 3e1, 4.25], "score": 0.5}'


def written(rng: random.Random) -> str:
    """A number as some program might write it, close calls of rounding among them."""
    odd = 2 * (rng.getrandbits(52) | 1 << 52) + 1  # halfway between two floats
    return rng.choice(
        [
            repr(rng.random() * 10 ** rng.randint(-30, 15)),
            repr(rng.uniform(0, 600)),
            f"{rng.randint(1, 999)}.{rng.randint(0, 10**6):09d}",
            f"{rng.randint(1, 10**19 - 1)}e{rng.randint(-60, 20)}",
            f"{10 * odd}E-1",
            f"{25 * odd}e-02",
            str(odd),
            str(rng.randint(0, 600)),
        ]
    )


def oracle(text: str) -> list[list[float]]:
    return [[row["image_id"], row["category_id"], *row["bbox"], row["score"]] for row in json.loads(text)]


@pytest.mark.parametrize("parallel", [1, 2**20])
def test_numbers_are_those_of_json_to_the_last_bit(monkeypatch: pytest.MonkeyPatch, parallel: int) -> None:
    monkeypatch.setattr(results_scanner, "PARALLEL", parallel)
    rng = random.Random(0)
    rows = []
    for _ in range(3000):
        a, b, c, d, e = (written(rng) for _ in range(5))
        fields = ['"image_id": 12', '"category_id":3', f'"bbox" : [{a},{b} , {c},\n{d}]', f'"score": -{e}']
        rng.shuffle(fields)
        rows.append("{" + ", ".join(fields) + "}")
    text = "[" + ",\n ".join(rows) + "]\n"
    found = scan_results(text.encode())
    assert found is not None
    assert np.array_equal(found, np.array(oracle(text), dtype=np.float64))


@pytest.mark.parametrize("parallel", [1, 2**20])
def test_of_what_is_cut_or_changed_it_says_what_json_says_or_nothing(
    monkeypatch: pytest.MonkeyPatch, parallel: int
) -> None:
    monkeypatch.setattr(results_scanner, "PARALLEL", parallel)
    rng, whole, read = random.Random(1), f"[{ENTRY}, {ENTRY},{ENTRY}]", 0
    for _ in range(3000):
        at, signs = rng.randrange(len(whole)), rng.choice(["", *'0123456789.-+eE{}[],:" nx\\'])
        text = whole[:at] + signs + whole[at + rng.randint(0, 2) :]
        found = scan_results(text.encode())
        if found is not None:
            read += 1
            assert found.tolist() == oracle(text)
    assert 100 < read < 2900


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[",
        f"[{ENTRY},]",
        f"[{ENTRY}",
        f"[{ENTRY}] 1",
        f'[{ENTRY[:-1]}, "area": 1}}]',
        ENTRY,
        f"[{ENTRY.replace('0.5', 'NaN')}]",
    ],
)
def test_it_leaves_what_is_not_plain_to_the_reader_of_all_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(results_scanner, "PARALLEL", 1)
    assert scan_results(text.encode()) is None


def test_no_entry_is_no_entry() -> None:
    assert np.array_equal(scan_results(b" [ ] "), np.zeros((0, 7)))
