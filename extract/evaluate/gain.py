"""Distillation gain: how many bits per byte of a person's later messages a context saves a reader model.

It measures how well one named model foretells text, not what anybody can do, and it ranks nobody. The gain over nothing
is never told alone: advice that fits anyone gains half of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extract.distil.backend import Backend, Prompt
from extract.evaluate.bootstrap import Interval, interval
from extract.evaluate.contexts import Fitted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bits = NDArray[np.float64]

_HEAD = "Notes on how somebody works:\n\n"
_TAIL = "\nA message of theirs:\n"
#: What each context is held against: the claim is always a difference between two contexts of one size.
CONTRASTS = (("own", "nothing"), ("own", "placebo"), ("own", "peer"), ("raw", "placebo"))


@dataclass(frozen=True, slots=True)
class Gain:
    """What contexts gain on one person's held-out messages; all values are integers, to be logged and signed.

    Attributes:
        reader: Name of the model that reads.
        reader_sha256: Its digest.
        tokens: How many tokens each context has at most: the budget, or what the shortest of them has.
        messages: How many held-out messages were read.
        bytes: How many bytes they have in UTF-8.
        bits: Millionths of a bit per byte by context, `nothing` first.
        gains: Millionths of a bit per byte saved, by `own_over_placebo` and the like: value, low, high (95 %).
        carried: Thousandths of what raw words of the person tell that the skill tells too: value, low, high; None where
            raw words are not surely better than general advice.
        personal: Thousandths of the skill's gain over advice that a peer's skill does not give; None without a peer, or
            where the skill is not surely better than advice.
        author: Thousandths of the messages that the own skill foretells better than the peer's; None without a peer.
    """

    reader: str
    reader_sha256: str
    tokens: int
    messages: int
    bytes: int
    bits: Mapping[str, int]
    gains: Mapping[str, Interval]
    carried: Interval | None
    personal: Interval | None
    author: int | None

    def as_json(self) -> dict[str, Any]:
        """Return integers, strings, lists and null."""
        return {
            "reader": self.reader,
            "reader_sha256": self.reader_sha256,
            "tokens": self.tokens,
            "messages": self.messages,
            "bytes": self.bytes,
            "bits": dict(self.bits),
            "gains": {name: list(found) for name, found in self.gains.items()},
            "carried": None if self.carried is None else list(self.carried),
            "personal": None if self.personal is None else list(self.personal),
            "author": self.author,
        }


def prompt(context: str) -> Prompt:
    """Return what the reader has read before a message: the context, and that a message comes."""
    return Prompt(_HEAD + context, _TAIL)


def measure(
    messages: Sequence[str],
    contexts: Fitted,
    backend: Backend,
    progress: Callable[[str, int, int], None],
) -> Gain:
    """Return what each context gains on the messages.

    Args:
        messages: Held-out messages, not empty.
        contexts: `own`, `placebo`, `raw` and perhaps `peer`; what nothing gives is measured beside them.
        backend: The reader; it must be able to `score`.
        progress: Called with stage, done, total.

    Raises:
        BackendError: If the reader cannot score texts, or a message does not fit into it.
    """
    sizes = sizes_of(messages)
    bits: dict[str, Bits] = {}
    texts = {"nothing": "", **contexts.texts}
    for name, text in texts.items():
        progress("reading with each context", len(bits), len(texts))
        bits[name] = bits_of(messages, text, backend)
    total = sizes.sum()
    gains = {
        f"{better}_over_{worse}": ratio(bits[worse] - bits[better], sizes, 1e6)
        for better, worse in CONTRASTS
        if better in bits and worse in bits
    }
    info = backend.info()
    return Gain(
        reader=str(info["model"]),
        reader_sha256=str(info["model_sha256"]),
        tokens=contexts.tokens,
        messages=len(messages),
        bytes=int(total),
        bits={name: round(1e6 * float(found.sum() / total)) for name, found in bits.items()},
        gains=gains,
        carried=_share(bits, ("placebo", "own"), ("placebo", "raw")),
        personal=_share(bits, ("peer", "own"), ("placebo", "own")),
        author=round(1000 * float((bits["own"] < bits["peer"]).mean())) if "peer" in bits else None,
    )


def sizes_of(messages: Sequence[str]) -> Bits:
    """Return how many bytes each message has in UTF-8."""
    import numpy as np

    return np.array([len(m.encode()) for m in messages], dtype=np.float64)


def bits_of(messages: Sequence[str], context: str, backend: Backend) -> Bits:
    """Return the bits that each message takes behind the context."""
    import numpy as np

    return np.array([-backend.score(prompt(context), message).logprob / math.log(2) for message in messages])


def _share(bits: Mapping[str, Bits], part: tuple[str, str], whole: tuple[str, str]) -> Interval | None:
    """Return in thousandths what share of the bits saved from one context to another is saved between two others.

    None where the whole is not clear of nothing: a share of what may be nothing is no number.
    """
    if not {*part, *whole} <= set(bits):
        return None
    saved, of = (bits[a] - bits[b] for a, b in (part, whole))
    sure = interval(lambda rows: float(of[rows].sum()), len(of), 1e3).low > 0
    return ratio(saved, of, 1e3) if sure else None


def ratio(above: Bits, below: Bits, unit: float) -> Interval:
    """Return the sum of some rows over the sum of others, in a unit, with the interval of it over rows drawn again."""
    return interval(lambda rows: float(above[rows].sum() / below[rows].sum()), len(above), unit)
