"""Reads the shipped seed sentences: invented examples of rules worth keeping, and of talk that is not."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from extract.distil.claims import KINDS

DISCARD = "discard"
MEDIA = ("mail", "chat", "commit", "doc")


@dataclass(frozen=True, slots=True)
class Seed:
    """One labelled sentence.

    Attributes:
        label: One of the kinds, or `discard`.
        medium: Where one would meet it: mail, chat, commit or doc.
        text: The sentence.
    """

    label: str
    medium: str
    text: str


def load() -> tuple[Seed, ...]:
    """Return the shipped seeds in the order of their file.

    Raises:
        ValueError: If a line does not have three fields, a known label and a known medium.
    """
    seeds = []
    for number, line in enumerate(files("extract.distil").joinpath("seeds.tsv").read_text("utf-8").splitlines(), 1):
        label, medium, text = line.split("\t")
        if label not in (*KINDS, DISCARD) or medium not in MEDIA:
            raise ValueError(f"seeds.tsv, line {number}: unknown label or medium")
        seeds.append(Seed(label, medium, text))
    return tuple(seeds)
