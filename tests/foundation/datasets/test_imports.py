from __future__ import annotations

import subprocess
import sys

LATE = ("sklearn", "h5py", "torch", "faiss", "numba", "pandas", "matplotlib")


def test_importing_the_data_layer_loads_no_heavy_library() -> None:
    code = (
        "import sys, experiments.foundation.datasets.images, experiments.foundation.datasets.vectors, experiments.foundation.datasets.tables, "
        "experiments.foundation.datasets.coco, experiments.foundation.datasets.voc, experiments.foundation.datasets.series; "
        f"print([name for name in {LATE} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
