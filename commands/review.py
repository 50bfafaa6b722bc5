"""``qingzhang review``: the desk where people decide what the machine is not sure of."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.settings import checked, config_option, setting
from review.fieldrows import AuditOptions
from review.types import Role
from review.web.options import DeskOptions

if TYPE_CHECKING:
    from document.types import Document
    from review.store import Store

DATABASE = "sqlite:///qingzhang-review.db"
_database = click.option(
    "--database",
    metavar="URL",
    default=DATABASE,
    show_default=True,
    envvar="QINGZHANG_DATABASE",
    help="the desk's store: sqlite:///FILE, or postgresql://USER@HOST/NAME",
)
_dictionaries = click.option(
    "--dictionaries",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    envvar="QINGZHANG_DICTIONARIES",
    help="the folder with dictionary files of your own: suggestions come from there, approved proposals go there",
)
_archive = click.option("--archive", metavar="NAME", help="the archive's name [default: of import, the folder's]")
_role = click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value, show_default=True,
    help="viewer looks, operator decides, approver also approves proposals, admin also looks after users",
)  # fmt: skip


@click.group(name="review")
def command() -> None:
    """Load outputs into the review desk, serve it, and take its decisions out."""


@command.command(name="import")
@click.argument("outputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="OUT...")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    envvar="QINGZHANG_SOURCE",
    help="the folder that holds the scans, to show crops and pages",
)
@_archive
@setting(AuditOptions, "audit_share")
@setting(AuditOptions, "audit_seed")
@_database
@_dictionaries
def import_outputs(
    outputs: tuple[Path, ...],
    source: Path | None,
    archive: str | None,
    database: str,
    dictionaries: Path | None,
    **audit: Any,
) -> int:
    """Load what `qingzhang run` wrote to OUT: again and again without doubles, and no decision is lost.

    OUT is the folder of a run, or the folder of one document.
    """
    from document.exceptions import ExitCode
    from flows.desk import insight_for
    from flows.export import document_folders, source_finder
    from review.service import import_folders

    options = checked(AuditOptions, audit)
    find = source_finder(source) if source is not None else _unknown
    with _store(database) as store:
        folders = [_folder(folder, archive) for folder in document_folders(outputs)]
        done = import_folders(store, folders, insight_for(dictionaries), find, options)
    for folder, message in done.failures:
        click.echo(f"{folder}: {message}", err=True)
    click.echo(
        f"{done.documents} documents new, {done.updated} read anew, {done.unchanged} unchanged; "
        f"{done.waiting} fields wait. Kept {done.kept} decisions; {done.doubtful} need a second look."
    )
    return ExitCode.PARTIAL if done.failures else ExitCode.OK


def _unknown(_document: Document) -> Path | None:
    return None


def _folder(folder: Path, archive: str | None) -> Any:
    from review.service import Folder

    place = folder.resolve()
    return Folder(place, archive or place.parent.name or "archive", str(place.parent))


@command.command()
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True,
              help="of the record of decisions")  # fmt: skip
@_archive
@click.option("-o", "--output-file", type=click.Path(path_type=Path), help="the file to write [default: print it]")
@_database
def export(form: str, archive: str | None, output_file: Path | None, database: str) -> int:
    """Write the record: every decision with who, when, where, before and after."""
    from flows.outputs import write_whole
    from review.service import decisions_csv, decisions_json

    with _store(database) as store:
        text = decisions_csv(store, archive) if form == "csv" else decisions_json(store, archive)
    if output_file is None:
        sys.stdout.buffer.write(text.encode())
    else:
        write_whole(output_file, text.encode())
        click.echo(output_file)
    return 0


@command.command()
@_database
@_dictionaries
def emit(database: str, dictionaries: Path | None) -> int:
    """Write the outputs of documents anew that people have decided in, as the desk does while it is served."""
    from flows.emission import emit_reviewed
    from review.service import document_folder, documents_to_reemit

    with _store(database) as store:
        for document_id in documents_to_reemit(store):
            folder = document_folder(store, document_id)
            for name in emit_reviewed(store, document_id, dictionaries):
                click.echo(folder / name)
    return 0


@command.command()
@setting(DeskOptions, "host")
@setting(DeskOptions, "port")
@setting(DeskOptions, "language")
@setting(DeskOptions, "public_url")
@setting(DeskOptions, "hosts", "host-name")
@setting(DeskOptions, "user_header")
@setting(DeskOptions, "trusted_proxies", "trusted-proxy")
@setting(DeskOptions, "max_body_bytes")
@_database
@_dictionaries
@config_option()
def serve(database: str, dictionaries: Path | None, **values: Any) -> int:
    """Serve the desk's pages, on this machine alone unless told otherwise. Add a user first: `review user add`."""
    from flows.emission import Emitter
    from flows.pictures import PageDrawer
    from review.desk import Desk
    from review.service import document_folder, documents_to_reemit
    from review.web.app import serve as serve_desk

    options = _desk_options(values)
    with _store(database) as store, Emitter(store, dictionaries) as emitter:
        for document_id in documents_to_reemit(store):
            emitter.notify(document_id)
        notify: Callable[[int], None] = emitter.notify
        if os.environ.get("PREFECT_API_URL"):
            from flows.events import announcing

            notify = announcing(emitter.notify, partial(document_folder, store))
        desk = Desk(store, PageDrawer(), _cache(database), notify, dictionaries)
        click.echo(f"The desk is at http://{options.host}:{options.port}/ (Ctrl-C ends it).")
        serve_desk(desk, options)
    return 0


def _desk_options(values: dict[str, Any]) -> DeskOptions:
    """The server's options; lists are separated by commas."""
    named = {"hosts": values.pop("host_name"), "trusted_proxies": values.pop("trusted_proxy")}
    lists = {k: tuple(p.strip() for p in v.split(",") if p.strip()) for k, v in named.items() if v is not None}
    return checked(DeskOptions, {**values, **lists})


def _cache(database: str) -> Path:
    """Pictures lie beside a SQLite file, else in the user's cache."""
    from sqlalchemy.engine import make_url

    url = make_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).resolve().with_suffix(".pictures")
    return Path(click.get_app_dir("qingzhang")) / "pictures"


# --- users -------------------------------------------------------------------------------------------------


@command.group()
def user() -> None:
    """Who may log in, and as what."""


@user.command()
@click.argument("name")
@_role
@click.option("--archive", "archives", metavar="NAME", multiple=True,
              help="the only archive that the user may see; may be given again [default: every one]")  # fmt: skip
@_database
def add(name: str, role: str, archives: tuple[str, ...], database: str) -> int:
    """Add the user NAME. The password is asked for, or read from standard input: never an argument."""
    from review.service import add_user

    with _store(database) as store:
        made = add_user(store, name, _password(), Role(role), archives)
    click.echo(f"{made.name} may log in as {made.role.value}.")
    return 0


@user.command(name="list")
@_database
def list_names(database: str) -> int:
    """List all users with their roles, and the archives that they are limited to."""
    from review.service import list_users

    with _store(database) as store:
        for one in list_users(store):
            archives = [f"archive {archive.name}" for archive in one.archives]
            click.echo("\t".join([one.name, one.role.value, *(["disabled"] if one.disabled else []), *archives]))
    return 0


@user.command()
@click.argument("name")
@_database
def passwd(name: str, database: str) -> int:
    """Give the user NAME a new password; their sessions end."""
    from review.service import set_password

    with _store(database) as store:
        set_password(store, name, _password())
    click.echo(f"{name} has a new password.")
    return 0


@user.command()
@click.argument("name")
@_role
@_database
def role(name: str, role: str, database: str) -> int:
    """Give the user NAME another role."""
    from review.service import set_role

    with _store(database) as store:
        changed = set_role(store, name, Role(role))
    click.echo(f"{changed.name} is {changed.role.value} now.")
    return 0


@user.command()
@click.argument("name")
@click.argument("archives", nargs=-1, metavar="[ARCHIVE]...")
@click.option("--all", "every", is_flag=True, help="every archive, later ones too")
@_database
def archives(name: str, archives: tuple[str, ...], every: bool, database: str) -> int:
    """Limit the user NAME to each ARCHIVE named, at once; what they could see before no longer counts."""
    from review.service import set_archives

    if every == bool(archives):
        raise click.UsageError("Name the archives that the user may see, or say --all.")
    with _store(database) as store:
        changed = set_archives(store, name, archives)
    seen = "、".join(archive.name for archive in changed.archives) or "every archive"
    click.echo(f"{changed.name} sees {seen} now.")
    return 0


@user.command()
@click.argument("name")
@click.option("--enable", is_flag=True, help="open the account again")
@_database
def disable(name: str, enable: bool, database: str) -> int:
    """Close the account of the user NAME at once; the record keeps the name."""
    from review.service import disable_user

    with _store(database) as store:
        changed = disable_user(store, name, not enable)
    click.echo(f"{changed.name} {'may log in again' if enable else 'may not log in any more'}.")
    return 0


def _password() -> str:
    """Typed twice at a terminal; else one line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@contextmanager
def _store(database: str) -> Iterator[Store]:
    from review.store import open_store

    store = open_store(database)
    try:
        yield store
    finally:
        store.close()
