"""Average precision of VOC's files, class by class.

Source: Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV 2010.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.detect.annotations import voc_scene

if TYPE_CHECKING:
    from experiments.detect.core.average_precision import Interpolation


def evaluate_voc(
    annotations: str | Path, detections: str | Path, *, iou_threshold: float = 0.5, interp: Interpolation = "voc2010"
) -> dict[str, float]:
    """AP of each class by its name, then their mean as ``mAP``, of a folder of xml and one of result files.

    Args:
        annotations: folder with one xml per image; objects marked difficult count neither way.
        detections: folder with ``comp4_det_test_<class>.txt`` per class, lines "image score xmin ymin xmax ymax".
        iou_threshold: overlap from which a detection is right.
        interp: "voc2010" takes the whole area under the curve, "voc2007" eleven points.

    Raises:
        InputError: a file that is missing or damaged, with the fault.
    """
    from experiments.detect.core.evaluation import mean_of_known
    from experiments.detect.core.voc_evaluation import voc_average_precisions

    scene = voc_scene(Path(annotations), Path(detections))
    found = voc_average_precisions(scene.ground_truth, scene.detections, iou_threshold=iou_threshold, interp=interp)
    return {**dict(zip(scene.names, found.tolist(), strict=True)), "mAP": mean_of_known(found)}
