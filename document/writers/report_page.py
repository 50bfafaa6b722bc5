"""The reports' pages: templates with everything escaped, and bars for their charts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from document.writers.safe import plain


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart."""

    label: str
    value: int
    share: float
    """Of the longest bar, 0–1."""


def bars(values: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    """Bars for labelled counts, in their order."""
    listed = list(values)
    longest = max((value for _, value in listed), default=0) or 1
    return tuple(Bar(label, value, value / longest) for label, value in listed)


def rendered(template: str, **values: object) -> str:
    """The page that a template of ``templates/`` makes of the values; every text is escaped."""
    return _environment().get_template(template).render(**values)


def script_hash(script: str) -> str:
    """What a content security policy calls a script that may run: its SHA-256 (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("document.writers", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.globals["style"] = Markup(_asset("report.css"))
    environment.globals["sorting"] = Markup(_asset("sort.js"))
    environment.globals["sorting_hash"] = script_hash(_asset("sort.js"))
    return environment


def _asset(name: str) -> str:
    return files("document.writers").joinpath(f"templates/{name}").read_text(encoding="utf-8")
