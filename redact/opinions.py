"""Judges what a model calls a name: trims it to words, and drops code, technical terms and ordinary words."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from redact import names
from redact.detectors.naming import GIVEN_NAMES
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import plain
from redact.lexicon import TECHNICAL, Lexicon, is_ordinary
from redact.pseudonyms import TOKEN
from redact.wordlists import word_list

_WORD = re.compile(r"[^\W_][\w'’.&-]*")
_CODE = re.compile(r"[(){}\[\]=<>_\\/#$%^*|~`@:;]|\w\.\w|[a-z][A-Z]|\d|--")
_CUT = re.compile(r"(?<=\w)/|\s+[-–—]\s|\s[-–—]\w|\s*\n")
_CODE_LINE = re.compile(
    r"(?:class|def|async def|import|from [\w.]+ import|return|raise|struct|interface|enum|type|trait|impl|fn|func|"
    r"function|public|private|protected|static|const|let|var|new|select|create|insert|update|alter|drop)\b"
    r".*(?:[:;{}()=]\s*$|\()",
    re.IGNORECASE,
)
#: Names that are written like code.
MC = re.compile(r"\b(?:Mc|Mac|De|Di|La|Le|O'|Van|Fitz|D')[A-Z][a-z]+")
_LEADING = word_list("leading")
_PARTICLES = word_list("particles")
_DAYS = names.CALENDAR - {"april", "august", "june", "may", "summer"}
#: Words, folded, that are nobody's name whatever a model says: alone they are dropped.
NO_NAMES = TECHNICAL | names.TEAM_WORDS | _LEADING | _DAYS
_LONGEST = 30  # letters of a name
_MACRO = 5  # capitals that are rather an abbreviation than a name


def judge(
    text: str,
    finding: Finding,
    directory: Directory,
    lexicon: Lexicon,
    keep: Collection[str] = frozenset(),
    *,
    small: bool = False,
) -> Finding | None:
    """Return the finding trimmed to what can be a name, or None where nothing is left of it.

    Args:
        text: The line that the model read.
        finding: What the model said.
        directory: The identity directory.
        lexicon: Words of the language.
        keep: Further words that are nobody's name, folded.
        small: The model tells a name from a thing in small letters too ("ask butler"), as one made for chats does.
    """
    start, end = finding.start, finding.end
    words = lexicon.words
    # The company part of a Lotus Notes name, and what follows a dash or the end of a line.
    end = start + len(_CUT.split(text[start:end], maxsplit=1)[0])
    spans = [(start + m.start(), start + m.end()) for m in _WORD.finditer(text[start:end])]
    while spans and plain(text[slice(*spans[0])]).strip(".'") in _LEADING:
        spans.pop(0)
    # A sentence's capital letter makes a name of the verb before one: "Apply Black", "Ask Jo".
    while (
        len(spans) > 1 and starts_sentence(text, spans[0][0]) and _common(_key(text, spans[0]), words, directory, keep)
    ):
        spans.pop(0)
    while spans and plain(text[slice(*spans[-1])]).strip(".'") in _LEADING:
        spans.pop()
    # What follows a name in small letters is the next word of the sentence.
    if finding.entity == "PERSON" and spans and text[spans[0][0]].isupper():
        while len(spans) > 1 and text[spans[-1][0]].islower() and _key(text, spans[-1]) not in _PARTICLES:
            spans.pop()
    if not spans:
        return None
    start, end = spans[0][0], spans[-1][1]
    surface = text[start:end]
    if surface.endswith(("'s", "’s")):
        end -= 2
    while end > start and not text[end - 1].isalnum():
        end -= 1
    surface = text[start:end]
    if len(surface) < 2 or TOKEN.search(surface) or len(max(surface.split(), key=len)) > _LONGEST:
        return None
    person = finding.entity == "PERSON"
    if person and text[max(0, start - 1) : start] == "#" and not any(_key(text, s) in GIVEN_NAMES for s in spans):
        return None
    code = _CODE.search(MC.sub("", surface))
    if code:
        return None
    # Code on both sides makes the word part of a path, an identifier or a markup tag.
    if text[max(0, start - 1) : start] in ("_", "/", "\\", "<", "$", "#", "`", "{") and text[end : end + 1] in tuple(
        "_/\\>({=`}."
    ):
        return None
    # The name of a module or a macro: "parser: take two", "src/parser.c", "returns EINTR".
    if person and " " not in surface and plain(surface) not in GIVEN_NAMES:
        in_code = (text[end : end + 1] or " ") in ":/._-(" or text[max(0, start - 1) : start] in ("/", ".", "-")
        if surface.islower() and in_code:
            return None
        if surface.isupper() and len(surface) <= _MACRO and not text.isupper():
            return None
    kinds = [_common(_key(text, span), words, directory, keep) for span in spans]
    if all(k == "no name" for k in kinds) or (all(kinds) and not _inside(text, start, surface, finding.entity)):
        return None
    bare = [_key(text, span) for span in spans]
    # In a line of capitals the capital letter says nothing: "PARENT WILL LEVERAGE ASSETS".
    if (
        person
        and text.isupper()
        and any(kinds)
        and all(k or w in names.AMBIGUOUS for k, w in zip(kinds, bare, strict=True))
    ):
        return None
    if (
        finding.entity == "ORGANIZATION"
        and len(bare) == 1
        and bare[0] in lexicon.nouns
        and starts_sentence(text, start)
    ):
        return None
    if surface.islower() and not small and any(w in lexicon.nouns and w not in GIVEN_NAMES for w in bare):
        return None
    if surface.islower() and not (person and not any(kinds) and surface.replace(" ", "").isalpha()):
        return None
    return replace(finding, start=start, end=end)


def _inside(text: str, start: int, surface: str, entity: str) -> bool:
    """Return whether ordinary words are written as a name: capitalised within a sentence of small letters."""
    if entity == "NRP" and surface[0].isupper():
        return True
    if (" " in surface and entity != "PERSON") or not surface.istitle():
        return False
    before = text[:start].rstrip(" \"'“(")
    if _CODE_LINE.match(text) or starts_sentence(text, start) or (not before[-1].isalnum() and before[-1] != ","):
        return False
    others = [w for w in _WORD.findall(text.replace(surface, " ")) if len(w) > 3]
    return sum(map(str.islower, others)) > len(others) / 2


def starts_sentence(text: str, at: int) -> bool:
    """Return whether a word of a line stands where any word has a capital letter."""
    before = text[:at].rstrip(" \"'“(")
    return not before or before[-1] in ".!?:;-–—*|>•"


def _key(text: str, span: tuple[int, int]) -> str:
    return plain(text[slice(*span)]).strip(".'’-&").removesuffix("'s").removesuffix("’s")


def _common(word: str, words: frozenset[str], directory: Directory, keep: Collection[str]) -> str:
    """Return `no name` for a technical or team word, `word` for an ordinary one, and "" for any other."""
    if word in NO_NAMES or word in keep or directory.is_own_label(word):
        return "no name"
    if "-" in word and all(p in TECHNICAL or p in _LEADING or is_ordinary(p, words) for p in word.split("-")):
        return "word"
    return "word" if word not in names.AMBIGUOUS and word not in GIVEN_NAMES and is_ordinary(word, words) else ""
