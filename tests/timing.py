"""What a piece of work costs, on a machine that others use as well."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 60
"""Other processes take caches, memory and the other half of a core: they make a try longer, never shorter. So one try
within the limit proves it, and only code that is too slow exceeds it so many times."""


def shortest(
    call: Callable[[], object], limit: float, tries: int = TRIES, clock: Callable[[], float] = time.process_time
) -> float:
    """The shortest of several times, seconds (of this process, unless ``clock`` says otherwise); ends with the first
    that is below ``limit``."""
    found = float("inf")
    for _ in range(tries):
        began = clock()
        call()
        found = min(found, clock() - began)
        if found < limit:
            break
    return found
