"""A figure of matplotlib as SVG inside the page: text stays text, colors follow the screen's theme, it names itself.

Colors become variables of the page's style, each with matplotlib's own value as the fallback, so that a figure copied
out of the page looks as it did.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from cli.page.text import visible
from cli.pictures.palette import CELL, CELL_EDGE, EDGE, GRID, INK, MUTED, SERIES

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    EDGE: "edge",
    CELL: "cell",
    CELL_EDGE: "cell-edge",
    "#ffffff": "paper",
} | {color: f"line-{index + 1}" for index, color in enumerate(SERIES) if color != INK}
COLOR = re.compile("|".join(VARIABLES))
FONT = re.compile(r"font:\s*((?:bold |italic |\d{3} )*)([\d.]+px)[^;]*")
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inline_svg(figure: Figure, *, name: str, title: str, description: str) -> Markup:
    """The figure as an element with a title and a description; ids begin with ``name``, so figures can share a page."""
    from markupsafe import Markup

    root = ElementTree.fromstring(_drawn(figure))
    _forget(root)
    for element in root.iter():
        _restyle(element)
        _rename(element, name)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "class": "figure", "aria-labelledby": f"{name}-title {name}-description"}
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag if tag == 'title' else 'description'}"})
        element.text = visible(text)
        root.insert(place, element)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _drawn(figure: Figure) -> str:
    """matplotlib's document, without the control codes of labels, which XML forbids."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return visible(file.getvalue())


def _forget(root: ElementTree.Element) -> None:
    """Drop metadata and the style sheet of matplotlib's document."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{SVG}}}metadata":
                parent.remove(child)


def _restyle(element: ElementTree.Element) -> None:
    if element.tag == f"{{{SVG}}}style" and element.text:
        element.text = None
    style = element.get("style")
    if style:
        style = FONT.sub(r"font: \1\2 var(--sans, sans-serif)", style)
        element.set("style", _variables(style))
    for key in ("fill", "stroke"):
        if key in element.attrib:
            element.set("style", f"{key}: {_variables(element.attrib.pop(key))}; {element.get('style', '')}")


def _variables(style: str) -> str:
    return COLOR.sub(lambda color: f"var(--{VARIABLES[color.group()]}, {color.group()})", style)


def _rename(element: ElementTree.Element, name: str) -> None:
    """Ids that no other figure has, and references to them."""
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.attrib['id']}")
    for key, value in list(element.attrib.items()):
        if key == f"{{{XLINK}}}href" and value.startswith("#"):
            element.set(key, f"#{name}-{value[1:]}")
        elif "url(#" in value:
            element.set(key, REFERENCE.sub(rf"url(#{name}-\1)", value))
