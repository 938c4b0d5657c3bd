"""Canaries: invented people, numbers and secrets that exist nowhere, to see whether a redactor does its work at all.

A redactor whose word lists are empty, whose model reads nothing or whose detectors were taken out says that a text is
clean. It says so of these texts, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redact.folding import clean, plain

if TYPE_CHECKING:
    from redact.engine import Redactor

#: Texts with the values in them that must not survive. Domains and numbers are those set aside for examples.
#: The language of a text is that of the model without which it does not count, or "".
TEXTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "",
        "From: Zoltan Quillermoor <zoltan.quillermoor@canary.example>\nTo: Ottoline Brackenfeldt\n\n"
        "Hi Ottoline,\n\nplease call me at +1 (202) 555-0143.\n\nBest regards,\nZoltan",
        ("zoltan", "quillermoor", "ottoline", "brackenfeldt", "canary.example", "555-0143"),
    ),
    (
        "",
        "The account is DE89 3704 0044 0532 0130 00 and the host is 203.0.113.77.\n"
        "password: kX9-vQ2-canary-7Lw\nAWS_ACCESS_KEY_ID=AKIAQ7CANARYX2BIRD4Z",
        ("0532 0130", "203.0.113.77", "kx9-vq2-canary-7lw", "akiaq7canaryx2bird4z"),
    ),
    ("en", "The report was written by Jonathan Whitfield in May and nobody has read it.", ("whitfield",)),
)


def survivors(redactor: Redactor) -> int:
    """Return how many invented values a redactor leaves in texts that no run has seen: 0 is right.

    It is asked for what it finds and changes nothing, so that a run's tokens and counts are as without it.
    """
    asked = [(clean(text), values) for language, text, values in TEXTS if not language or language in redactor.models]
    left = 0
    for (text, values), findings in zip(asked, redactor.find([text for text, _ in asked]), strict=True):
        kept = list(text)
        for f in findings:
            kept[f.start : f.end] = "\n" * (f.end - f.start)
        seen = plain("".join(kept))
        left += sum(value in seen for value in values)
    return left
