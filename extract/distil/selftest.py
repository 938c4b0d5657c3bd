"""Tries a model on texts of our own with known answers, and says for which work it is fit.

Tiers, each of which needs the one before it:

- `choose`: the model tells the kinds of statements apart better than by chance.
- `delete`: it keeps to a grammar and can hold a sentence, so it may leave out words of a quote.
- `paraphrase`: it never puts "must not" for "must" and never answers with the prompt's own example, so what it writes
  freely is worth a check. The tier says that this may be tried, never that a paraphrase needs no check.

The numbers are small and the texts few: a tier says what a model failed at, and is no measure of quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from extract.distil import kinds, paraphrase, seeds
from extract.distil.backend import Backend, Prompt
from extract.distil.claims import KINDS, Kind

Tier = Literal["none", "choose", "delete", "paraphrase"]
Progress = Callable[[str, int, int], None]

TIERS: tuple[Tier, ...] = ("none", "choose", "delete", "paraphrase")
#: What each part is about, in the order in which they are asked.
PARTS: dict[str, str] = {
    "seeds": "tells the kinds of labelled statements apart (AUC)",
    "grammar": "answers with what a grammar allows",
    "copy": "repeats a sentence word for word",
    "echo": "answers without the words of the prompt's example",
    "polarity": "tells must, must not and need not apart in other words",
}
#: The least score in thousandths that each tier asks of a part, beside all that the tiers before it ask.
NEEDED: dict[Tier, Mapping[str, int]] = {
    # What answers by lot reaches 580 in one of a hundred runs.
    "choose": {"seeds": 580},
    "delete": {"grammar": 1000, "copy": 750},
    # One of 36 rules may be taken wrongly; of 12 answers none may be an example.
    "paraphrase": {"copy": 900, "echo": 1000, "polarity": 970},
}
_PER_KIND = 20
_COLOURS = (" red", " green")
_COPY = """Copy each line word for word.

Line: The blue boxes stay in the hall until the driver has signed for all four of them.
Copy: The blue boxes stay in the hall until the driver has signed for all four of them.

Line: Nobody opens the side window while the fan is running, not even for a minute.
Copy: Nobody opens the side window while the fan is running, not even for a minute.

Line:"""
_POLARITY = """Put each rule from work into the form You must, You must not or You need not.

Rule: It is forbidden to park behind the hall.
Form: You must not park behind the hall.

Rule: Make sure to lock the yard.
Form: You must lock the yard.

Rule: Feel free to leave out the second stamp.
Form: You need not add the second stamp.

Rule: There is no need to print the list.
Form: You need not print the list.

Rule: Under no circumstances feed the guard dog.
Form: You must not feed the guard dog.

Rule: Always sign the slip.
Form: You must sign the slip.

Rule:"""
_FORMS = ("must", "must not", "need not")


@dataclass(frozen=True, slots=True)
class Part:
    """How one part went.

    Attributes:
        name: A key of `PARTS`.
        right: Questions that were answered rightly.
        of: Questions that were asked.
        score: Thousandths; 500 is chance for `seeds`, 333 for `polarity`.
    """

    name: str
    right: int
    of: int
    score: int


@dataclass(frozen=True, slots=True)
class Report:
    """All parts, and the tier that they give."""

    parts: tuple[Part, ...]
    tier: Tier


def run(backend: Backend, progress: Progress | None = None) -> Report:
    """Ask a model all questions: less than a minute of one core with the default model.

    Raises:
        BackendError: If the model gives something that cannot be used.
    """
    tell: Progress = progress if progress is not None else _silent
    asked: dict[str, Callable[[Backend], Part]] = {
        "seeds": told_apart,
        "grammar": kept_to_grammar,
        "copy": copied,
        "echo": not_echoed,
        "polarity": polarity_kept,
    }
    parts = []
    for i, name in enumerate(PARTS):
        tell(name, i, len(PARTS))
        parts.append(asked[name](backend))
    tell("done", len(PARTS), len(PARTS))
    return Report(tuple(parts), tier({p.name: p.score for p in parts}))


def tier(scores: Mapping[str, int]) -> Tier:
    """Return the highest tier whose needs, and those of all tiers before it, are met by scores in thousandths."""
    reached: Tier = "none"
    for name in TIERS[1:]:
        if any(scores[part] < least for part, least in NEEDED[name].items()):
            break
        reached = name
    return reached


def told_apart(backend: Backend) -> Part:
    """Ask for the kinds of seeds in the very way of the distiller; the score is the mean AUC of the five kinds."""
    chosen: list[seeds.Seed] = []
    for kind in KINDS:
        all_of_it = [s for s in seeds.load() if s.label == kind]
        chosen += all_of_it[:: max(1, len(all_of_it) // _PER_KIND)][:_PER_KIND]
    # The same for all kinds, so that only the model speaks.
    unknown: dict[Kind, float] = dict.fromkeys(KINDS, 1 / len(KINDS))
    found = kinds.distributions([s.text for s in chosen], [unknown] * len(chosen), backend)
    areas = []
    for kind in KINDS:
        own = [p[kind] for p, seed in zip(found, chosen, strict=True) if seed.label == kind]
        other = [p[kind] for p, seed in zip(found, chosen, strict=True) if seed.label != kind]
        areas.append(sum((a > b) + 0.5 * (a == b) for a in own for b in other) / (len(own) * len(other)))
    right = sum(kinds.best(p) == seed.label for p, seed in zip(found, chosen, strict=True))
    return Part("seeds", right, len(chosen), round(1000 * sum(areas) / len(areas)))


def kept_to_grammar(backend: Backend) -> Part:
    """Ask for a copy under a grammar that allows a colour only; what looks away from the grammar copies."""
    allowed = "root ::= (" + " | ".join(f'"{c}"' for c in _COLOURS) + ') "\\n"\n'
    answers = _answers(backend, _COPY, "Copy", _texts("copy")[:4], allowed)
    return _part("grammar", [f" {a}" in _COLOURS for a in answers])


def copied(backend: Backend) -> Part:
    """Ask for copies of sentences with negators, conditions and numbers."""
    texts = _texts("copy")
    answers = _answers(backend, _COPY, "Copy", texts, paraphrase.LINE)
    return _part("copy", [a == t for a, t in zip(answers, texts, strict=True)])


def not_echoed(backend: Backend) -> Part:
    """Ask for the rules in notes of which most have none, in the very way of the distiller."""
    texts = _texts("echo")
    answers = _answers(backend, paraphrase.FIXED, "Rule", texts, paraphrase.LINE)
    return _part("echo", [not paraphrase.is_echo(a, t) for a, t in zip(answers, texts, strict=True)])


def polarity_kept(backend: Backend) -> Part:
    """Ask of the same deeds whether they must, must not or need not be done, put in four ways each."""
    frames = {form: _texts(form) for form in _FORMS}
    rules = [
        (form, frames[form][i % len(frames[form])].format(deed))
        for form in _FORMS
        for i, deed in enumerate(_texts("action"))
    ]
    allowed = "root ::= (" + " | ".join(f'" You {form} "' for form in _FORMS) + ') [^\\n]+ "\\n"\n'
    answers = _answers(backend, _POLARITY, "Form", [rule for _, rule in rules], allowed, max_tokens=6)
    return _part("polarity", [_form(a) == form for a, (form, _) in zip(answers, rules, strict=True)])


def _form(answer: str) -> str:
    """Return the form that an answer has: the longest, because "must not" begins with "must"."""
    return max((f for f in _FORMS if f"{answer} ".startswith(f"You {f} ")), key=len, default="")


def _answers(
    backend: Backend, fixed: str, word: str, texts: Sequence[str], grammar: str, *, max_tokens: int = 60
) -> list[str]:
    return [
        backend.generate(Prompt(fixed, f" {text}\n{word}:"), grammar, max_tokens=max_tokens).text.strip()
        for text in texts
    ]


def _part(name: str, right: Sequence[bool]) -> Part:
    return Part(name, sum(right), len(right), 1000 * sum(right) // len(right))


def _texts(part: str) -> list[str]:
    lines = files("extract.distil").joinpath("selftest.tsv").read_text("utf-8").splitlines()
    return [text for name, _, text in (line.partition("\t") for line in lines) if name == part]


def _silent(_stage: str, _done: int, _total: int) -> None:
    return
