"""Pages that check evidence by themselves: the script that knows how, and the policy that lets nothing else run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from attest.encoding import to_base64

_SOURCE = Path(__file__).with_name("browser.js")


def source() -> str:
    """Return the script that verifies hashes, proofs and signatures; it names itself `Evidence` and does nothing."""
    return _SOURCE.read_text("utf-8")


def policy(script: str, style: str) -> str:
    """Return the Content-Security-Policy of a page with this one script and this one style, which fetches nothing."""
    allowed = f"script-src '{_digest(script)}'; style-src '{_digest(style)}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return "sha256-" + to_base64(hashlib.sha256(text.encode()).digest())
