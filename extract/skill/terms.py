"""What every skill says of itself: where it comes from, what it may not be used for, what was agreed in return.

The texts are written here and looked for here, in the finished SKILL.md: nobody has to take a flag's word for it.
"""

from __future__ import annotations

import json
import re

LABEL = "derived from consented work"
TITLE = "## Terms of use"
FORBIDDEN = (
    "- Forbidden: any decision about a person's employment, made or prepared with it: hiring, promotion, pay, tasks, "
    "evaluation, ranking, discipline, replacement, dismissal.",
    "- Forbidden: decisions about the person by automated means, and profiles of them (GDPR art. 22).",
)

_ORIGIN = re.compile(
    r"Derived from consented work of [A-Za-z0-9][A-Za-z0-9._-]*\. These are habits found in their own words, not the "
    r"person: do not speak in the first person for them, and do not imitate them\."
)
_COMPENSATION = "compensation"


def origin(who: str) -> str:
    """Return the sentence that says where a skill comes from; `who` is a token or a pseudonymous id."""
    return (
        f"Derived from consented work of {who}. These are habits found in their own words, not the person: do not "
        "speak in the first person for them, and do not imitate them."
    )


def metadata(compensation_ref: str) -> list[str]:
    """Return the lines of the front matter that label the skill."""
    lines = [f"  label: {json.dumps(LABEL)}"]
    if compensation_ref:
        lines.append(f"  {_COMPENSATION}: {json.dumps(compensation_ref)}")
    return lines


def section(purpose: str, until: str, compensation_ref: str) -> list[str]:
    """Return the terms of use as Markdown lines."""
    return [
        TITLE,
        "",
        f"- Allowed use: {purpose}, until {until}.",
        *FORBIDDEN,
        "- The person can withdraw at any time. Before use, ask the workspace: `govern skill verify`.",
        "- Answer with the evidence mark of the claim that you rely on. Where no claim fits, say so and hand over to "
        "the person or their team.",
        f"- Terms agreed with the person in return: {compensation_ref}."
        if compensation_ref
        else "- Nothing was agreed with the person in return that this file refers to.",
        "",
    ]


def disclosed(skill_md: str) -> bool:
    """Return whether SKILL.md says, in its head and before its first section, that consented work is behind it."""
    head, body = _parts(skill_md)
    before = body.partition("\n## ")[0].splitlines()
    return head.count(f"  label: {json.dumps(LABEL)}") == 1 and any(_ORIGIN.fullmatch(line) for line in before)


def forbids_decisions(skill_md: str) -> bool:
    """Return whether the terms in SKILL.md forbid employment decisions about the person."""
    _, body = _parts(skill_md)
    lines = body.splitlines()
    if lines.count(TITLE) != 1:
        return False
    rest = lines[lines.index(TITLE) + 1 :]
    end = next((i for i, line in enumerate(rest) if line.startswith("#")), len(rest))
    return all(line in rest[:end] for line in FORBIDDEN)


def compensation_ref(skill_md: str) -> str | None:
    """Return the reference in SKILL.md to what was agreed in return; "" for none, None where that is unclear."""
    head, _ = _parts(skill_md)
    found = [line.partition(": ")[2] for line in head if line.strip().startswith(f"{_COMPENSATION}:")]
    if not found:
        return ""
    try:
        value = json.loads(found[0])
    except ValueError:
        return None
    return value if len(found) == 1 and isinstance(value, str) and value else None


def _parts(skill_md: str) -> tuple[list[str], str]:
    """Return the lines of the front matter, and the text behind it."""
    head, line, body = skill_md.removeprefix("---\n").partition("\n---\n")
    return (head.splitlines(), body) if line and skill_md.startswith("---\n") else ([], skill_md)
