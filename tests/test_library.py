"""The front door: every name is there for Python and for type checkers, and runs are the command line's."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import mlnotes

SOURCE = Path(mlnotes.__file__)


def test_type_checkers_see_the_names_that_python_finds() -> None:
    guarded = next(node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    imported = [
        (node.module, alias)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname is not None or alias.name in mlnotes.CALLED.values()
    ]
    called = {name: own for own, name in mlnotes.CALLED.items()}
    seen = {called.get(alias.name, alias.name): module for module, alias in imported}
    assert seen == mlnotes.MODULES


@pytest.mark.parametrize("name", sorted(mlnotes.MODULES))
def test_every_name_is_there(name: str) -> None:
    assert getattr(mlnotes, name).__name__ == mlnotes.CALLED.get(name, name)
    assert name in dir(mlnotes)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Nsg'; it has .*, NSG, "):
        getattr(mlnotes, "Nsg")  # noqa: B009  # type checkers know that it is not there


def test_importing_loads_nothing_large() -> None:
    heavy = "{'torch', 'numba', 'numpy', 'hydra', 'pydantic', 'rich', 'experiments', 'cli'}"
    code = f"import sys, mlnotes; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_foreign_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import mlnotes; mlnotes.NSG"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    foreign = tmp_path / "experiments" / "__init__.py"
    said = f"mlnotes needs its own package experiments, but Python finds {foreign}: rename that one"
    assert done.stderr.splitlines()[-1] == f"ImportError: {said}"


DOCUMENTS = [SOURCE.parent / "docs" / name for name in ("library.md", "records.md")]
BLOCKS = {
    f"{section.partition(chr(10))[0]} {number}": block
    for document in DOCUMENTS
    for section in document.read_text().split("\n## ")[1:]
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
}
PRINTED = re.compile(r"print\(.*\) +# (.*)")
"""A printed line of an example, with what it prints."""
IMAGES = range(1, 13)
POINTS = [coordinate for point in range(17) for coordinate in (10 + 2 * point, 10 + 2 * point, 2)]


def rectangle(height: int) -> dict[str, object]:
    outline = [10, 10, 50, 10, 50, 10 + height, 10, 10 + height]
    return {"category_id": 7, "bbox": [10, 10, 40, height], "segmentation": [outline], "keypoints": POINTS}


def results(height: int) -> str:
    return json.dumps([{"image_id": image, "score": 0.9, **rectangle(height)} for image in IMAGES])


INSTANCES = {
    "images": [{"id": image, "width": 100, "height": 100} for image in IMAGES],
    "annotations": [{"id": image, "image_id": image, "area": 1600, "iscrowd": 0, **rectangle(40)} for image in IMAGES],
    "categories": [{"id": 7, "name": "dog"}],
}
VOC = """<annotation><filename>a.jpg</filename><size><width>100</width><height>100</height><depth>3</depth></size>
<object><name>dog</name><difficult>0</difficult>
<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>50</xmax><ymax>50</ymax></bndbox></object></annotation>"""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name."""
    np.save(tmp_path / "vectors.npy", np.random.default_rng(0).normal(size=(1000, 24)).astype(np.float32))
    (tmp_path / "instances.json").write_text(json.dumps(INSTANCES))
    (tmp_path / "results.json").write_text(results(44))
    (tmp_path / "worse.json").write_text(results(70))
    for name, text in (("Annotations/a.xml", VOC), ("results/comp4_det_test_dog.txt", "a 0.9 11 11 50 50\n")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLNOTES_RUNS", str(tmp_path / "runs"))
    return tmp_path


@pytest.fixture
def record(workplace: Path) -> Path:
    """A run in the workplace."""
    return mlnotes.run("ann.voronoi", smoke=True).path


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_the_documents_examples_print_what_they_say(
    block: str, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in ("lightning", "polars"):
        if f"import {package}" in block:
            pytest.importorskip(package, reason=f"{package} is not installed")
    with warnings.catch_warnings():
        if "import lightning" in block:
            warnings.simplefilter("ignore")  # Lightning's own
        exec(compile(block, "example", "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.splitlines() == PRINTED.findall(block)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_documents_jq_says_what_a_frame_says(record: Path) -> None:
    (command,) = re.findall(r"```sh\n(.*?)```", DOCUMENTS[1].read_text(), re.DOTALL)
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    laws = mlnotes.load(record).frame("laws")
    assert json.loads(said) == laws.groupby("statement")["error"].max().to_dict()
