"""Knows removed values again without holding them: keyed digests of their words, for scans after the run.

Whoever has the digests alone can neither read nor guess a value; with the key one can try guesses, so the two are kept
apart.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator

from redact.folding import Folded, clean, plain
from redact.pseudonyms import TOKEN

#: Bytes of one digest: by chance alone, one word in some 10^14 is taken for one of ten thousand values.
SIZE = 8
#: A longer value is known by its first words.
WORDS = 8

_WORD = re.compile(r"[^\W_]+")
#: Stands for a token, so that words on its two sides are no run.
_GAP = "\0"


def seal(values: Iterable[str], key: bytes) -> bytes:
    """Return the digests of some values, sorted, `SIZE` bytes each.

    Args:
        values: What was removed; one without a letter or digit is left out.
        key: 32 bytes, one key per extraction.
    """
    runs = {" ".join(_WORD.findall(plain(value))[:WORDS]) for value in values}
    return b"".join(sorted(_digest(run, key) for run in runs if run))


def holds(text: str, sealed: bytes, key: bytes) -> bool:
    """Return whether one of the values stands in a text, in any spelling that folds to the same words.

    Args:
        text: The text.
        sealed: What `seal` returned.
        key: The key it was given.
    """
    if not sealed:
        return False
    known = {sealed[at : at + SIZE] for at in range(0, len(sealed), SIZE)}
    return any(_digest(run, key) in known for run in _runs(text))


def _runs(text: str) -> Iterator[str]:
    folded = Folded(TOKEN.sub(f" {_GAP} ", clean(text))).lower
    for stretch in folded.split(_GAP):
        words = _WORD.findall(stretch)
        for at in range(len(words)):
            for length in range(1, min(WORDS, len(words) - at) + 1):
                yield " ".join(words[at : at + length])


def _digest(run: str, key: bytes) -> bytes:
    return hmac.digest(key, run.encode("utf-8", "surrogatepass"), "sha256")[:SIZE]
