"""Every number that a distiller is set by."""

from __future__ import annotations

from dataclasses import dataclass

from extract.distil.claims import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of a claim; integers only, so that they can be logged and signed.

    Attributes:
        min_records: Distinct records that must support a claim.
        min_days: Distinct days on which they must have been written.
        max_claims: The most claims that are returned.
        kinds: Kinds that may be returned; claims of other kinds are counted as dropped.
        keep: Keep odds, in thousandths, below which a sentence cannot become a claim.
        commit_keep: Keep odds, in thousandths, below which the second judge does not weigh a sentence of a commit
            message or a review. Its own odds have to reach `keep`.
        support_keep: Keep odds, in thousandths, below which a sentence cannot support a claim.
        similarity: Cosine, in thousandths, above which statements are near, after what all share is taken out.
        min_words: Fewest words of a sentence.
        max_words: Most words of a sentence.
        capacity: The most sentences that are compared with each other; memory grows with its square.
        rewrite: Whether the model may leave words out, or paraphrase if it is let; if not, every claim is verbatim or
            cleaned by code.
    """

    min_records: int = 3
    min_days: int = 2
    max_claims: int = 60
    kinds: tuple[Kind, ...] = KINDS
    keep: int = 500
    commit_keep: int = 350
    support_keep: int = 250
    similarity: int = 400
    min_words: int = 5
    max_words: int = 45
    capacity: int = 4000
    rewrite: bool = True
