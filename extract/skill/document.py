"""SKILL.md and the reference files: what a person and an agent read, written from claims and ledger."""

from __future__ import annotations

import bisect
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from attest import canonical
from extract import residue
from extract.distil.claims import KINDS, Claim
from extract.evaluate import told
from extract.skill import codec, impersonation, terms
from govern.errors import UsageError
from redact.pseudonyms import TOKEN

UNSURE_MILLIBITS = 2000
#: Tokens of SKILL.md at most, by `estimated_tokens`; claims beyond it stand in another file: an agent reads all of it
#: at once, and the specification of the format recommends less than 5,000. The rest is for the estimate's error, which
#: is largest for German compounds.
LONGEST = 4400
MORE = "references/more-claims.md"
TITLES = {
    "procedure": "Procedures",
    "decision_rule": "Decision rules",
    "checklist": "Checklists",
    "code_style": "Code style",
    "reference": "References",
}
#: How a claim is marked whose words are not the person's.
PARAPHRASED = "in a model's words"
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

_LATIN = re.compile("[A-Za-zÀ-ɏ]+")


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a skill says.

    Attributes:
        name: Name of the skill and of its folder.
        role: The role it speaks of, never the person.
        pseudonym: The token that stands for the person in the text.
        subject: Pseudonymous id.
        purpose: The consented purpose.
        policy: Policy id and version.
        expires: When it stops being valid.
        compensation_ref: Reference to what was agreed with the person in return; "" where nothing was.
    """

    name: str
    role: str
    subject: str
    purpose: str
    policy: str
    expires: datetime
    pseudonym: str = ""
    compensation_ref: str = ""


def skill_name(role: str, chosen: str | None, personal: Sequence[str]) -> str:
    """Return the skill's name: 1 to 64 of `[a-z0-9-]`, from the role or as chosen, never the person's.

    Raises:
        UsageError: It is not a valid name, or holds a name of the person.
    """
    name = chosen or re.sub(r"[^a-z0-9]+", "-", role.lower()).strip("-")[:64].strip("-") or "colleague"
    if not NAME.fullmatch(name) or len(name) > 64:
        raise UsageError(f"{name!r} is not a skill name", "use 1 to 64 of a-z, 0-9 and single hyphens")
    parts = set(name.split("-"))
    if any(word in parts for whole in personal for word in re.findall(r"[a-z0-9]{3,}", whole.lower())):
        raise UsageError("the skill's name holds a name of the person", "name it after the role or the topic: --name")
    return name


def files(
    header: Header,
    claims: Sequence[Claim],
    ledger: residue.Ledger,
    *,
    draft: bool,
    evaluation: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """Return every file outside `attestation/`, by name inside the skill's folder.

    Args:
        header: The head of the skill.
        claims: Its claims.
        ledger: What was taken and left out.
        draft: Whether the person has not reviewed it yet.
        evaluation: Numbers of the last evaluation, see `extract.evaluate.run`; None where there is none.
    """

    def page(fitting: int) -> str:
        return _skill_md(header, claims[:fitting], claims[fitting:], ledger, evaluation, draft=draft)

    fitting = len(claims)
    if estimated_tokens(page(fitting)) > LONGEST:
        # Each claim makes the page longer, so the most that fit can be searched for.
        longer = bisect.bisect_right(range(fitting), LONGEST, key=lambda n: estimated_tokens(page(n)))
        fitting = max(longer - 1, 0)
    first = page(fitting)
    made = {
        "SKILL.md": first.encode(),
        "references/claims.jsonl": codec.to_lines(claims),
        "references/evidence.md": _evidence(claims).encode(),
        "references/left-out.md": ("# What was left out\n\n" + "\n".join(residue.lines(ledger)) + "\n").encode(),
        "references/ledger.json": canonical.dumps(ledger) + b"\n",
    }
    if fitting < len(claims):
        made[MORE] = "\n".join(["# More claims", "", *map(_line, claims[fitting:]), ""]).encode()
    if evaluation is not None:
        made["references/evaluation.json"] = canonical.dumps(evaluation) + b"\n"
        made["references/evaluation.md"] = ("\n".join(["# Evaluation", "", *told.markdown(evaluation)]) + "\n").encode()
    return made


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a language model reads in a page, rather too many than too few.

    Four bytes of a word are one, each digit, mark and line break is one, and a letter of another script is two. By the
    shipped model's count English pages come out a quarter too long, German ones up to a tenth too short.
    """
    words = sum(-(-len(word.encode()) // 4) for word in _LATIN.findall(text))
    return words + sum(1 if c.isascii() else 2 for c in _LATIN.sub("", text) if c == "\n" or not c.isspace())


def shown(statement: str) -> str:
    """Return a statement as a page shows it: in quotation marks where it speaks in the first person."""
    return f"“{statement}”" if impersonation.in_first_person(statement) else statement


def _quoted(text: str) -> str:
    # A JSON string is a double-quoted YAML scalar; the specification of the format wants no angle brackets.
    return json.dumps(text.replace("<", "(").replace(">", ")"), ensure_ascii=False)


def topics(claims: Sequence[Claim]) -> list[str]:
    """Return the words by which a task finds these claims, at most 24.

    Words count by the statements and quotes that hold them, and the less the more of the shipped sentences about any
    kind of work hold them, too (inverse document frequency).
    """
    texts = [text for c in claims for text in (c.statement, *(span.quote for span in c.evidence[1:]))]
    counts = Counter(word for text in texts for word in _words(text))
    anywhere, size = _anywhere()
    worth = {word: n * math.log((size + 1) / (anywhere[word] + 1)) for word, n in counts.items()}
    return sorted(worth, key=lambda word: (-worth[word], word))[:24]


@cache
def _anywhere() -> tuple[Counter[str], int]:
    """Return in how many of the shipped sentences each word stands, and how many they are."""
    from extract.distil import seeds

    found = seeds.load()
    return Counter(word for seed in found for word in _words(seed.text)), len(found)


def _words(text: str) -> set[str]:
    """Return the words of a text that can be a topic, in small letters."""
    from spacy.lang.de.stop_words import STOP_WORDS as GERMAN
    from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH

    found = re.findall(r"[a-zäöüß][a-zäöüß'’-]{2,}", TOKEN.sub(" ", text).lower())
    # What has an apostrophe is a contraction, never a topic.
    return {word.strip("-") for word in found if word.isalpha() or "-" in word}.difference(ENGLISH, GERMAN)


def _description(header: Header, claims: Sequence[Claim]) -> str:
    about = ", ".join(topics(claims)) or "this role"
    text = (
        f"How a {header.role} works, distilled from consented work for {header.purpose.replace('_', ' ')}: "
        f"procedures, decision rules and checklists with their evidence. Use when a task touches: {about}."
    )
    return text[:1024]


def _marks(claim: Claim) -> str:
    share = " / ".join(
        f"{TITLES[k].lower().removesuffix('s')} " + ("1.00" if p == 1000 else f".{p // 10:02d}")
        for k, p in sorted(claim.kinds.items(), key=lambda item: (-item[1], item[0]))[:3]
        if p >= 50
    )
    note = {"corrected": ", corrected by the person", "accepted": ""}.get(claim.review, ", not reviewed")
    words = f", {PARAPHRASED}" if claim.mode == "paraphrase" else ""
    return f"[{claim.id}: {claim.support} records, {claim.days} days; {share}{words}{note}]"


def measured(evaluation: Mapping[str, Any] | None, claims: Sequence[Claim]) -> list[str]:
    """Return the lines in which SKILL.md says what an evaluation found."""
    if evaluation is None:
        return ["How much of a person's way of working these claims carry was not measured."]
    return told.summary(evaluation, these=evaluation["claims_sha256"] == codec.statements_sha256(claims))


def is_unsure(claim: Claim) -> bool:
    """Return whether it is not clear what kind of thing a claim is; what the person put into words is clear."""
    return claim.entropy_millibits > UNSURE_MILLIBITS and claim.review != "corrected"


def _line(claim: Claim) -> str:
    return f"- {shown(claim.statement)} {_marks(claim)}"


def _skill_md(
    header: Header,
    claims: Sequence[Claim],
    more: Sequence[Claim],
    ledger: residue.Ledger,
    evaluation: Mapping[str, Any] | None,
    *,
    draft: bool,
) -> str:
    who = header.pseudonym or header.subject
    out = [
        "---",
        f"name: {_quoted(header.name)}",
        f"description: {_quoted(_description(header, (*claims, *more)))}",
        f"license: {_quoted('Use only as the terms in this file allow; see attestation/.')}",
        "metadata:",
        f"  subject: {_quoted(header.subject)}",
        f"  purpose: {_quoted(header.purpose)}",
        f"  policy: {_quoted(header.policy)}",
        f"  expires: {_quoted(header.expires.isoformat().replace('+00:00', 'Z'))}",
        f"  status: {_quoted('draft, not released' if draft else 'released')}",
        *terms.metadata(header.compensation_ref),
        "---",
        "",
        f"# {header.role[:1].upper()}{header.role[1:]}",
        "",
    ]
    if draft:
        out += ["**Draft.** The person has not reviewed this yet. Do not use it.", ""]
    out += [
        terms.origin(who),
        "",
        *terms.section(header.purpose.replace("_", " "), header.expires.date().isoformat(), header.compensation_ref),
    ]
    sure = [c for c in claims if not is_unsure(c)]
    for kind in KINDS:
        chosen = [c for c in sure if c.kind == kind]
        if chosen:
            out += [f"## {TITLES[kind]}", "", *map(_line, chosen), ""]
    if more:
        out += [f"{len(more)} more claims, less sure than these, are in `{MORE}`.", ""]
    unsure = [c for c in claims if is_unsure(c)]
    out += ["## Where it is unsure", ""]
    if unsure:
        out += ["What kind of thing these are is not clear: ask before you rely on them.", ""]
        out += [*map(_line, unsure), ""]
    out += [
        "Each mark says in how many records and on how many days the person wrote of the same thing, and how the kind "
        "was judged; not every one of these records says the same. Few records mean that it may have been said in "
        "passing. Exceptions, doubts and the reasons behind a rule are mostly lost in a file like this one: for those, "
        f"ask {who}. This file names nobody; whoever put it to use knows who that is, and "
        "whether and how they want to be asked.",
        "",
        "## What was left out",
        "",
        *residue.lines(ledger),
        "",
        *measured(evaluation, claims),
        "",
        "Evidence for each claim: `references/evidence.md`. These counts by themselves: `references/left-out.md`, and "
        "for programs `references/ledger.json`. Proofs: `attestation/VERIFY.md`.",
        "",
    ]
    return "\n".join(out)


def _evidence(claims: Sequence[Claim]) -> str:
    out = [
        "# Evidence",
        "",
        "Redacted quotes from the person's own words. `#12` is a leaf of the disposition tree. A quoted claim is made "
        "of its first quote; the others are about the same thing and need not say the same.",
        "",
    ]
    for claim in claims:
        out += [f"## {claim.id}", "", shown(claim.statement), "", f"Made by: {claim.mode}.", ""]
        out += [f"- #{s.record}: {' '.join(s.quote.split())}" for s in claim.evidence] + [""]
    return "\n".join(out)
