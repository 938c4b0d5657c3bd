"""Says an evaluation to people, from the numbers that were logged: the same words on a terminal, a page, a skill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from extract.evaluate.loss import COUNTED

_CONTEXTS = {
    "nothing": "nothing",
    "placebo": "advice that fits any work",
    "peer": "the peer's skill",
    "own": "this skill",
    "raw": "the person's own words",
}
_HOW = {
    "later": "messages written after the skill was made",
    "back_test": "the last fifth of the messages; the claims were made anew of those before",
}
#: What the numbers are not: it stands wherever they stand.
LIMITS = (
    "These numbers say how well one model, with this text at hand, foretells what a person writes. They do not say how "
    "good anybody's work is, and nobody may be ranked by them."
)


class Part(NamedTuple):
    """A table with a title and a note.

    Attributes:
        title: What it shows, one sentence.
        head: Names of the columns; empty where the rows speak for themselves.
        rows: Cells, all rows of one length.
        note: What to think of when reading it; "" for nothing.
    """

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""


def parts(numbers: Mapping[str, Any]) -> list[Part]:
    """Return everything that was measured.

    Args:
        numbers: As `Evaluation.as_json` gives them.
    """
    return list(_parts(numbers))


def _parts(numbers: Mapping[str, Any]) -> Iterator[Part]:
    gain, loss = numbers["gain"], numbers["loss"]
    yield Part(
        f"Measured on {_HOW[numbers['how']]}",
        (),
        [
            ("messages of evidence", str(numbers["evidence"])),
            ("later messages", str(numbers["held_out"])),
            ("left out since they repeat evidence", str(numbers["overlapping"])),
            ("of the later ones read", f"{gain['messages']}, {gain['bytes']} bytes, {numbers['shortened']} shortened"),
            ("claims", str(numbers["claims"])),
            ("reader", f"{gain['reader']} ({gain['reader_sha256'][:12]})"),
            ("tokens of each context at most", str(gain["tokens"])),
        ],
    )
    yield Part(
        "Bits per byte that the reader needs, by what it has read before",
        (),
        [(_CONTEXTS[name], f"{bits / 1e6:.3f}") for name, bits in gain["bits"].items()],
        "Fewer is better.",
    )
    yield Part(
        "Bits per byte saved",
        ("", "saved", "95 % interval"),
        [(contrast(name), *_signed(values)) for name, values in gain["gains"].items()],
        "A gain counts only where the whole interval is above 0.",
    )
    yield Part("What of it is the person's", (), list(_shares(gain)))
    asked = numbers["decisions"]
    yield Part(
        f"Sentences told from their contrary, of {asked['items']}, by what the reader has read before",
        (),
        [(_CONTEXTS[name], str(n)) for name, n in asked["right"].items()],
        "Grammar alone tells many of them: hold the skill against nothing and against advice.",
    )
    if numbers["recall"] is not None:
        yield _found(numbers["recall"])
    yield Part(
        "What is kept of the way things were put",
        ("", "in the messages", "in quotes", "in statements"),
        [
            (said, *(str(loss["turns"][name][where]) for where in ("seen", "quoted", "stated")))
            for name, said in COUNTED.items()
        ]
        + [("words", *(str(loss["words"][where]) for where in ("seen", "quoted", "stated")))],
        f"Claims whose evidence speaks on both sides: {loss['both_sides']} of {loss['claims']}.",
    )


def contrast(name: str) -> str:
    """Return in words what a gain is over what: `own_over_placebo`."""
    better, _, worse = name.partition("_over_")
    return f"{_CONTEXTS[better]}, over {_CONTEXTS[worse]}"


def _shares(gain: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    carried, personal = gain["carried"], gain["personal"]
    unsure = "not known: the person's own words are not surely better than advice"
    yield "carried of what as many raw words tell", unsure if carried is None else _percent(carried)
    yield "residue: left behind of it", unsure if carried is None else _percent([1000 - carried[i] for i in (0, 2, 1)])
    if gain["author"] is not None:
        unsure = "not known: the skill is not surely better than advice"
        yield "share of the gain that a peer's skill does not give", unsure if personal is None else _percent(personal)
        told = f"{gain['author'] / 10:.0f} % (50 % would be anonymous)"
        yield "messages foretold better than by the peer's skill", told


def _found(recall: Mapping[str, int]) -> Part:
    n = recall["queries"]
    return Part(
        f"Found among {recall['skills']} skills",
        ("", "first", "among three", "asked"),
        [
            ("later messages, by statements", str(recall["at_1"]), str(recall["at_3"]), str(n)),
            ("later messages, by description", str(recall["described_at_1"]), str(recall["described_at_3"]), str(n)),
            ("claims of the others (a find is wrong)", str(recall["false_at_1"]), "", str(recall["near_misses"])),
        ],
    )


def markdown(numbers: Mapping[str, Any]) -> list[str]:
    """Return everything that was measured as Markdown lines."""
    lines = []
    for part in parts(numbers):
        width = len(part.rows[0])
        head = part.head or ("",) * width
        lines += [f"## {part.title}", "", _row(head), _row(("---",) + ("---:",) * (width - 1))]
        lines += [*(_row(row) for row in part.rows), ""]
        lines += [part.note, ""] if part.note else []
    return [*lines, LIMITS]


def summary(numbers: Mapping[str, Any], *, these: bool) -> list[str]:
    """Return what a skill says of itself on its first page, as Markdown lines.

    Args:
        numbers: As `Evaluation.as_json` gives them.
        these: Whether exactly the claims of the skill were measured.
    """
    gain = numbers["gain"]
    value, low, high = (f"{v / 1e6:+.3f}" for v in gain["gains"]["own_over_placebo"])
    of = "These claims" if these else "Claims made in the same way, not these,"
    carried = (
        "How much they carry of what the person's own words would tell is not known."
        if gain["carried"] is None
        else f"Of what as many raw words tell they carry {_percent(gain['carried'])}; the rest was left behind."
    )
    return [
        f"{of} save the reader model {gain['reader']} {value} [{low}, {high}] bits per byte of "
        f"{gain['messages']} messages that they were not made of, against advice that fits any work. {carried}",
        "",
        f"{LIMITS} All numbers: `references/evaluation.md`.",
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _signed(values: Sequence[int]) -> tuple[str, str]:
    value, low, high = (f"{v / 1e6:+.3f}" for v in values)
    return value, f"{low} to {high}"


def _percent(values: Sequence[int]) -> str:
    value, low, high = (f"{v / 10:.0f}" for v in values)
    return f"{value} % [{low}, {high}]"
