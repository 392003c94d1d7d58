"""What matching and suppression do on random instances."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from experiments.detect.heads.setup import Pools
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PICTURES, ANSWERS, OBJECTS, CLASSES = 3, 8, 6, 4
STEP = 1e-6
BOXES = 60


def run(pools: Pools) -> Iterator[TrialRow]:
    import torch

    rng, arrays = torch.Generator().manual_seed(pools.seed), np.random.default_rng(pools.seed)
    orders = np.array(list(permutations(range(ANSWERS), OBJECTS)))
    for _ in range(pools.params.trials):
        yield order_trial(rng)
        yield cheapest_trial(arrays, orders)
        yield suppression_trial(arrays)
        yield gradient_trial(rng)


def order_trial(rng: torch.Generator) -> TrialRow:
    """The loss before and after the objects change places, with the cheapest matching and with a fixed one."""
    import torch

    logits, boxes, truth, labels = answers_and_objects(rng)
    order = torch.randperm(OBJECTS, generator=rng)
    before, after = ((truth, labels), (truth[:, order], labels[:, order]))
    error, control = (
        abs(loss(logits, boxes, *after, fixed=fixed) / loss(logits, boxes, *before, fixed=fixed) - 1).item()
        for fixed in (False, True)
    )
    return TrialRow(statement="order", case="objects permuted", error=error, control_error=control)


def cheapest_trial(rng: np.random.Generator, orders: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> TrialRow:
    """The cost of the matching over the least of all matchings; the control takes the cheapest pair, again and again.

    ``orders`` (k, objects) are all ways to give each object an answer of its own.
    """
    import torch

    from experiments.detect.core.detectors.set_matching import match_cheapest

    costs = rng.uniform(0, 1, (ANSWERS, OBJECTS))
    _, answers, objects = match_cheapest(torch.from_numpy(costs)[None], [OBJECTS])
    ours = costs[answers.numpy(), objects.numpy()].sum()
    least = costs[orders, np.arange(OBJECTS)].sum(1).min()
    greedy, left = 0.0, costs.copy()
    for _ in range(OBJECTS):
        answer, thing = np.unravel_index(left.argmin(), left.shape)
        greedy += costs[answer, thing]
        left[answer], left[:, thing] = np.inf, np.inf
    return TrialRow(
        statement="cheapest",
        case=f"{OBJECTS} objects",
        error=abs(ours / least - 1),
        control_error=greedy / least - 1,
        counterexample=f"matched for {ours:.4f}, the cheapest of {len(orders)} matchings costs {least:.4f}",
    )


def suppression_trial(rng: np.random.Generator) -> TrialRow:
    """By how much two boxes that survive overlap too much, and how many a second pass takes; the control is all."""
    from experiments.detect.core.shapes.boxes import iou
    from experiments.detect.core.suppression import non_maximum_suppression

    threshold, low, scores = rng.uniform(0.2, 0.8), rng.uniform(0, 10, (BOXES, 2)), rng.random(BOXES)
    boxes = np.concatenate([low, low + rng.uniform(3, 8, (BOXES, 2))], axis=1)
    kept = non_maximum_suppression(boxes, scores, threshold)
    again = non_maximum_suppression(boxes[kept], scores[kept], threshold)

    def excess(some: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return max(0.0, float(np.triu(iou(some, some), 1).max()) - threshold)

    return TrialRow(
        statement="suppression",
        case="random boxes",
        error=excess(boxes[kept]) + len(kept) - len(again),
        control_error=excess(boxes),
    )


def gradient_trial(rng: torch.Generator) -> TrialRow:
    """The loss's slope in a random direction, matched anew on either side, against the gradient of one matching."""
    import torch

    logits, boxes, truth, labels = answers_and_objects(rng)
    turned, moved = (torch.randn(one.shape, generator=rng, dtype=one.dtype) for one in (logits, boxes))
    sides = [loss(logits + h * turned, boxes + h * moved, truth, labels) for h in (STEP, -STEP)]
    slope = (sides[0] - sides[1]).item() / (2 * STEP)
    error, control = (
        abs(along((logits, boxes), (turned, moved), truth, labels, fixed=fixed) / slope - 1) for fixed in (False, True)
    )
    return TrialRow(statement="gradient", case="random directions", error=error, control_error=control)


def along(given: tuple[Tensor, Tensor], directions: tuple[Tensor, Tensor], *objects: Tensor, fixed: bool) -> float:
    """The gradient of the loss times the directions."""
    import torch

    leaves = [one.clone().requires_grad_() for one in given]
    gradients = torch.autograd.grad(loss(*leaves, *objects, fixed=fixed), leaves)
    return sum((one * way).sum().item() for one, way in zip(gradients, directions, strict=True))


def answers_and_objects(rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits, boxes, objects' boxes and labels, in double precision."""
    import torch

    def boxes(count: int) -> Tensor:
        return 0.1 + 0.6 * torch.rand(PICTURES, count, 4, generator=rng, dtype=torch.float64)

    logits = torch.randn(PICTURES, ANSWERS, CLASSES + 1, generator=rng, dtype=torch.float64)
    return logits, boxes(ANSWERS), boxes(OBJECTS), torch.randint(CLASSES, (PICTURES, OBJECTS), generator=rng)


def loss(logits: Tensor, boxes: Tensor, truth: Tensor, labels: Tensor, *, fixed: bool = False) -> Tensor:
    """The matched loss, by least cost or in the order in which objects come."""
    from experiments.detect.core.detectors.set_matching import match_cheapest, match_costs, match_in_order, matched_loss

    counts = [OBJECTS] * PICTURES
    costs = match_costs(logits, boxes, truth, labels)
    matching = match_in_order(counts) if fixed else match_cheapest(costs, counts)
    return matched_loss(logits, boxes, truth, labels, matching)


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "the_matched_loss_ignores_order",
            statement="The matched loss does not depend on the order in which the objects are listed.",
            rule=Theorem("the loss is as before when objects change places", control="a fixed order", tolerance=1e-9),
            measure=instances("order"),
            topic="direct set prediction",
            predicted="holds",
            source="Carion et al. 2020, section 3.1",
        ),
        Claim(
            "the_matching_is_the_cheapest",
            statement="The matching is the cheapest: no other way to give six objects an answer each costs less.",
            rule=Theorem(
                "its cost is the least of all 20,160 matchings", control="the cheapest pair first", tolerance=1e-9
            ),
            measure=instances("cheapest"),
            topic="Hungarian matching",
            predicted="holds",
            source="Kuhn 1955",
        ),
        Claim(
            "no_gradient_passes_the_matching",
            statement="No gradient passes the matching: the loss's slope is the gradient with the matching held fixed.",
            rule=Theorem(
                "the slope, matched anew on both sides, is that of the gradient",
                control="the gradient with another matching",
                tolerance=1e-5,
            ),
            measure=instances("gradient"),
            topic="end-to-end training",
            predicted="holds",
            source="the matching is constant but where two cost the same",
        ),
        Claim(
            "suppression_is_done_at_once",
            statement="After suppression no two boxes overlap by more than the threshold; a second pass takes none.",
            rule=Theorem("excess overlap and boxes taken by a second pass are 0", control="the boxes before"),
            measure=instances("suppression"),
            topic="non-maximum suppression",
            predicted="holds",
            source="Felzenszwalb et al. 2010",
        ),
    ),
    tables=(TRIALS,),
)
