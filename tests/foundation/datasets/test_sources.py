"""The parameters that studies of vectors share, and points for studies of graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field
from pydantic.dataclasses import dataclass

from experiments.foundation.datasets.sources import VectorSource, load_points
from experiments.foundation.datasets.vectors import load_vectors
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, parameters
from experiments.lab.params import parameter_fields, validate


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Params(VectorSource):
    n: Annotated[int, Field(ge=100, le=10_000_000)] = 400
    """Number of vectors to index."""
    k: Annotated[int, Field(ge=1)] = 10
    """Neighbors per query."""


@parameters
class Plain(VectorSource):
    k: int = 10
    """Neighbors per query."""


@pytest.mark.parametrize("params_type", [Params, Plain])
def test_a_params_has_the_fields_of_the_source_and_its_own(params_type: type) -> None:
    fields = {field.name: field for field in parameter_fields(params_type)}
    assert list(fields) == ["dataset", "queries", "n", "n_queries", "dim", "intrinsic_dim", "metric", "k"]
    assert all(field.meaning for field in fields.values())
    assert fields["metric"].choices == ("l2", "cosine", "ip")
    assert "minilm" in fields["dataset"].choices
    assert fields["n_queries"].legal == "an integer from 1 to 100,000"


def test_a_field_given_anew_keeps_its_place_and_changes_its_bounds() -> None:
    field = parameter_fields(Params)[2]
    assert (field.name, field.default, field.legal) == ("n", 400, "an integer from 100 to 10,000,000")
    assert field.meaning == "Number of vectors to index."


def test_values_are_checked_and_unknown_keys_refused() -> None:
    with pytest.raises(InputError) as raised:
        validate(Params, {"dim": 0, "n": 99, "dims": 3, "metric": "l1", "dataset": 3})
    assert set(raised.value.problems) == {
        "dim: expected an integer from 1 to 4,096, got 0",
        "n: expected an integer from 100 to 10,000,000, got 99",
        "unknown parameter dims: did you mean dim?",
        "metric: expected one of l2, cosine, ip or null, got 'l1'",
        raised.value.problems[0],
    }
    assert raised.value.problems[0].startswith("dataset: expected one of clustered, ")


def test_load_takes_every_field() -> None:
    params = validate(Params, {"n": 120, "n_queries": 7, "dim": 6, "intrinsic_dim": 2, "metric": "cosine"})
    data = params.load(3)
    expected = load_vectors("clustered", n=120, n_queries=7, dim=6, intrinsic_dim=2, seed=3, metric="cosine")
    np.testing.assert_array_equal(data.base, expected.base)
    np.testing.assert_array_equal(data.queries, expected.queries)
    assert (data.metric, data.description) == (expected.metric, expected.description)


def test_a_path_is_a_data_set_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(600.0).reshape(300, 2))
    np.save(tmp_path / "b.npy", np.ones((5, 2)))
    params = Plain(dataset=str(tmp_path / "a.npy"), queries=str(tmp_path / "b.npy"), n=60, n_queries=3)
    assert not params.is_generated
    assert (len(params.load(0).base), len(params.load(0).queries)) == (60, 3)
    everything = params.load_all(0, str(tmp_path / "a.npy"))
    assert everything.base.tolist() == np.arange(600.0).reshape(300, 2).tolist()
    assert len(everything.queries) == 3


def test_all_of_a_generated_set_are_n() -> None:
    params = Plain(dataset="gauss", n=60, n_queries=3)
    assert params.is_generated
    np.testing.assert_array_equal(params.load_all(5).base, params.load(5).base)


def test_points_are_the_vectors_in_double_precision() -> None:
    points, queries = load_points("uniform", n=50, n_queries=4, dim=3, seed=2, distinct=False)
    data = load_vectors("uniform", n=50, n_queries=4, dim=3, intrinsic_dim=3, seed=2)
    assert points.dtype == queries.dtype == np.float64
    np.testing.assert_array_equal(points, data.base)
    np.testing.assert_array_equal(queries, data.queries)
    np.testing.assert_array_equal(points * 2**24, np.round(points * 2**24))


def test_repeated_points_are_kept_once(tmp_path: Path) -> None:
    np.save(tmp_path / "base.npy", np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]]))
    np.save(tmp_path / "query.npy", np.zeros((2, 2)))
    taken = {"n": 3, "dim": 9, "seed": 0}
    assert load_points(str(tmp_path), **taken)[0].tolist() == [[0, 1], [1, 2]]
    assert len(load_points(str(tmp_path), **taken, distinct=False)[0]) == 3
