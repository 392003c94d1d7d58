"""The names that a Params may list. They are the interface of the command line, so they are frozen here."""

from __future__ import annotations

from typing import get_args

import pytest

from experiments.foundation.datasets import choices
from experiments.foundation.networks import choices as network_choices
from experiments.lab.experiment import parameters
from experiments.lab.params import parameter_fields, validate

NAMES = {
    "ImageSetName": ("auto", "cifar10", "digits", "fashion", "mnist", "omniglot"),
    "GrayImageSetName": ("auto", "digits", "fashion", "mnist", "omniglot"),
    "FlatSetName": ("digits", "fashion", "mnist", "omniglot"),
    "PhotoName": ("china", "flower"),
    "TableName": ("breast_cancer", "diabetes", "iris", "wine"),
    "DetectionSetName": ("bccd", "coco-80", "coco-val2017"),
    "TextName": ("auto", "python-docs", "shakespeare"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_the_catalogue(name: str) -> None:
    assert get_args(getattr(choices, name)) == NAMES[name]


def test_vectors_are_generated_pixels_or_stored() -> None:
    assert choices.GENERATED == ("clustered", "gauss", "uniform")
    assert choices.PIXEL_VECTORS == ("digits", "fashion", "mnist", "omniglot")
    stored = ("gist1m", "gist-960-euclidean", "glove-100-angular", "sift1m", "sift-128-euclidean", "sift-cifar")
    assert {*choices.GENERATED, *choices.PIXEL_VECTORS, *stored, "minilm", "minilm-shakespeare"} == {
        *choices.VECTOR_SETS
    }
    assert get_args(choices.VectorSetName) == choices.VECTOR_SETS


def test_networks_offer_the_same_images() -> None:
    assert network_choices.ImageSetName is choices.ImageSetName


def test_a_params_completes_and_refuses_by_the_catalogue() -> None:
    @parameters
    class Params:
        dataset: choices.FlatSetName = "digits"
        """Images."""

    (field,) = parameter_fields(Params)
    assert field.choices == ("digits", "fashion", "mnist", "omniglot")
    assert field.legal == "one of digits, fashion, mnist, omniglot"
    with pytest.raises(Exception, match="dataset: expected one of digits, fashion, mnist, omniglot, got 'cifar10'"):
        validate(Params, {"dataset": "cifar10"})
