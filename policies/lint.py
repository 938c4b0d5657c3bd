"""Finds what is legal in a policy and yet surely not meant: gates that do nothing, policies that let nothing pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from policies.bases import fitting
from policies.duration import Duration
from policies.gates import lifecycle, output, record, run, segment, subject
from policies.model import Policy
from policies.packs import looser, packs
from policies.parameters import Params

Code = Literal["nothing_can_pass", "conflict", "dead_gate", "dead_entry", "inherited"]

_NONE = Duration(0, 0)
_AGE = Duration.parse("P50Y")
"""Longer than anyone works: a limit beyond this limits nothing."""

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is probably not meant.

    Attributes:
        gate: Gate id.
        code: `nothing_can_pass`, `conflict` (two settings work against each other), `dead_gate`, `dead_entry`, or
            `inherited` (a floor gate that the file does not name).
        message: The same in one sentence.
    """

    gate: str
    code: Code
    message: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.gate}: {self.message}"


def lint(policy: Policy) -> list[Finding]:
    """Return the findings about a policy, in the order of its gates; an empty list is what one hopes for."""
    found = [Finding(gate, "nothing_can_pass", message) for gate, message in _blocked(policy)]
    found += [Finding(gate, "conflict", message) for gate, message in _conflicts(policy)]
    found += [Finding(gate, "dead_gate", message) for gate, message in _dead(policy)]
    found += [Finding(gate, "dead_entry", message) for gate, message in _dead_entries(policy)]
    found += [
        Finding(gate, "inherited", "not named in the file: the floor's own setting applies")
        for gate in policy.inherited
    ]
    order = {gate: position for position, gate in enumerate(policy.gates)}
    return sorted(found, key=lambda finding: order[finding.gate])


def _of(policy: Policy, gate: str, model: type[P]) -> P | None:
    params = policy.gates.get(gate)
    return params if isinstance(params, model) else None


def _allow_lists(policy: Policy) -> Iterator[tuple[str, set[str], set[str]]]:
    for gate in ("run.purpose", "record.source", "output.categories"):
        values = policy.gates[gate].values()
        yield gate, set(values["allow"]), set(values["deny"])


def _blocked(policy: Policy) -> Iterator[tuple[str, str]]:
    for gate, allowed, denied in _allow_lists(policy):
        if not allowed - denied:
            yield gate, "nothing is allowed that is not also denied"
    yield from _blocked_run(policy)
    yield from _blocked_subject(policy)
    yield from _blocked_records(policy)


def _blocked_run(policy: Policy) -> Iterator[tuple[str, str]]:
    basis = _of(policy, "run.legal_basis", run.LegalBasisParams)
    if basis is not None and not fitting(basis):
        yield "run.legal_basis", "no legal basis on the list goes with a consent role on the list"
    assessment = _of(policy, "run.impact_assessment", run.ImpactAssessmentParams)
    if assessment is not None and assessment.required:
        if assessment.documents == ():
            yield "run.impact_assessment", "no assessment is good enough: the list of documents is empty"
        if assessment.max_age == _NONE:
            yield "run.impact_assessment", "no assessment is young enough"
    agreement = _of(policy, "run.collective_agreement", run.CollectiveAgreementParams)
    if agreement is not None and agreement.required_if_body_exists and agreement.documents == ():
        yield "run.collective_agreement", "where there is a works council, no agreement is good enough"
    control = _of(policy, "run.dual_control", run.DualControlParams)
    if control is not None:
        if control.approvals > len(control.roles):
            asked, roles = control.approvals, len(control.roles)
            yield "run.dual_control", f"more approvals are asked for ({asked}) than roles count ({roles})"
        elif control.approvals and control.max_age == _NONE:
            yield "run.dual_control", "no approval is young enough"
    model = _of(policy, "run.local_model", run.LocalModelParams)
    if model is not None:
        if set(model.kinds) <= {"remote"} and model.addresses == ():
            yield "run.local_model", "no model may run: no kind is allowed, or only `remote` without an address"
        if model.models == ():
            yield "run.local_model", "no model may run: the list of models is empty"
    places = _of(policy, "run.jurisdiction", run.JurisdictionParams)
    if places is not None and not any(name in packs() and not looser(policy, packs()[name]) for name in places.packs):
        yield "run.jurisdiction", "the policy is looser than the rules of every place that it lists"


def _blocked_subject(policy: Policy) -> Iterator[tuple[str, str]]:
    valid = _of(policy, "subject.consent_valid", subject.ConsentValidParams)
    if valid is not None and not valid.states:
        yield "subject.consent_valid", "no state of a consent is good enough"
    promise = _of(policy, "subject.no_detriment", subject.NoDetrimentParams)
    if promise is not None and not promise.by:
        yield "subject.no_detriment", "nobody's word counts"
    if promise is not None and promise.by == ("subject",) and "run.dual_control" in policy.gates:
        yield "subject.no_detriment", "only the person may operate the run here, and run.dual_control forbids just that"
    validity = _of(policy, "subject.validity", subject.ValidityParams)
    if validity is not None:
        if validity.max == _NONE:
            yield "subject.validity", "a consent would end at the moment it is given"
        cooling = _of(policy, "subject.cooling_off", subject.CoolingOffParams)
        if cooling is not None and validity.max.within(cooling.signature_to_run):
            yield "subject.cooling_off", "a consent has ended before the first run may happen: see subject.validity"
    weak = _of(policy, "subject.vulnerable_time", subject.VulnerableTimeParams)
    if weak is not None and "active" in weak.states:
        yield "subject.vulnerable_time", "`active` is on the list, so nobody's work may be read"


def _blocked_records(policy: Policy) -> Iterator[tuple[str, str]]:
    hours = _of(policy, "record.working_time", record.WorkingTimeParams)
    if hours is not None and not any(hours.week.minutes()):
        yield "record.working_time", "no minute of the week is working time"
    lookback = _of(policy, "record.lookback", record.LookbackParams)
    if lookback is not None and lookback.max == _NONE:
        yield "record.lookback", "no record is young enough"
    volume = _of(policy, "record.volume", record.VolumeParams)
    if volume is not None and volume.max == 0:
        yield "record.volume", "no record may be taken"
    pii = _of(policy, "segment.pii", segment.PiiParams)
    if pii is not None and pii.engines == ():
        yield "segment.pii", "no text may pass: the list of engines is empty"
    support = _of(policy, "output.support", output.SupportParams)
    if support is not None and volume is not None and support.records > volume.max:
        yield "output.support", "a claim needs more records than record.volume lets in"
    review = _of(policy, "output.subject_review", output.SubjectReviewParams)
    if review is not None and review.window == _NONE:
        yield "output.subject_review", "the window to review a draft is closed when it opens"


def _conflicts(policy: Policy) -> Iterator[tuple[str, str]]:
    notice = _of(policy, "run.notice", run.NoticeParams)
    validity = _of(policy, "subject.validity", subject.ValidityParams)
    if notice is not None and validity is not None and notice.lead != _NONE and validity.max.within(notice.lead):
        yield "run.notice", "a consent given soon after the notice ends before the notice is old enough"
    control = _of(policy, "run.dual_control", run.DualControlParams)
    cooling = _of(policy, "subject.cooling_off", subject.CoolingOffParams)
    if control is not None and control.approvals and cooling is not None:
        wait = cooling.signature_to_run
        if wait != _NONE and control.max_age.within(wait):
            yield "run.dual_control", "an approval given at the signature is too old when the cooling-off ends"
    log = _of(policy, "lifecycle.log", lifecycle.LogParams)
    if log is not None and not log.keep_min.within(log.keep_max):
        yield "lifecycle.log", "must be kept for longer than it may be kept"


def _dead(policy: Policy) -> Iterator[tuple[str, str]]:
    assessment = _of(policy, "run.impact_assessment", run.ImpactAssessmentParams)
    if assessment is not None and not assessment.required:
        yield "run.impact_assessment", "no assessment is required"
    agreement = _of(policy, "run.collective_agreement", run.CollectiveAgreementParams)
    if agreement is not None and not agreement.required_if_body_exists:
        yield "run.collective_agreement", "no agreement is required"
    notice = _of(policy, "run.notice", run.NoticeParams)
    if notice is not None and notice.lead == _NONE and not notice.acknowledged and notice.language == "any":
        yield "run.notice", "any notice at any time in any language will do"
    cooling = _of(policy, "subject.cooling_off", subject.CoolingOffParams)
    if cooling is not None and cooling.notice_to_signature == cooling.signature_to_run == _NONE:
        yield "subject.cooling_off", "no time needs to pass"
    validity = _of(policy, "subject.validity", subject.ValidityParams)
    if validity is not None and _AGE.within(validity.max):
        yield "subject.validity", "the limit is longer than a working life"
    delegate = _of(policy, "subject.delegate", subject.DelegateParams)
    if delegate is not None and delegate.witnesses == 0 and _AGE.within(delegate.max):
        yield "subject.delegate", "any mandate of any length will do"
    lookback = _of(policy, "record.lookback", record.LookbackParams)
    if lookback is not None and _AGE.within(lookback.max) and lookback.before_notice == "allow":
        yield "record.lookback", "the limit is longer than a working life"
    label = _of(policy, "record.label", record.LabelParams)
    if label is not None and not label.deny:
        yield "record.label", "no mark keeps a record out"
    volume = _of(policy, "record.volume", record.VolumeParams)
    if volume is not None and volume.max >= 1_000_000:
        yield "record.volume", "nobody writes that much"
    yield from _dead_later(policy)


def _dead_later(policy: Policy) -> Iterator[tuple[str, str]]:
    verbatim = _of(policy, "output.verbatim", output.VerbatimParams)
    if verbatim is not None and verbatim.max_words >= 1000:
        yield "output.verbatim", "whole messages may be repeated"
    support = _of(policy, "output.support", output.SupportParams)
    if support is not None and support.records == support.days == 1:
        yield "output.support", "every claim rests on one record of one day"
    withhold = _of(policy, "output.withhold", output.WithholdParams)
    if withhold is not None and not withhold.kinds:
        yield "output.withhold", "the person can keep nothing back"
    identity = _of(policy, "output.identity", output.IdentityParams)
    # `off` is no finding: whoever writes the word means it.
    if identity is not None and identity.cap == 100:
        yield "output.identity", "a skill may always give away its author"
    benefit = _of(policy, "output.benefit", output.BenefitParams)
    if benefit is not None and benefit.terms == "none":
        yield "output.benefit", "no terms are asked for"
    raw = _of(policy, "lifecycle.raw_retention", lifecycle.RawRetentionParams)
    if raw is not None and _AGE.within(raw.max):
        yield "lifecycle.raw_retention", "the limit is longer than a working life"
    access = _of(policy, "lifecycle.access", lifecycle.AccessParams)
    if access is not None and _AGE.within(access.within):
        yield "lifecycle.access", "the limit is longer than a working life"


def _dead_entries(policy: Policy) -> Iterator[tuple[str, str]]:
    basis = _of(policy, "run.legal_basis", run.LegalBasisParams)
    if basis is not None:
        fits = fitting(basis)
        for name in sorted(set(basis.bases) - {name for name, _ in fits}):
            yield "run.legal_basis", f"{name} goes with no consent role on the list"
        for role in sorted(set(basis.consent_role) - {role for _, role in fits}):
            yield "run.legal_basis", f"the consent role {role} goes with no basis on the list"
    for gate, allowed, denied in _allow_lists(policy):
        for name in sorted(allowed & denied):
            yield gate, f"{name} is allowed and denied: it is denied"
    model = _of(policy, "run.local_model", run.LocalModelParams)
    if model is not None and model.addresses not in ((), "any_private") and "remote" not in model.kinds:
        yield "run.local_model", "addresses are listed and `remote` is not allowed"
    places = _of(policy, "run.jurisdiction", run.JurisdictionParams)
    for name in () if places is None else places.packs:
        if name not in packs():
            yield "run.jurisdiction", f"there is no set of rules {name}"
        elif gates := looser(policy, packs()[name]):
            yield "run.jurisdiction", f"{name} can never pass: the policy is looser than it on {', '.join(gates)}"
