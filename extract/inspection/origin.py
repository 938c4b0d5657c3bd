"""Whose work a skill is made of: whether their consent comes with it, and whether its statements rest on anything.

What is checked of a consent is what the files themselves can tell: that the person's key signed a yes and exactly this
content. Whose key that is, and whether the consent still stands, only the log can tell: `govern audit verify`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from attest import canonical, dsse, evidence, passkey, statement
from attest.encoding import from_base64
from extract.distil.claims import Claim
from extract.distil.verify import verify_claim
from extract.inspection.finding import Finding
from extract.inspection.page import Page, Skill
from extract.skill import codec
from govern.errors import GovernError

CLAIMS = "references/claims.jsonl"

_MARK = re.compile(r"\[(c[0-9]+): [0-9]+ records, [0-9]+ days;")
_ITEM = re.compile(r"\s*(?:[-*+]|[0-9]+[.)、])\s+(.+)")
#: What a statement may cite: a mark, a link, a number of a record, a commit, a source in brackets.
_CITES = re.compile(
    r"\]\(|https?://|\[(?:c?[0-9]+|#[0-9]+)\b|\(?#[0-9]+\b|<[^<>\s]+@[^<>\s]+>|\b(?:commit|rev)\s+`?[0-9a-f]{7,40}\b"
    r"|[(（\[](?:source|sources|see|from|evidence|quelle|beleg|来源|出处|证据)\b|(?:来源|出处|证据)\s*[:：]",
    re.IGNORECASE,
)
#: Fewer words (or characters of a script without spaces) are a keyword, not a statement.
_WORDS, _CHARACTERS = 4, 8
_FENCE = re.compile(r"\s*(?:```|~~~)")


def is_released(skill: Skill) -> bool:
    """Return whether somebody's signed release comes with the skill and is of exactly these files."""
    try:
        return _released(skill.files)
    except (GovernError, KeyError, ValueError, TypeError, AttributeError):
        return False


def check_consent(skill: Skill, *, about_somebody: bool) -> Iterator[Finding]:
    """Yield where a consent is missing, or does not fit."""
    first = f"{skill.root}SKILL.md"
    if evidence.RELEASE in skill.files:
        if not is_released(skill):
            yield Finding(first, 1, "consent.broken")
    elif about_somebody and not skill.alone:
        yield Finding(first, 1, "consent.missing")


def check_evidence(skill: Skill, *, about_somebody: bool) -> Iterator[Finding]:
    """Yield claims that do not hold against their evidence; in skills without a claims file, statements without any."""
    if CLAIMS in skill.files:
        yield from _claims(skill)
    elif about_somebody:
        for page in skill.pages.values():
            if page.is_markdown:
                yield from _uncited(page)


def claims(skill: Skill) -> tuple[Claim, ...]:
    """Return the claims of the claims file, none where there is no valid one."""
    try:
        return codec.from_lines(skill.files.get(CLAIMS, b""))
    except GovernError:
        return ()


def _released(files: Mapping[str, bytes]) -> bool:
    known: dict[str, dsse.Key] = {}
    for _, name in evidence.indexed(files, "keys"):
        body = canonical.loads(files[name])["body"]
        known[body["key_id"]] = from_base64(body["public_key"])
    for _, name in evidence.indexed(files, "passkeys"):
        enrolled = passkey.parse_entry(canonical.loads(files[name])["body"])[0].passkey
        known[enrolled.key_id] = enrolled
    opened = dsse.open_envelope(files[evidence.RELEASE], known, statement.RELEASE_TYPE)
    signed = {item["name"]: item["sha256"] for item in statement.parse_release(opened.payload)["files"]}
    found = {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if not n.startswith(evidence.FOLDER)}
    return signed == found and any(_yes(files[name], known) for _, name in evidence.indexed(files, "consents"))


def _yes(entry: bytes, keys: Mapping[str, dsse.Key]) -> bool:
    """Return whether a log entry is a consent that one of the keys signed."""
    envelope = canonical.dumps(canonical.loads(entry)["body"]["envelope"])
    # A mandate's key signs for the person; `govern audit verify` looks whether it may.
    record = canonical.loads(dsse.open_envelope(envelope, keys, evidence.CONSENT_TYPE).payload)
    return record["event"] in evidence.CONSENT_STATES


def _claims(skill: Skill) -> Iterator[Finding]:
    name = skill.root + CLAIMS
    try:
        found = codec.from_lines(skill.files[CLAIMS])
    except GovernError:
        yield Finding(name, 1, "evidence.broken", "unreadable")
        return
    for number, claim in enumerate(found, 1):
        try:
            # What the person wrote in its place is held to the review, not to a quote.
            if claim.mode != "corrected":
                verify_claim(claim)
        except GovernError:
            yield Finding(name, number, "evidence.broken", claim.id)
    known = {claim.id for claim in found}
    for page in skill.pages.values():
        for number, line in enumerate(page.lines if page.is_markdown else (), 1):
            if any(claim_id not in known for claim_id in _MARK.findall(line)):
                yield Finding(page.name, number, "evidence.broken", "a mark without a claim")


def _uncited(page: Page) -> Iterator[Finding]:
    """Yield one finding for a page: at the first statement without a source, with the number of them."""
    bare: list[int] = []
    total = 0
    fenced = False
    for number, line in enumerate(page.lines, 1):
        if _FENCE.match(line):
            fenced = not fenced
        item = _ITEM.match(line)
        if fenced or item is None or not _is_statement(item[1]):
            continue
        total += 1
        if not _CITES.search(line):
            bare.append(number)
    if bare:
        yield Finding(page.name, bare[0], "evidence.missing", f"{len(bare)} of {total} statements")


def _is_statement(text: str) -> bool:
    return len(text.split()) >= _WORDS or sum("\u3040" <= c <= "\u9fff" for c in text) >= _CHARACTERS
