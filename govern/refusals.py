"""What to do about a release that was refused: one sentence for each reason."""

from __future__ import annotations

from collections.abc import Sequence

#: What to do about a reason or about a detail of it; the first that fits is said.
_HINTS: tuple[tuple[str, str], ...] = (
    ("output.residual_pii", "a correction may hold a name or a number: `govern skill review FILE --correct ID=TEXT`"),
    (
        "missing_fact.residual_hits",
        "what the run removed is not on record, so nobody can look for it again: extract again",
    ),
    ("silence", "a release needs the person's own signature over the final content: --key KEYFILE"),
    ("signature", "this is not the key that the person enrolled; `govern keys list` shows which one is"),
    (
        "contested",
        "the person contests the skill that this one replaces; only they close that, with `govern subject correct FILE`"
        " or `govern subject confirm FILE` over the contested one",
    ),
    ("too_late", "the time for the review is over: extract again, and ask the person in time"),
    ("output.subject_review", "the person decides over every claim first: `govern skill review FILE`"),
    (
        "output.verbatim",
        "these claims repeat too many words of a source in a row; shorten them, `govern skill review FILE --correct "
        "ID=TEXT`, or strike them where the quote itself is too long",
    ),
    (
        "output.withhold",
        "the person keeps knowledge of this kind: `govern skill review FILE --withhold KIND` strikes it",
    ),
    (
        "impersonation",
        "the text speaks as the person, or tells its reader to; say it as a rule instead: `govern skill review FILE "
        "--correct ID=TEXT`, or strike the claim",
    ),
    ("output.disclosure", "SKILL.md lost its label `derived from consented work`: the program was changed, check it"),
    ("output.no_automated_decision", "SKILL.md lost its terms of use: the program was changed, check it"),
    (
        "output.benefit",
        "what the person gets in return is to be on record: HR signs it with `govern approve benefit`, under the "
        "reference that the consent names",
    ),
    (
        "missing_fact.identity",
        "the policy caps how well a skill identifies its author, which is not measured: use a policy without a cap",
    ),
    ("output.identity", "the skill tells its author from a peer too well: strike the most personal claims"),
    ("subject.exit", "the skill would outlast the person's employment: shorten it, or agree on a longer use"),
    ("output.expiry", "the skill would outlast the consent: extract again under the consent in force"),
    ("output.categories", "a claim is of a category that policy or consent leave out: strike it"),
    ("output.support", "a claim rests on too few records or days: strike it"),
)


def hint(reasons: Sequence[str], details: Sequence[str]) -> str:
    """Return what to do about a refused release.

    Args:
        reasons: Ids of gates, and codes of what is missing.
        details: What the gates said beside that.
    """
    said = {*reasons, *details}
    return next((hint for name, hint in _HINTS if name in said), "`govern policy explain GATE` says what a gate asks")
