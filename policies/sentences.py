"""The sentences that explain each gate to the worker and to HR, in several languages, from `policies/texts`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from policies import plain_yaml

LANGUAGES: tuple[str, ...] = ("en", "de", "zh")
"""The languages in which every gate is explained; the first is the one of the reports."""

Text = Annotated[str, StringConstraints(min_length=10, max_length=400)]


class Sentences(BaseModel):
    """What one gate does.

    Attributes:
        worker: In one sentence to the person whose messages are read.
        hr: In one sentence to the people who run it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    worker: Text
    hr: Text


class Labels(BaseModel):
    """The words around the sentences.

    Attributes:
        floor: The mark of a gate of the floor.
        worker: What stands before the sentence to the worker.
        hr: What stands before the sentence to HR.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    floor: Text
    worker: str
    hr: str


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Literal["govern-gate-texts/1"] = Field(alias="schema")
    lang: Literal["en", "de", "zh"]
    labels: Labels
    gates: dict[str, Sentences]


def sentences(lang: str) -> Mapping[str, Sentences]:
    """Return the sentences of every gate in one of `LANGUAGES`.

    Raises:
        KeyError: There are none in this language.
    """
    return MappingProxyType(_file(lang).gates)


def labels(lang: str) -> Labels:
    """Return the words around the sentences in one of `LANGUAGES`.

    Raises:
        KeyError: There are none in this language.
    """
    return _file(lang).labels


@cache
def _file(lang: str) -> _File:
    if lang not in LANGUAGES:
        raise KeyError(lang)
    return _File.model_validate(
        plain_yaml.read(resources.files("policies").joinpath("texts", f"{lang}.yaml").read_bytes())
    )
