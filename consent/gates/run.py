"""Evaluators of the run gates that look at what was asked for and at what was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from consent.gates.registry import RUN, RunContext, register
from consent.verdict import PASS, Verdict, deny, unknown, weigh
from policies.gates.run import is_private_address

if TYPE_CHECKING:
    from policies.gates.run import LegalBasisParams, LocalModelParams, NoCovertParams, NoticeParams, PurposeParams

CONSENT_BASES = frozenset({"eu-gdpr:A6-1-a", "cn-pipl:A13-1-1"})
"""The bases that are a consent: there, and nowhere else, the consent is the legal basis."""

UNSIGNED = "no_signed_choice"
"""What a gate says that looks at the signed record where there is none."""


@register(RUN, "run.legal_basis")
def legal_basis(params: LegalBasisParams, context: RunContext) -> Verdict:
    """Deny a basis that is not on the list, and a consent that is presented as what it is not."""
    record = context.choice.record
    if record is None:
        return deny(UNSIGNED)
    details = []
    if record.legal_basis not in params.bases:
        details.append("basis")
    if record.consent_role not in params.consent_role:
        details.append("role")
    if (record.legal_basis in CONSENT_BASES) != (record.consent_role == "legal_basis"):
        details.append("mismatch")
    return weigh(details, [])


@register(RUN, "run.purpose")
def purpose(params: PurposeParams, context: RunContext) -> Verdict:
    """Deny a purpose that is not allowed by name."""
    wanted = context.request.purpose
    if not wanted:
        return unknown("purpose")
    return PASS if wanted in params.allow and wanted not in params.deny else deny("purpose")


@register(RUN, "run.notice")
def notice(params: NoticeParams, context: RunContext) -> Verdict:
    """Deny a run too soon after the notice, and one whose notice was not read or not in the subject's language."""
    choice, record, request = context.choice, context.choice.record, context.request
    if record is None:
        return deny(UNSIGNED)
    details, missing = [], []
    if choice.notice_at is None:
        missing.append("notice_at")
    elif request.now < params.lead.after(choice.notice_at):
        details.append("lead")
    if params.acknowledged and record.told > record.start:
        details.append("acknowledged")
    if params.language == "subject":
        spoken = request.circumstances.language
        if not spoken:
            missing.append("language")
        elif not same_language(record.notice.lang, spoken):
            details.append("language")
    return weigh(details, missing)


def same_language(one: str, other: str) -> bool:
    """Tell whether two language tags mean one language: `de` and `de-AT` do, `zh-CN` and `zh-TW` do not."""
    first, _, here = one.casefold().partition("-")
    second, _, there = other.casefold().partition("-")
    return first == second and (not here or not there or here == there)


@register(RUN, "run.local_model")
def local_model(params: LocalModelParams, context: RunContext) -> Verdict:
    """Deny a model elsewhere than the policy says, or one whose file is not known by its digest."""
    request = context.request
    details, missing = [], []
    if request.model_kind is None:
        missing.append("model_kind")
    elif request.model_kind not in params.kinds:
        details.append("model_kind")
    if not request.model_sha256:
        missing.append("model_sha256")
    elif params.models != "any_named_in_consent" and request.model_sha256 not in params.models:
        details.append("model_sha256")
    if request.model_kind in ("loopback", "remote"):
        if not request.model_address:
            missing.append("model_address")
        elif not _address_allowed(params, request.model_kind, host_of(request.model_address)):
            details.append("model_address")
    return weigh(details, missing)


def _address_allowed(params: LocalModelParams, kind: str, host: str) -> bool:
    if kind == "loopback":
        return host == "::1" or (host.startswith("127.") and is_private_address(host))
    return is_private_address(host) and (params.addresses == "any_private" or host in params.addresses)


def host_of(address: str) -> str:
    """Return the host of `http://10.1.2.3:8080/v1`, `10.1.2.3:8080`, `[::1]:8080` or `10.1.2.3`.

    A user part makes `http://127.0.0.1@example.org/` look local; such an address has no host here.
    """
    bare = "//" not in address
    if bare and address.count(":") > 1 and "]" not in address:
        # An IPv6 address without a port.
        address = f"[{address}]"
    try:
        parts = urlsplit(f"//{address}" if bare else address)
        return "" if "@" in parts.netloc else (parts.hostname or "")
    except ValueError:
        return ""


@register(RUN, "run.no_covert")
def no_covert(params: NoCovertParams, context: RunContext) -> Verdict:
    """Deny a run that its subject was not told of."""
    return PASS if context.request.circumstances.announced is not None else unknown("announced")
