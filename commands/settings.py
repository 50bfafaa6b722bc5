"""Options that a command takes from the command line, the environment, or a file, in this order of weight.

Every option is a field of a pydantic model: its help text and its check come from there. ``--dpi`` on the command
line is ``QINGZHANG_DPI`` in the environment and ``dpi`` in the file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import click
from click.core import ParameterSource
from pydantic import BaseModel, ValidationError

from document.exceptions import ExitCode

PREFIX = "QINGZHANG_"
Model = TypeVar("Model", bound=BaseModel)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class InvalidConfig(click.ClickException):
    """The file that ``--config`` names cannot be used."""

    exit_code = ExitCode.INVALID_CONFIG


def setting(model: type[BaseModel], field: str, name: str | None = None, short: str | None = None) -> Decorator:
    """The option for one field of ``model``; ``name`` (without dashes) where it is not called like the field."""
    info = model.model_fields[field]
    long = (name or field).replace("_", "-")
    negative = f"/--no-{long}" if info.annotation is bool else ""
    return click.option(
        f"--{long}{negative}",
        *([short] if short else []),
        long.replace("-", "_"),
        type=_type(info.annotation),
        default=None,
        envvar=PREFIX + long.upper().replace("-", "_"),
        help=f"{info.description}{_shown_default(info.default)}",
    )


def _shown_default(default: Any) -> str:
    """The default for the help text, where the description does not tell it in words."""
    if isinstance(default, bool):
        return f" [default: {'yes' if default else 'no'}]"
    if isinstance(default, tuple) and default:
        return f" [default: {','.join(map(str, default))}]"
    return f" [default: {default}]" if isinstance(default, str | int) else ""


def flag(model: type[BaseModel], field: str) -> Decorator:
    """The option for a field that is off unless it is named."""
    return click.option(
        f"--{field.replace('_', '-')}",
        field,
        is_flag=True,
        default=None,
        envvar=PREFIX + field.upper(),
        help=model.model_fields[field].description,
    )


def phrases(model: type[BaseModel], field: str, name: str) -> Decorator:
    """The option for a field of texts: repeatable; separated by commas in the environment."""
    return click.option(
        f"--{name}",
        name,
        multiple=True,
        metavar="PHRASE",
        callback=_from_environment,
        help=f"{model.model_fields[field].description} (repeatable)",
    )


def config_option() -> Decorator:
    """``--config FILE``: the file's values stand in for what neither options nor environment say."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_read_config,
        envvar=PREFIX + "CONFIG",
        metavar="FILE",
        help="TOML file with options by their long names, e.g. dpi = 200",
    )


def checked(model: type[Model], values: dict[str, Any]) -> Model:
    """The model from what was given; None is what was not. Raises click.UsageError naming the option."""
    try:
        return model.model_validate({key: value for key, value in values.items() if value not in (None, ())})
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise click.UsageError(f"--{name}: {first['msg']}") from error


def _type(annotation: Any) -> Any:
    """What the command line may hold for a field: a choice of an enum's values, a whole number, or a text.

    Several values are a text: the model takes them apart.
    """
    if get_origin(annotation) is tuple:
        return str
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type) and kind is not type(None)]
    kind = kinds[0] if kinds else str
    if issubclass(kind, Enum):
        return click.Choice([member.value for member in kind])
    return kind if kind in (bool, int, float) else str


def _from_environment(ctx: click.Context, option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    text = os.environ.get(PREFIX + str(option.name).upper())
    if text is None or ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE:
        return value
    return tuple(phrase.strip() for phrase in text.replace("，", ",").split(",") if phrase.strip())


def _read_config(ctx: click.Context, option: click.Parameter, path: Path | None) -> None:
    if path is None:
        return
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfig(f"{path}: cannot be read ({error.strerror}).") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise InvalidConfig(f"{path}: is no TOML file: {error}") from error
    known = {str(p.name) for p in ctx.command.params if isinstance(p, click.Option)} - {option.name}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InvalidConfig(f"{path}: unknown option {unknown[0]!r}. There are: {', '.join(sorted(known))}.")
    ctx.default_map = values
