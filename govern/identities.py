"""Candidates of one workspace: keeps what was proposed and what was rejected, and writes what a person confirms."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from extract import peopleedit
from extract.candidates import EVIDENCE, Candidate, Side
from extract.drafting import fresh_pid
from extract.identity import Identities, parse
from extract.personkeys import is_role_address
from govern.errors import InputError, RefusedError, UsageError

if TYPE_CHECKING:
    from govern.workspace import Workspace

FILE = "candidates.json"
_TAG = b"govern/identity-candidate/1\0"
_AGAIN = "run `govern identities candidates` again"


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """What a workspace knows of candidates.

    Attributes:
        shown: Candidates by id, of the last time somebody looked.
        rejected: Ids of those that are two persons; they are not proposed again.
    """

    shown: dict[str, Candidate]
    rejected: tuple[str, ...]


def ident(secret: bytes, candidate: Candidate) -> str:
    """Return the id of a candidate: the same while both sides stay who they are, and guessable by nobody.

    Args:
        secret: The workspace's pseudonym secret; a plain digest would confirm a guess at two addresses.
        candidate: The candidate.
    """
    ends = sorted(side.pid or side.keys[0] for side in (candidate.left, candidate.right))
    if candidate.left == candidate.right:
        ends += candidate.left.new
    message = b"".join(len(e.encode()).to_bytes(4, "big") + e.encode() for e in ends)
    return "c-" + hmac.new(secret, _TAG + message, hashlib.sha256).hexdigest()[:12]


def load(workspace: Workspace) -> Kept:
    """Return what is kept; nothing where nobody has looked yet.

    Raises:
        InputError: The file is damaged.
    """
    path = workspace.root / FILE
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != 1:
            raise ValueError
        shown = {name: _candidate(value) for name, value in document["candidates"].items()}
        return Kept(shown, tuple(map(str, document["rejected"])))
    except FileNotFoundError:
        return Kept({}, ())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is damaged", f"remove it and {_AGAIN}; what was rejected is asked again") from None


def keep(workspace: Workspace, kept: Kept) -> None:
    """Write what is kept, for the operator only."""
    document = {
        "version": 1,
        "rejected": sorted(kept.rejected),
        "candidates": {
            name: {"left": c.left._asdict(), "right": c.right._asdict(), "evidence": c.evidence}
            for name, c in kept.shown.items()
        },
    }
    workspace.keep(workspace.root / FILE, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")


def forget(workspace: Workspace) -> None:
    """Forget who was shown, names and addresses with it; what was rejected stays, which are ids only."""
    path = workspace.root / FILE
    try:
        rejected = load(workspace).rejected
    except InputError:
        rejected = ()  # nobody can say whom a damaged file names
    if path.exists():
        keep(workspace, Kept({}, rejected))


def chosen(kept: Kept, ids: Iterable[str]) -> dict[str, Candidate]:
    """Return the candidates of these ids.

    Raises:
        UsageError: An id is not among those that were shown last.
    """
    out = {}
    for name in ids:
        if name not in kept.shown:
            raise UsageError("no candidate has this id", f"{_AGAIN}; ids look like c-0123456789ab")
        out[name] = kept.shown[name]
    return out


def confirm(data: bytes, candidate: Candidate, random: Callable[[int], bytes], where: str) -> tuple[bytes, str]:
    """Return the people file in which both sides are one person, and that person's id.

    Who holds a key is asked of the file as it is now, not as it was when the candidate was shown.

    Args:
        data: The people file.
        candidate: What a person has confirmed.
        random: Returns so many random bytes; the id of a new person is made of them.
        where: What to call the file in messages.

    Raises:
        RefusedError: An address is a role's, a list's or a bot's; or the file has both as two persons, or has changed.
        PeopleFileError: The file is invalid, or cannot be changed without changing more.
    """
    people = parse(data, where)
    both = (candidate.left, candidate.right)
    keys = list(dict.fromkeys(k for side in both for k in (side.new if side.pid else side.keys)))
    if any(map(is_role_address, keys)):
        raise RefusedError("an address of a role, a list or a bot belongs to nobody", "leave it out of the people file")
    holders = {pid for side in both for pid in _holders(people, side)}
    if len(holders) > 1:
        raise RefusedError(
            "the people file has these addresses for two persons",
            f"correct the file by hand if they are one, then {_AGAIN}",
        )
    missing = [k for k in keys if people.resolve(k) is None]
    pid = holders.pop() if holders else fresh_pid(random)
    if not missing:
        return data, pid
    names = tuple(dict.fromkeys(name for side in both if not side.pid for name in side.names))
    return peopleedit.add(data, pid, missing, names, where), pid


def _holders(people: Identities, side: Side) -> set[str]:
    """Return who in the file has a key of this side."""
    if side.pid and people.by_pid(side.pid) is None:
        raise RefusedError("the people file has changed: a person of this candidate is gone", _AGAIN)
    # A display name may be shared; an address is one person's.
    found = {pid for k in side.keys if not k.startswith("name:") and (pid := people.resolve(k)) is not None}
    return found | ({side.pid} if side.pid else set())


def _candidate(value: Any) -> Candidate:
    evidence = tuple(value["evidence"])
    if not set(evidence) <= set(EVIDENCE):
        raise ValueError
    return Candidate(_side(value["left"]), _side(value["right"]), evidence)


def _side(value: Any) -> Side:
    lists = {name: tuple(value[name]) for name in ("keys", "names", "new")}
    if not all(isinstance(v, str) for v in (value["pid"], *lists["keys"], *lists["names"], *lists["new"])):
        raise ValueError
    return Side(value["pid"], **lists)
