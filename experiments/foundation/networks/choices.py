"""The words that parameters of training studies accept. Imports no torch, so that a module of Params can name them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from experiments.foundation.datasets.choices import ImageSetName as ImageSetName

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
NetworkName = Literal["linear", "mlp", "cnn", "lenet", "quick", "vit"]
OptimizerName = Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta"]
PrecisionName = Literal["64", "32", "16", "bf16", "fp16", "fp16-true", "bf16-true"]
ScheduleName = Literal["constant", "linear", "cosine", "step"]

PrecisionParameter = Annotated[PrecisionName, BeforeValidator(str)]
"""A precision as a command line gives it: 16 arrives as a number."""
