"""The desk as the pages get it: the store, and what of the rest of the program was handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from document.geometry import Box
from review.store import Store
from review.types import User


@dataclass(frozen=True, slots=True)
class PageSource:
    """Which page to draw; only ever of a document that was imported."""

    file: Path
    """The source file."""
    sha256: str
    """Of the source file when it was read: another file's pages are not shown."""
    number: int
    """1-based."""
    rotation: int
    """Clockwise turn that brings it upright."""
    width: float
    height: float
    """Points, upright."""


Draw = Callable[[PageSource, bool, Box | None, int], bytes]
"""``draw(page, cleaned, box, dpi)``: PNG of the page, or of a box (points) of it, with or without its watermark.

Raises InputError where the file is not there or has other bytes.
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the functions of ``review.service`` that need more than the store take."""

    store: Store
    draw: Draw
    cache: Path
    """Folder for pictures, bounded."""
    notify: Callable[[int], None]
    """Is told the id of a document whose outputs have to be written anew; returns at once."""
    dictionaries: Path | None = None
    """The user's own dictionary folder, into which approved proposals go; None: nothing can be approved."""

    def seen_by(self, user: User) -> Desk:
        """The desk with the archives that the user may see."""
        return replace(self, store=self.store.limited_to(archive.id for archive in user.archives))
