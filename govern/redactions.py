"""What a finished skill states about its redaction: who redacted, how much, and what nothing looked for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from govern.errors import GovernError


def stated(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the receipt of the redaction that a skill's statement holds; {} of a draft, or of what is no statement.

    Whether the statement is the log's is not checked here.

    Args:
        files: Content by name, as `attest.container.unpack` gives it.
    """
    from attest import canonical, evidence, statement

    try:
        envelope = canonical.loads(files[evidence.STATEMENT])
        predicate = statement.parse(base64.b64decode(envelope["payload"], validate=True)).predicate
    except (GovernError, ValueError, KeyError, TypeError):
        return {}
    return dict(predicate["redactor"])


def lines(receipt: Mapping[str, Any]) -> list[str]:
    """Return a receipt in sentences; none for one from before there were receipts."""
    from redact.receipt import shortfalls

    counts = receipt.get("by_entity")
    if not isinstance(counts, Mapping):
        return []
    by_size = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    kinds = f" ({', '.join(f'{entity} {count:,}' for entity, count in by_size)})" if by_size else ""
    texts, total = receipt["texts"], sum(counts.values())
    said = f"{texts:,} text{'' if texts == 1 else 's'}, {total:,} replacement{'' if total == 1 else 's'}{kinds}"
    return [f"Redacted with the profile {receipt['profile']}: {said}", *shortfalls(receipt)]
