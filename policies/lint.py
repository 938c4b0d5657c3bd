"""Finds what is legal in a policy and yet surely not meant: gates that do nothing, policies that let nothing pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from policies.duration import Duration
from policies.gates.output import CategoriesParams, SupportParams
from policies.gates.record import LookbackParams, SourceParams, VolumeParams, WorkingTimeParams
from policies.gates.run import LocalModelParams, PurposeParams
from policies.gates.subject import ConsentValidParams, ValidityParams
from policies.model import Policy

Code = Literal["nothing_can_pass", "dead_gate", "dead_entry", "inherited"]

_AGE = Duration.parse("P50Y")
"""Longer than anyone works: a limit beyond this limits nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is probably not meant.

    Attributes:
        gate: Gate id.
        code: `nothing_can_pass`, `dead_gate`, `dead_entry`, or `inherited` (a floor gate that the file does not name).
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
    found = [*_blocked(policy), *_dead(policy)]
    found += [
        Finding(gate, "inherited", "not named in the file: the floor's own setting applies")
        for gate in policy.inherited
    ]
    order = {gate: position for position, gate in enumerate(policy.gates)}
    return sorted(found, key=lambda finding: order[finding.gate])


def _blocked(policy: Policy) -> list[Finding]:
    found = []

    def block(gate: str, message: str) -> None:
        found.append(Finding(gate, "nothing_can_pass", message))

    for gate in ("run.purpose", "record.source", "output.categories"):
        allowing = cast("PurposeParams | SourceParams | CategoriesParams", policy.gates[gate])
        if not set(allowing.allow) - set(allowing.deny):
            block(gate, "nothing is allowed that is not also denied")
    model = cast(LocalModelParams, policy.gates["run.local_model"])
    if set(model.kinds) <= {"remote"} and model.addresses == ():
        block("run.local_model", "no model may run: no kind is allowed, or only `remote` without an address")
    if model.models == ():
        block("run.local_model", "no model may run: the list of models is empty")
    if not cast(ConsentValidParams, policy.gates["subject.consent_valid"]).states:
        block("subject.consent_valid", "no state of a consent is good enough")
    if not any(cast(WorkingTimeParams, policy.gates["record.working_time"]).week.minutes()):
        block("record.working_time", "no minute of the week is working time")
    validity = policy.gates.get("subject.validity")
    if isinstance(validity, ValidityParams) and validity.max == Duration(0, 0):
        block("subject.validity", "a consent would end at the moment it is given")
    lookback = policy.gates.get("record.lookback")
    if isinstance(lookback, LookbackParams) and lookback.max == Duration(0, 0):
        block("record.lookback", "no record is young enough")
    volume = policy.gates.get("record.volume")
    if isinstance(volume, VolumeParams) and volume.max == 0:
        block("record.volume", "no record may be taken")
    support = policy.gates.get("output.support")
    if isinstance(support, SupportParams) and isinstance(volume, VolumeParams) and support.records > volume.max:
        block("output.support", "a claim needs more records than record.volume lets in")
    return found


def _dead(policy: Policy) -> list[Finding]:
    found = []
    lookback = policy.gates.get("record.lookback")
    if isinstance(lookback, LookbackParams) and _AGE.within(lookback.max) and lookback.before_notice == "allow":
        found.append(Finding("record.lookback", "dead_gate", "the limit is longer than a working life"))
    validity = policy.gates.get("subject.validity")
    if isinstance(validity, ValidityParams) and _AGE.within(validity.max):
        found.append(Finding("subject.validity", "dead_gate", "the limit is longer than a working life"))
    support = policy.gates.get("output.support")
    if isinstance(support, SupportParams) and support.records == support.days == 1:
        found.append(Finding("output.support", "dead_gate", "every claim rests on one record of one day"))
    volume = policy.gates.get("record.volume")
    if isinstance(volume, VolumeParams) and volume.max >= 1_000_000:
        found.append(Finding("record.volume", "dead_gate", "nobody writes that much"))
    for gate in ("run.purpose", "record.source", "output.categories"):
        allowing = cast("PurposeParams | SourceParams | CategoriesParams", policy.gates[gate])
        for name in sorted(set(allowing.allow) & set(allowing.deny)):
            found.append(Finding(gate, "dead_entry", f"{name} is allowed and denied: it is denied"))
    model = cast(LocalModelParams, policy.gates["run.local_model"])
    if model.addresses not in ((), "any_private") and "remote" not in model.kinds:
        found.append(Finding("run.local_model", "dead_entry", "addresses are listed and `remote` is not allowed"))
    return found
