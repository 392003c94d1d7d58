"""Templates to HTML: every value is escaped, no HTML is pasted together in Python."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

from cli.page.text import finalized

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPT = "search.js"


def render(template: str, **values: Any) -> str:
    """The whole document of a template."""
    from markupsafe import Markup

    script = Markup(_source(SCRIPT))
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    html: str = (
        _environment()
        .get_template(template)
        .render(script=script, script_hash=digest, style=Markup(stylesheet()), **values)
    )
    return html


def fragment(macro: str, **values: Any) -> str:
    """A part of a document: a macro of the templates' fragments."""
    module: Any = _environment().get_template("fragments.html.j2").module
    return str(getattr(module, macro)(**values))


def stylesheet() -> str:
    """The style of every page."""
    return _source("colors.css") + _source("style.css")


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cli.page"),
        autoescape=True,
        finalize=finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(name: str) -> str:
    return (resources.files("cli.page") / "templates" / name).read_text(encoding="utf-8")
