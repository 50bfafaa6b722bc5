"""``qingzhang watch``: says on Prefect's bus when a file in an inbox has stopped growing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from commands.settings import checked, config_option, setting
from flows.watch import WatchOptions


@click.command(name="watch")
@click.argument("folder", type=click.Path(path_type=Path))
@setting(WatchOptions, "settle_seconds")
@setting(WatchOptions, "poll_seconds")
@config_option()
def command(folder: Path, **values: Any) -> None:
    """Watch FOLDER and emit the event qingzhang.upload.arrived when files in it have stopped growing.

    PREFECT_API_URL names the server. The flow `uploads` takes the files; whether or not an event came through, it
    looks by itself every few minutes. Ends with Ctrl-C.
    """
    from flows.events import announce_uploads, check_server
    from flows.watch import watch

    options = checked(WatchOptions, values)
    check_server()

    def say(files: tuple[Path, ...]) -> None:
        announce_uploads(folder, files)
        for file in files:
            click.echo(f"arrived: {file}")

    watch(folder, options, say)
