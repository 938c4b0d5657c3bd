"""Finds names written in another script: a few characters without capitals in a line of Latin letters."""

from __future__ import annotations

import re

from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.wordlists import word_list

_IDEOGRAPHS = r"\u3400-\u4dbf\u4e00-\u9fff\u3005"
_KANA = r"\u3041-\u30ff"
_HANGUL = r"\uac00-\ud7a3"
# Hebrew, Arabic, the scripts of India, Thai, Ethiopic: words with white space between.
_SPACED = r"\u0590-\u08ff\u0900-\u0dff\u0e00-\u0e7f\u1200-\u137f"
_EAST = rf"{_IDEOGRAPHS}{_KANA}{_HANGUL}"
_NAME = re.compile(
    rf"(?<![{_EAST}])[{_IDEOGRAPHS}{_HANGUL}]{{2,4}}(?![{_EAST}])"
    rf"|(?<![{_SPACED}])[{_SPACED}]{{2,20}}(?:[ ][{_SPACED}]{{2,20}}){{0,3}}(?![{_SPACED}]|[ ][{_SPACED}])"
)
_LABELS = word_list("script_labels")
_OTHER = re.compile(rf"[{_EAST}{_SPACED}]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WHOLE = -1


def find_in_scripts(text: str, folded: Folded, directory: Directory) -> list[Finding]:
    """Return short runs of another script.

    A script without capitals hides a name from every rule that goes by them, and from a model that has hardly seen it.
    In a line of that script a run says nothing; in one of Latin letters there is little else that it could be.
    """
    if text.isascii() or _OTHER.search(text) is None:
        return []
    out = []
    lines: dict[int, bool] = {}
    for m in _NAME.finditer(text):
        start, end = text.rfind("\n", 0, m.start()) + 1, text.find("\n", m.end())
        if start not in lines:
            line = text[start : end if end >= 0 else len(text)]
            # A line of its own, as under a letter, takes its language from the rest of the text.
            alone = line.strip(" \t>|,.-–—!") == m.group()
            if alone and _WHOLE not in lines:
                lines[_WHOLE] = _is_latin(text)
            lines[start] = lines[_WHOLE] if alone else _is_latin(line)
        if lines[start] and m.group() not in _LABELS:
            person = directory.person_of_name(m.group())
            out.append(Finding(*m.span(), "PERSON", "structure", 0.6, person, "name in another script"))
    return out


def _is_latin(text: str) -> bool:
    return len(_LATIN.findall(text)) >= len(_OTHER.findall(text))
