"""Networks of one size on pictures whose parts lie where they belong, or do not: accuracy by number of labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from operator import attrgetter

from experiments.arch.images.setup import Images
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence, Order, Ratio

PLAIN, PIXELS, PATCHES = "plain", "pixels permuted", "patches permuted"
LABELS = 1000
"""Labels of the claims that name no other number."""
Arm = tuple[str, str, int]
"""Network, order, labels."""


@observation
class ImageRow(Row):
    """One network at one learning rate."""

    dataset: str
    network: str
    order: str
    labels: int
    lr: float
    validation_accuracy: float
    test_accuracy: float
    train_accuracy: float
    parameters: int
    flops: int
    """Of one image forward."""

    @property
    def arm(self) -> Arm:
        return self.network, self.order, self.labels


def run(images: Images) -> Iterator[Event]:
    from experiments.foundation.costs.forward import forward_cost

    params = images.params
    arms = list(product(params.networks, params.orders, params.labels))
    for done, (network, order, labels) in enumerate(arms):
        yield Progress("trainings", done, len(arms))
        cost = forward_cost(images.network(network), images.split.shape)
        for fit in images.fits(network, order, labels):
            yield ImageRow(
                dataset=images.split.name,
                network=network,
                order=order,
                labels=labels,
                lr=fit.lr,
                validation_accuracy=fit.validation_accuracy,
                test_accuracy=fit.test_accuracy,
                train_accuracy=fit.train_accuracy,
                parameters=cost.parameters,
                flops=cost.flops,
            )


def tuned(rows: Sequence[ImageRow]) -> dict[Arm, Choice[ImageRow]]:
    """Arm -> its runs at the rate with the best validation accuracy."""
    return choose(rows, score=attrgetter("validation_accuracy"))


def compared(rows: Sequence[ImageRow], treatment: Arm, baseline: Arm) -> Pairs | Undecided | NotMeasured:
    """Test accuracy of one arm against another, each at its rate."""
    chosen = tuned(rows)
    for network, order, labels in (treatment, baseline):
        if (network, order, labels) not in chosen:
            return NotMeasured(f"needs the network {network}, {order}, with {labels} labels")
    if reason := untuned(chosen[treatment], chosen[baseline]):
        return Undecided(reason)
    return Pairs(*(by_seed(chosen[arm].rows, "test_accuracy") for arm in (treatment, baseline)))


def cnn_over_mlp(rows: Sequence[ImageRow]) -> Mapping[str, Pairs | Undecided | NotMeasured]:
    return {order: compared(rows, ("CNN", order, LABELS), ("MLP", order, LABELS)) for order in (PLAIN, PIXELS, PATCHES)}


def work_over_mlp(rows: Sequence[ImageRow]) -> Mapping[str, Pairs | NotMeasured]:
    """Network -> its FLOPs per parameter against the MLP's."""
    names = dict.fromkeys(row.network for row in rows)
    spent = {name: by_seed(rows, lambda row: row.flops / row.parameters, network=name) for name in names}
    if "MLP" not in spent:
        return {name: NotMeasured("needs the network MLP") for name in names}
    return {name: Pairs(spent[name], spent["MLP"], exact=True) for name in names if name != "MLP"}


def gates_over_rnn(rows: Sequence[ImageRow]) -> Mapping[str, Pairs | Undecided | NotMeasured]:
    return {cell: compared(rows, (cell, PLAIN, LABELS), ("RNN", PLAIN, LABELS)) for cell in ("LSTM", "GRU")}


def cnn_over_vit(rows: Sequence[ImageRow]) -> Points | Undecided | NotMeasured:
    """The CNN's lead over the ViT in test accuracy, by number of labels."""
    grid = sorted({row.labels for row in rows})
    if len(grid) < 3:
        return NotMeasured("needs three numbers of labels")
    leads = [compared(rows, ("CNN", PLAIN, labels), ("ViT", PLAIN, labels)) for labels in grid]
    pairs = [one for one in leads if isinstance(one, Pairs)]
    if len(pairs) < len(leads):
        return next(one for one in leads if isinstance(one, Undecided | NotMeasured))
    return Points(
        grid, {seed: [one.treatment[seed] - one.baseline[seed] for one in pairs] for seed in pairs[0].treatment}
    )


def shown(rows: Sequence[ImageRow]) -> list[ImageRow]:
    """Every network at its rate, with the number of labels that most claims read."""
    best = [row for choice in tuned(rows).values() for row in choice.rows]
    labels = LABELS if any(row.labels == LABELS for row in best) else max(row.labels for row in best)
    return [row for row in best if row.labels == labels]


def lead(rows: Sequence[ImageRow]) -> str:
    """What the curve shows."""
    best = shown(rows)
    said = [
        f"{name} {percent(mean(best, 'test_accuracy', network=name, order=PLAIN))}"
        for name in dict.fromkeys(row.network for row in best)
    ]
    return f"With {best[0].labels} labels: {', '.join(said)} of test images right"


PART = Part(
    name="training",
    row=ImageRow,
    run=run,
    claims=(
        Claim(
            "equal_parameters_are_not_equal_flops",
            statement="Per parameter, a network that uses its weights at many places takes ten times an MLP's FLOPs.",
            rule=Each(Ratio("FLOPs per parameter, network over MLP", at_least=10), per="network"),
            measure=work_over_mlp,
            topic="MLP, CNN, ViT: cost",
            predicted="holds",
            source="16 patches, 28 rows, 9 to 784 places of a window against 1",
        ),
        Claim(
            "a_cnn_beats_an_mlp",
            statement="With 1,000 labels a CNN recognizes a point more of the images than an MLP of its size.",
            rule=Each(Effect("test accuracy, CNN - MLP", delta=0.01), per="order of the image"),
            measure=cnn_over_mlp,
            topic="CNN: images",
            predicted={PLAIN: "holds", PIXELS: "refuted", PATCHES: "refuted"},
            source="pilot",
        ),
        Claim(
            "a_cnn_needs_its_patches_in_place",
            statement="A CNN loses a point of accuracy when the patches of all images are permuted alike.",
            rule=Effect("test accuracy of the CNN, plain - patches permuted", delta=0.01),
            measure=lambda rows: compared(rows, ("CNN", PLAIN, LABELS), ("CNN", PATCHES, LABELS)),
            topic="CNN: images",
            predicted="holds",
            source="a window across the border of two patches sees neighbors that are none",
        ),
        Claim(
            "a_vit_does_not_need_its_patches_in_place",
            statement="By the same permutation of patches a ViT neither loses nor gains more than three points.",
            rule=Equivalence("test accuracy of the ViT, patches permuted - plain", margin=0.03),
            measure=lambda rows: compared(rows, ("ViT", PATCHES, LABELS), ("ViT", PLAIN, LABELS)),
            topic="ViT: images as patches",
            predicted="holds",
            source="its positions are learned: drawn alike for every place, they know no neighbors at the start",
        ),
        Claim(
            "a_vit_is_below_an_mlp_with_few_labels",
            statement="With 1,000 labels a ViT recognizes at least two points fewer images than an MLP of its size.",
            rule=Effect("test accuracy, MLP - ViT", delta=0.02),
            measure=lambda rows: compared(rows, ("MLP", PLAIN, LABELS), ("ViT", PLAIN, LABELS)),
            topic="ViT: images as patches",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "a_vit_gains_by_permuted_pixels",
            statement="A ViT recognizes a point more of the images when their pixels are permuted.",
            rule=Effect("test accuracy of the ViT, pixels permuted - plain", delta=0.01),
            measure=lambda rows: compared(rows, ("ViT", PIXELS, LABELS), ("ViT", PLAIN, LABELS)),
            topic="ViT: images as patches",
            predicted="holds",
            source="pilot: each patch then holds pixels from everywhere",
        ),
        Claim(
            "the_cnns_lead_over_the_vit_shrinks",
            statement="The CNN's lead over a ViT shrinks with the number of labels.",
            rule=Order("test accuracy, CNN - ViT, over labels", direction="falling"),
            measure=cnn_over_vit,
            topic="ViT: data",
            predicted="holds",
            source="Dosovitskiy et al. 2021, figures 3 and 4: large data make up for the missing bias",
        ),
        Claim(
            "gates_read_digits_better",
            statement="Gated cells that read an image row by row recognize a point more than a plain RNN.",
            rule=Each(Effect("test accuracy, gated cell - RNN", delta=0.01), per="cell"),
            measure=gates_over_rnn,
            topic="RNN: handwriting",
            predicted="holds",
            source="Hochreiter and Schmidhuber 1997: gates keep what came 28 rows ago",
        ),
        Claim(
            "a_cnn_beats_an_lstm",
            statement="A CNN recognizes a point more of the images than an LSTM of its size that reads their rows.",
            rule=Effect("test accuracy, CNN - LSTM", delta=0.01),
            measure=lambda rows: compared(rows, ("CNN", PLAIN, LABELS), ("LSTM", PLAIN, LABELS)),
            topic="RNN: handwriting",
            predicted="holds",
            source="a row's shift is new to every weight of the LSTM, and to none of the CNN",
        ),
    ),
    tables=(
        Table(
            "Every network at every rate",
            by=("network", "order", "labels", "lr"),
            columns=("validation_accuracy", "test_accuracy", "train_accuracy"),
        ),
    ),
    curves=(
        Curve("accuracy_by_rate", "lr", "test_accuracy", "network", x_scale="log", only={"order": PLAIN}, title=lead),
    ),
)
