"""What holds exactly: half a step, bytes and files as the package ``gguf`` has them, weights that no input changes."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.adapt.quant.setup import GRANULARITIES, Networks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case, trials_of, tried
from experiments.lab.experiment import Event, Note, Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, NotMeasured
from experiments.lab.judge.rules import Counterexample, Each, Theorem, Under

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experiments.adapt.quant.own import Model

    Floats = NDArray[np.float32]


def run(networks: Networks) -> Iterator[Event]:
    yield from half_step_trials(networks)
    yield from constancy_trials(networks)
    if importlib.util.find_spec("gguf") is None:
        yield Note("gguf is not installed, so no byte was compared with that package's")
        return
    yield from byte_trials(networks)
    yield from file_trials(networks)


def half_step_trials(networks: Networks) -> Iterator[TrialRow]:
    """By how much of a step a weight moves beyond a half, in float64; a range of least squares clips at 2 bits."""
    import numpy as np

    from experiments.adapt.core.rounding import groups, quantized

    for scales in GRANULARITIES:
        for name, matrix in networks.matrices().items():
            exact = matrix.astype(np.float64)

            def beyond(bits: int, calibration: str, exact: NDArray[np.float64] = exact, scales: str = scales) -> float:
                kept, step = quantized(exact, bits, scales, calibration)  # type: ignore[arg-type]
                return float((groups(np.abs(exact - kept), scales) / step).max()) - 0.5  # type: ignore[arg-type]

            yield TrialRow(
                statement="half a step",
                case=scales,
                error=max(0.0, *(beyond(bits, "minmax") for bits in networks.params.bits)),
                control_error=beyond(2, "mse"),
                counterexample=name,
            )


def constancy_trials(networks: Networks) -> Iterator[TrialRow]:
    """What another text changes: weights not at all, activations by more than calibration has seen."""
    from experiments.adapt.core.activations import input_ranges, share_outside

    decoder, length, new = networks.decoder(), networks.params.length, networks.split()[1]
    before = {name: one.copy() for name, one in networks.matrices().items()}
    first, second = networks.calibration(), input_ranges(decoder, new, length)
    changed = max(float(abs(one - before[name]).max()) for name, one in networks.matrices().items())
    moved = max(abs(first[name][end] - second[name][end]) for name in first for end in (0, 1))
    yield TrialRow(statement="known beforehand", case="weights", error=changed, control_error=moved)
    yield TrialRow(
        statement="known beforehand",
        case="activations",
        error=share_outside(decoder, first, new, length),
        counterexample="inputs of linear layers on test bytes, outside of their range on bytes of training",
    )


def hard_rows(networks: Networks) -> Iterator[tuple[str, Floats]]:
    """The network's matrices, and blocks that are easy to get wrong."""
    import numpy as np

    yield from networks.matrices().items()
    drawn = np.random.default_rng(networks.seed).standard_normal((7, 64)).astype(np.float32)
    yield "zeros", np.zeros((1, 64), np.float32)
    yield "minus zeros", np.full((1, 64), -0.0, np.float32)
    yield "equal weights", np.full((1, 64), 0.3, np.float32)
    yield "one outlier", np.where(np.arange(64) == 5, np.float32(1000), drawn).astype(np.float32)
    yield "ties", np.arange(-32, 32, dtype=np.float32)[None] / np.float32(2)
    yield "scales that float16 rounds to 0", drawn * np.float32(1e-7)
    yield "scales beyond float16", drawn * np.float32(1e7)


def byte_trials(networks: Networks) -> Iterator[TrialRow]:
    """The share of bytes that differ; weights that were rounded to float16 before must differ somewhere."""
    import gguf
    import numpy as np

    from experiments.adapt.core.block_formats import FORMATS, encode

    for stored, chosen in FORMATS.items():
        for name, rows in hard_rows(networks):
            with np.errstate(all="ignore"):
                expected = gguf.quantize(rows, gguf.GGMLQuantizationType[stored.upper()])
                halved = rows.astype(np.float16).astype(np.float32)
                off, control = (float((encode(given, chosen) != expected).mean()) for given in (rows, halved))
            yield TrialRow(
                statement="bytes", case=stored, error=off, control_error=control, counterexample=f"{stored}, {name}"
            )


def file_trials(networks: Networks) -> Iterator[TrialRow]:
    """Whether gguf's reader finds what was written; one bit of a weight turned over must be noticed."""
    from experiments.adapt.core.gguf_file import write_gguf
    from experiments.adapt.quant.own import trained_model

    model = trained_model(networks.decoder())
    with tempfile.TemporaryDirectory() as folder:
        for stored in ("f32", *networks.params.format):
            file = Path(folder) / f"{stored}.gguf"
            write_gguf(file, model.metadata(stored), model.tensors(stored))
            right = reads_back(file, model, stored)
            data = bytearray(file.read_bytes())
            data[-64] ^= 1
            file.write_bytes(data)
            wrong = reads_back(file, model, stored)
            yield TrialRow(statement="file", case=stored, error=float(not right), control_error=float(not wrong))


def reads_back(file: Path, model: Model, stored: str) -> bool:
    """Whether gguf's reader finds the metadata and the tensors, names, types, shapes and bytes."""
    import gguf
    import numpy as np

    reader = gguf.GGUFReader(file)
    words = {key: one.contents() for key, one in reader.fields.items() if not key.startswith("GGUF.")}
    wanted = {
        key: float(np.float32(value)) if isinstance(value, float) else value
        for key, value in model.metadata(stored).items()
    }
    found = [
        (one.name, one.tensor_type.name.lower(), tuple(one.shape[::-1].tolist()), one.data.tobytes())
        for one in reader.tensors
    ]
    tensors = model.tensors(stored)
    return words == wanted and found == [(one.name, one.stored, one.shape, one.data().tobytes()) for one in tensors]


def with_gguf(statement: str) -> Callable[[Sequence[TrialRow]], Mapping[str, Instances] | NotMeasured]:
    """The trials per format, where there are any."""

    def measure(rows: Sequence[TrialRow]) -> Mapping[str, Instances] | NotMeasured:
        return instances_by_case(statement)(rows) or NotMeasured("needs the package gguf: pip install gguf")

    return measure


def known_beforehand(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    weights, activations = (trials_of(rows, "known beforehand", case) for case in ("weights", "activations"))
    return {
        "weights": tried(weights),
        "activations": Instances([row.error for row in activations], counterexample=activations[0].counterexample),
    }


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "no_weight_moves_more_than_half_a_step",
            statement="On a grid over the range of the weights no weight moves by more than half a step.",
            rule=Each(
                Theorem(
                    "the share of a step by which a weight moves beyond a half",
                    control="a 2-bit range of least squared error, which clips",
                    tolerance=1e-9,
                ),
                per="granularity",
            ),
            measure=instances_by_case("half a step"),
            topic="Quantization: scales",
            predicted="holds",
            source="rounding to the nearest level",
        ),
        Claim(
            "block_bytes_are_ggmls",
            statement="The bytes of Q8_0, Q5_1, Q5_0, Q4_1 and Q4_0 are those of the package gguf, every one.",
            rule=Each(
                Theorem("the share of bytes that differ", control="encoding weights rounded to float16"), per="format"
            ),
            measure=with_gguf("bytes"),
            topic="Quantization: llama.cpp's formats",
            predicted="holds",
            source="the package gguf 0.19, whose authors keep llama.cpp",
        ),
        Claim(
            "a_file_reads_back",
            statement="A file written here has, for gguf's own reader, the same metadata, tensors, types and bytes.",
            rule=Each(
                Theorem("a file that reads otherwise than it was written", control="a file with one bit turned over"),
                per="format",
            ),
            measure=with_gguf("file"),
            topic="GGUF",
            predicted="holds",
            source="the specification of GGUF, version 3",
        ),
        Claim(
            "weights_are_known_and_activations_are_not",
            statement="Weights and activations are known beforehand: new text takes neither out of its range.",
            rule=Under(
                {
                    "weights": Theorem("the change of a weight by new text", control="the range of the activations"),
                    "activations": Counterexample("the share of activations outside of their calibrated range is 0"),
                }
            ),
            measure=known_beforehand,
            topic="Quantization: weights and activations",
            predicted={"weights": "holds", "activations": "refuted"},
            source="activations are functions of the input; a range of some inputs is no bound for others",
        ),
    ),
    tables=(TRIALS,),
)
