"""Everything that can be checked of a `.skill` without a model: proofs, then claims and numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from attest import canonical, container, evidence, second_opinion
from attest.disposition import Dispositions
from attest.encoding import from_base64
from attest.verify import Check, Report
from attest.verify import verify_skill as verify_proofs
from extract import residue
from extract.distil import verify as claims_verify
from extract.evaluate import told
from extract.skill import codec, document, impersonation, terms
from govern.errors import GovernError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attest.witness_policy import WitnessPolicy


#: A line of SKILL.md that shows a claim: statement, id, records, days, and the rest of its mark.
_SHOWN = re.compile(r"^- (.+) \[(c[0-9]+): ([0-9]+) records, ([0-9]+) days;([^\]]*)\]$", re.MULTILINE)


class _FaultError(Exception):
    """One check failed; the text is safe to show."""


def verify_skill(
    data: bytes,
    log_vkey: str,
    *,
    now: datetime | None,
    policy_sha256: str | None = None,
    witnesses: WitnessPolicy | None = None,
    timestamp_roots: Sequence[bytes] = (),
) -> Report:
    """Verify proofs (`attest.verify`, which says what the arguments are), then claims, evidence and numbers.

    Raises:
        InputError: The file is not a skill container at all.
    """
    report = verify_proofs(
        data, log_vkey, now=now, policy_sha256=policy_sha256, witnesses=witnesses, timestamp_roots=timestamp_roots
    )
    files = container.unpack(data).files
    checks = list(report.checks)
    for name, check, meaning in _CHECKS:
        status, value = "pass", ""
        try:
            value = check(files)
        except _FaultError as wrong:
            status, value = "fail", str(wrong)
        except (GovernError, KeyError, ValueError, TypeError):
            status, value = "fail", "unreadable"
        if value == "not installed":
            status = "info"
        checks.append(Check(len(checks) + 1, name, status, value, meaning))  # type: ignore[arg-type]
    return Report(tuple(checks), all(c.status != "fail" for c in checks))


def _claims(files: Mapping[str, bytes]) -> str:
    claims = codec.from_lines(files["references/claims.jsonl"])
    leaves = Dispositions.parse(files["attestation/dispositions.jsonl"]).leaves
    for claim in claims:
        if claim.mode == "corrected":
            if claim.review != "corrected":
                raise _FaultError(f"{claim.id} claims a correction that nobody made")
        else:
            try:
                claims_verify.verify_claim(claim)
            except GovernError as error:
                raise _FaultError(f"{claim.id}: {error.message}") from None
        for span in claim.evidence:
            if hashlib.sha256(span.quote.encode()).hexdigest() != span.digest:
                raise _FaultError(f"{claim.id}: a quote is not what its digest says")
            if not 0 <= span.record < len(leaves) or leaves[span.record].outcome == "left_out":
                raise _FaultError(f"{claim.id} rests on a record that was not taken")
    told = f"{len(claims)} claims, {sum(len(c.evidence) for c in claims)} quotes"
    written = sum(c.mode == "paraphrase" for c in claims)
    if not written:
        return told
    _let(files)
    return f"{told}, {written} in a model's words: that they mean the same is not proven"


def _let(files: Mapping[str, bytes]) -> None:
    """Check that the statement, which a draft has not yet, tells of a self-test that let the model write."""
    from extract.distil import selftest

    if evidence.STATEMENT not in files:
        return
    # Whether it is signed is asked before this, of the proofs.
    payload = from_base64(canonical.loads(files[evidence.STATEMENT])["payload"])
    model = canonical.loads(payload)["predicate"]["model"]
    scores = {part: model.get(f"selftest_{part}", 0) for part in selftest.PARTS}
    if not model.get("model_sha256") or selftest.tier(scores) != "paraphrase":
        raise _FaultError("it has paraphrases, and the statement tells of no model that was found fit to write them")


def _shown(files: Mapping[str, bytes]) -> str:
    text = files["SKILL.md"].decode() + files.get(document.MORE, b"").decode()
    claims = codec.from_lines(files["references/claims.jsonl"])
    wanted = [(document.shown(c.statement), c.id, str(c.support), str(c.days), c.mode == "paraphrase") for c in claims]
    shown = [(*found, document.PARAPHRASED in rest) for *found, rest in _SHOWN.findall(text)]
    if sorted(shown) != sorted(wanted):
        raise _FaultError("the pages do not show exactly the claims of the claims file")
    return f"{len(claims)} claims"


def _reviewed(files: Mapping[str, bytes]) -> str:
    claims = codec.from_lines(files["references/claims.jsonl"])
    silent = [c.id for c in claims if c.review not in ("accepted", "corrected")]
    if silent:
        raise _FaultError(f"{len(silent)} claims were never reviewed")
    return f"{len(claims)} reviewed"


def _numbers(files: Mapping[str, bytes]) -> str:
    ledger = canonical.loads(files["references/ledger.json"].removesuffix(b"\n"))
    tree = Dispositions.parse(files["attestation/dispositions.jsonl"])
    counts = tree.counts()
    if (
        ledger["seen"] != tree.size
        or ledger["taken"] + ledger["left_out"] != ledger["seen"]
        or ledger["taken_unchanged"] != counts["taken"]
        or ledger["taken_redacted"] != counts["taken_redacted"]
        or ledger["left_out"] != counts["left_out"]
        or ledger["by_reason"] != counts["by_reason"]
        or ledger["claims"] != ledger["released"] + ledger["struck"]
        or not 0 <= ledger.get("withheld", 0) <= ledger["struck"]
    ):
        raise _FaultError("the numbers do not add up to those of the disposition tree and the review")
    if "\n".join(residue.lines(ledger)) not in files["SKILL.md"].decode():
        raise _FaultError("SKILL.md shows other numbers than the ledger")
    return f"{ledger['seen']} seen = {ledger['taken']} taken + {ledger['left_out']} left out"


def _evaluation(files: Mapping[str, bytes]) -> str:
    data = files.get("references/evaluation.json")
    if data is None:
        return "not evaluated"
    numbers = canonical.loads(data.removesuffix(b"\n"))
    claims = codec.from_lines(files["references/claims.jsonl"])
    if "\n".join(document.measured(numbers, claims)) not in files["SKILL.md"].decode():
        raise _FaultError("SKILL.md says something else than the evaluation that it carries")
    if "\n".join(told.markdown(numbers)) not in files["references/evaluation.md"].decode():
        raise _FaultError("the page of the evaluation says something else than its numbers")
    return f"carried, over {numbers['gain']['messages']} messages"


def _says_what_it_is(files: Mapping[str, bytes]) -> str:
    text = files["SKILL.md"].decode()
    if not terms.disclosed(text):
        raise _FaultError("SKILL.md does not say that it is derived from consented work")
    if not terms.forbids_decisions(text):
        raise _FaultError("the terms in SKILL.md do not forbid employment decisions about the person")
    pages = {n: d.decode() for n, d in files.items() if n.endswith(".md") and not n.startswith("attestation/")}
    places = impersonation.places(pages)
    if places:
        raise _FaultError(f"it speaks as the person, or tells its reader to, at {', '.join(places[:5])}")
    return f"compensation terms: {terms.compensation_ref(text) or 'none'}"


def _second(files: Mapping[str, bytes]) -> str:
    tree = Dispositions.parse(files["attestation/dispositions.jsonl"])
    other = second_opinion.root(tree.lines)
    if other is None:
        return "not installed"
    if other != tree.root:
        raise _FaultError("merkletools gets another root")
    return "root recomputed by: govern, merkletools"


_CHECKS: tuple[tuple[str, Callable[[Mapping[str, bytes]], str], str], ...] = (
    (
        "claims",
        _claims,
        "Each claim is made of words of a quote that it cites, in order, with the same negations; each quote comes "
        "from a record that was taken. Corrections are the person's own words. A claim in a model's words has "
        "the negations and conditions of its quote, no other number or name, and most of its words, in order; what the "
        "model and the encoder said of it cannot be checked without them.",
    ),
    ("claims shown", _shown, "SKILL.md says exactly the claims of the claims file."),
    ("review", _reviewed, "The person accepted or corrected every claim; silence would not count."),
    (
        "label and terms",
        _says_what_it_is,
        "It says that it is derived from consented work, does not speak as the person in any form on our list, and its "
        "terms forbid employment decisions about the person. Terms bind whoever honours them.",
    ),
    ("numbers", _numbers, "What the skill says was left out is what the disposition tree holds."),
    (
        "evaluation",
        _evaluation,
        "What SKILL.md says of its worth is what the evaluation holds. That it was measured so is the word of whoever "
        "ran it; the log says when.",
    ),
    ("second opinion", _second, "An independent implementation recomputed the root of the disposition tree."),
)
