"""What each witness has seen of this log, kept outside of the database, so that a restored database can be told."""

from __future__ import annotations

import json
from pathlib import Path

from attest.errors import RollbackError
from attest.files import replace_file
from govern.errors import InputError

FILE = "witnessed.json"


def read(root: Path) -> dict[str, int]:
    """Return the size that each witness has seen last, by the witness's key.

    Args:
        root: The workspace's folder.

    Raises:
        InputError: The file is damaged.
    """
    path = root / FILE
    try:
        value = json.loads(path.read_bytes())
        seen = value["seen"]
        if value["version"] != 1 or not all(type(k) is str and type(v) is int for k, v in seen.items()):
            raise ValueError
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is damaged", "delete it: it is written again when a witness is asked") from None
    return dict(seen)


def remember(root: Path, vkey: str, size: int) -> None:
    """Keep that a witness has seen the log at a size; a smaller one than before changes nothing."""
    seen = read(root)
    if seen.get(vkey, -1) < size:
        document = {"version": 1, "seen": {**seen, vkey: size}}
        replace_file(root / FILE, json.dumps(document, indent=2, sort_keys=True).encode() + b"\n")


def refuse_rollback(root: Path, size: int) -> None:
    """Refuse to sign a log that is shorter than what a witness has seen of it.

    Raises:
        RollbackError: It is.
    """
    for vkey, seen in read(root).items():
        if seen > size:
            raise RollbackError(
                f"the log has {size} entries, but the witness {vkey.partition('+')[0]} has seen {seen}",
                "this is an older copy: bring the newer one back. Nothing that is signed now would be cosigned. If the "
                f"witness is wrong, delete {root / FILE}",
            )
