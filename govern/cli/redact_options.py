"""What a redactor knows beforehand: options that redaction and its measuring share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from redact.engine import Redactor

F = TypeVar("F", bound=Callable[..., Any])

PROFILES = ("fast", "strict", "max")


@dataclass(frozen=True, slots=True)
class Known:
    """What a redactor is told beside the text.

    Attributes:
        people: People file, or None.
        models: Model package by language code, beside those that are there.
        keep: Names of products and projects.
    """

    people: Path | None
    models: Mapping[str, str]
    keep: Sequence[str]


def _model(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    models = {}
    for value in values:
        language, _, package = value.partition("=")
        if not re.fullmatch(r"[a-z]{2,3}", language) or not re.fullmatch(r"[A-Za-z]\w*", package):
            raise click.BadParameter("give LANG=PACKAGE, for instance de=de_core_news_sm", ctx, param)
        models[language] = package
    return models


def known_options(command: F) -> F:
    """Add `--people`, `--model` and `--keep`; the body gets `known: Known`."""

    @click.option(
        "--people",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="PEOPLE.yaml",
        help="People file; whoever it lists gets a number.",
    )
    @click.option(
        "--model",
        "models",
        multiple=True,
        callback=_model,
        metavar="LANG=PACKAGE",
        help="Installed model package that reads names in a language; may be repeated.  [en is there]",
    )
    @click.option("--keep", multiple=True, metavar="WORD", help="Product or project that is no name; may be repeated.")
    @wraps(command)
    def wrapper(*args: Any, people: Path | None, models: Mapping[str, str], keep: Sequence[str], **kwargs: Any) -> Any:
        return command(*args, known=Known(people, models, keep), **kwargs)

    return wrapper  # type: ignore[return-value]


def made(profile: str, known: Known, key: bytes) -> Redactor:
    """Return the redactor."""
    from redact.analyzer import MODELS
    from redact.engine import Redactor

    people: list[Any] = []
    domains: list[str] = []
    if known.people is not None:
        from extract import identity
        from extract.redaction import known_people

        listed = identity.load(known.people)
        people, domains = known_people(listed), sorted(listed.work_domains)
    return Redactor(people, (), domains, key, profile, {**MODELS, **known.models}, keep=known.keep)
