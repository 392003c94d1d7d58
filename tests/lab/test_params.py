from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from experiments.lab.errors import InputError
from experiments.lab.experiment import parameters
from experiments.lab.params import defaults, parameter_fields, plain, validate


@parameters
class Params:
    n: Annotated[int, Field(ge=50, le=1_000_000)] = 1000
    """Number of
    base vectors."""
    metric: Literal["l2", "cosine"] = "l2"
    """Distance."""
    sizes: tuple[Annotated[int, Field(ge=1)], ...] = (10, 20)
    """List sizes."""
    lr: Annotated[float, Field(gt=0)] | None = None
    """Learning rate."""


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        validate(Params, {"n": 5, "metric": "l3", "sizes": [1, 0], "lr": -1, "metrik": "l2"})
    assert caught.value.problems == (
        "n: expected an integer from 50 to 1,000,000, got 5",
        "metric: expected one of l2, cosine, got 'l3'",
        "sizes[1]: expected a list of: an integer >= 1, such as sizes=[10,20], got 0",
        "lr: expected a number > 0 or null, got -1",
        "unknown parameter metrik: did you mean metric?",
    )


def test_plain_values_become_params() -> None:
    assert validate(Params, {"n": 60, "sizes": [3], "lr": None}) == Params(n=60, sizes=(3,))


@parameters
class Lists:
    sizes: tuple[int, ...] = (10,)
    """Any number."""
    pair: tuple[int, int] = (1, 2)
    """Two."""
    names: tuple[str, ...] | None = None
    """Any number, or null."""
    either: str | tuple[str, ...] = "all"
    """One word or several."""


def test_one_value_where_a_list_is_wanted_is_a_list_of_one() -> None:
    assert validate(Lists, {"sizes": 5, "names": "a", "either": "b"}) == Lists(sizes=(5,), names=("a",), either="b")
    assert validate(Lists, {"names": None}) == Lists()


def test_what_cannot_be_in_a_list_is_told_with_what_to_type() -> None:
    with pytest.raises(InputError) as caught:
        validate(Lists, {"sizes": "many", "pair": 3})
    assert caught.value.problems == (
        "sizes: expected a list of: an integer, such as sizes=[10], got 'many'",
        "pair: expected a list of: an integer, such as pair=[1,2], got 3",
    )


@pytest.mark.parametrize("n", ["many", 2.5, None, [1], float("nan")])
def test_a_wrong_type_is_refused(n: object) -> None:
    with pytest.raises(InputError, match="n: expected an integer from 50 to 1,000,000, got"):
        validate(Params, {"n": n})


def test_fields_say_what_is_legal_and_what_it_means() -> None:
    n, metric, sizes, lr = parameter_fields(Params)
    assert (n.meaning, n.legal) == ("Number of base vectors.", "an integer from 50 to 1,000,000")
    assert metric.choices == ("l2", "cosine")
    assert (sizes.default, sizes.legal) == ([10, 20], "a list of: an integer >= 1")
    assert lr.legal == "a number > 0 or null"


def test_defaults_are_plain_values_that_validate() -> None:
    found = defaults(parameter_fields(Params))
    assert found == {"n": 1000, "metric": "l2", "sizes": [10, 20], "lr": None}
    assert validate(Params, found) == Params()
    assert plain(Params()) == found


def test_params_cannot_be_changed_nor_given_by_position() -> None:
    with pytest.raises(FrozenInstanceError):
        Params().n = 60  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Params(60)  # type: ignore[call-arg]


@parameters
class Checked:
    low: int = 1
    """Low."""
    high: int = 2
    """High."""

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low: expected at most high, {self.high}, got {self.low}")


def test_what_a_params_checks_itself_is_told_in_its_own_words() -> None:
    with pytest.raises(InputError) as caught:
        validate(Checked, {"low": 3})
    assert caught.value.problems == ("low: expected at most high, 2, got 3",)
