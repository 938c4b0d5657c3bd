"""Legal bases, and the part that a consent plays beside each: a safeguard, or the basis itself."""

from __future__ import annotations

from typing import Literal

from policies.gates.run import LegalBasisParams
from policies.model import Policy

ConsentRole = Literal["legal_basis", "safeguard"]

CONSENT_BASES = frozenset({"eu-gdpr:A6-1-a", "cn-pipl:A13-1-1"})
"""The legal bases that mean consent; they go with the consent role `legal_basis` and with no other."""

PREFERRED = "eu-gdpr:A6-1-f"


def role_of(basis: str) -> ConsentRole:
    """Return the consent role that goes with a legal basis; the other one would say what is not so."""
    return "legal_basis" if basis in CONSENT_BASES else "safeguard"


def fitting(params: LegalBasisParams) -> set[tuple[str, ConsentRole]]:
    """Return the pairs of basis and consent role that a record can name without contradicting itself."""
    return {(basis, role_of(basis)) for basis in params.bases if role_of(basis) in params.consent_role}


def proposed(policy: Policy) -> str:
    """Return the legal basis that a record under `policy` names unless another is chosen.

    Legitimate interests where the policy allows them, else the first of those that it allows.
    """
    params = policy.gates["run.legal_basis"]
    found = sorted(basis for basis, _ in fitting(params)) if isinstance(params, LegalBasisParams) else []
    return PREFERRED if PREFERRED in found or not found else found[0]
