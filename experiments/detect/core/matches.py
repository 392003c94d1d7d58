"""What is left of images once their detections are matched: all that precision and recall need, and no box or mask.

Of a class its detections lie by image, then by falling score. Matches of further images can be added, so that a stream
of images gives what all of them at once would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.detect.core.accumulating import out_of_range
from experiments.detect.core.ground_truth import Detections, Flags, Floats, GroundTruth, Ints
from experiments.detect.core.matching import Codes, match_class
from experiments.detect.core.overlaps import Groups, overlaps_of
from experiments.detect.core.rules import Rules
from experiments.detect.core.sorting import dense_ids, order_by_key, order_by_key_and_score


@dataclass(frozen=True, kw_only=True)
class Matches:
    """The n detections of one class."""

    members: Ints
    """(n,) where each stands among the detections given."""
    images: Ints
    scores: Floats
    ranks: Ints
    """(n,) within the image, by falling score."""
    places: Ints
    """(n,) of their codes, or -1 of those that overlap nothing enough."""
    codes: Codes
    """(contenders, ranges, thresholds)"""
    outside: Flags
    """(n, ranges) whether their own area is out of range."""
    counted: Ints
    """(ranges,) objects that count."""

    def within(self, limit: int) -> Matches:
        """Without the detections beyond a limit per image, which take part in nothing; their codes stay."""
        kept = self.ranks < limit
        columns = ("members", "images", "scores", "ranks", "places", "outside")
        return replace(self, **{name: getattr(self, name)[kept] for name in columns})

    @classmethod
    def joined(cls, parts: Sequence[Matches]) -> Matches:
        """Of several sets of images, by image; no image may stand in two of them."""
        contenders = np.cumsum([0, *(len(part.codes) for part in parts)])
        places = [np.where(part.places < 0, -1, part.places + n) for part, n in zip(parts, contenders, strict=False)]
        images = np.concatenate([part.images for part in parts])
        order = np.argsort(images, kind="stable")
        return cls(
            members=np.concatenate([part.members for part in parts])[order],
            images=images[order],
            scores=np.concatenate([part.scores for part in parts])[order],
            ranks=np.concatenate([part.ranks for part in parts])[order],
            places=np.concatenate(places)[order],
            codes=np.concatenate([part.codes for part in parts]),
            outside=np.concatenate([part.outside for part in parts])[order],
            counted=np.sum([part.counted for part in parts], axis=0),
        )


@dataclass(frozen=True, kw_only=True)
class Sets:
    """Objects and detections by class, ready to be matched."""

    ground_truth: GroundTruth
    detections: Detections
    rules: Rules
    images: Ints
    """(n,) of the detections, as ranks among all images."""
    object_images: Ints
    n_images: int
    members: Ints
    """(n,) detections by class; those of class k are members[starts[k]:starts[k + 1]]."""
    starts: Ints
    objects: Ints
    object_starts: Ints
    areas: Floats

    @classmethod
    def of(cls, ground_truth: GroundTruth, detections: Detections, rules: Rules) -> Sets:
        """Raises ValueError for a detection of a class that the ground truth does not know."""
        if len(detections.classes) and detections.classes.max() >= ground_truth.n_classes:
            raise ValueError(f"expected classes below {ground_truth.n_classes}, got {detections.classes.max()}")
        images, object_images, n_images = dense_ids(detections.images, ground_truth.images)
        sides = (detections.classes, ground_truth.classes)
        (members, starts), (objects, object_starts) = (
            order_by_key(classes, ground_truth.n_classes, np.arange(len(classes))) for classes in sides
        )
        return cls(
            ground_truth=ground_truth,
            detections=detections,
            rules=rules,
            images=images,
            object_images=object_images,
            n_images=max(n_images, 1),
            members=members,
            starts=starts,
            objects=objects,
            object_starts=object_starts,
            areas=detections.areas,
        )

    def match(self, k: int) -> Matches:
        """Of class k."""
        rules, truth, found = self.rules, self.ground_truth, self.detections
        members = self.members[self.starts[k] : self.starts[k + 1]]
        objects = self.objects[self.object_starts[k] : self.object_starts[k + 1]]
        members, starts, ranks = order_by_key_and_score(self.images, found.scores, self.n_images, members)
        objects, object_starts = order_by_key(self.object_images, self.n_images, objects)
        groups, bounds = Groups(members, starts, objects, object_starts), rules.bounds
        overlaps = overlaps_of(truth, found, groups, rules.iou_type, rules.sigmas)
        objects_alike = objects, object_starts, truth.areas, truth.crowd, truth.uncounted
        places, codes, counted = match_class(overlaps, starts, *objects_alike, bounds, np.array(rules.iou))
        return Matches(
            members=members,
            images=found.images[members],
            scores=found.scores[members],
            ranks=ranks,
            places=places,
            codes=codes,
            outside=out_of_range(self.areas, members, bounds),
            counted=counted,
        )
