"""A fingerprint that people can read to each other: eight words of sixteen bits each."""

from __future__ import annotations

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"
WORDS = 8
"""128 bits: whoever builds a page cannot look for two records that sound alike, which takes 2^64 tries."""


def words(digest: bytes) -> str:
    """Return the first sixteen bytes of a digest as eight words (Wilkerson, "A Proposal for Proquints", 2009).

    Each word is consonant, vowel, consonant, vowel, consonant: 4, 2, 4, 2 and 4 bits, the highest first. They belong to
    no language, so that nobody reads a meaning into them.

    Args:
        digest: Sixteen bytes or more.
    """
    if len(digest) < 2 * WORDS:
        raise ValueError("a fingerprint needs sixteen bytes")
    return " ".join(_word(int.from_bytes(digest[at : at + 2], "big")) for at in range(0, 2 * WORDS, 2))


def _word(bits: int) -> str:
    first, second, third = bits >> 12, bits >> 6 & 15, bits & 15
    return "".join(
        (_CONSONANTS[first], _VOWELS[bits >> 10 & 3], _CONSONANTS[second], _VOWELS[bits >> 4 & 3], _CONSONANTS[third])
    )
