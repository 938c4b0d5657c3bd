"""Evaluators of the run gates."""

from __future__ import annotations

from urllib.parse import urlsplit

from consent.gates.registry import RUN, RunContext, register
from consent.verdict import PASS, Verdict, deny, unknown, weigh
from policies.gates.run import LocalModelParams, PurposeParams, is_private_address


@register(RUN, "run.purpose")
def purpose(params: PurposeParams, context: RunContext) -> Verdict:
    """Deny a purpose that is not allowed by name."""
    wanted = context.request.purpose
    if not wanted:
        return unknown("purpose")
    return PASS if wanted in params.allow and wanted not in params.deny else deny("purpose")


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
