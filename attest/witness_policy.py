"""Witness policies (C2SP tlog-policy): the logs and witnesses that are known, and which witnesses must have cosigned.

The file is a sequence of octets: names are compared byte by byte. The parser takes a line apart with spaces and tabs
only, and knows nothing that the specification does not name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from attest.cosignature import Cosigner
from attest.encoding import from_decimal
from attest.errors import FormatError
from attest.note import Verifier

MAX_POLICY = 256 * 1024
MAX_LINES = 1000
"""Far more than the 32 logs, witnesses and groups that the specification asks for."""

NONE = b"none"
"""The name that stands for no quorum at all."""

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_BLANKS = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that the policy knows.

    Attributes:
        name: Its name in the policy file, as octets.
        cosigner: Its key.
        url: Where it is asked, or None.
    """

    name: bytes
    cosigner: Cosigner
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups of which some must have witnessed.

    Attributes:
        name: Its name in the policy file.
        needed: How many of the members.
        members: Their names.
    """

    name: bytes
    needed: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """A parsed policy.

    Attributes:
        logs: The logs that are accepted, by key, with their URL or None; empty where any log is that the reader knows.
        witnesses: By name.
        groups: By name; a group refers only to what stands before it, so there are no cycles.
        quorum: Name of the witness or group that must have witnessed, or `NONE`.
    """

    logs: Mapping[Verifier, str | None]
    witnesses: Mapping[bytes, Witness]
    groups: Mapping[bytes, Group]
    quorum: bytes

    @property
    def cosigners(self) -> tuple[Cosigner, ...]:
        """The keys of all witnesses."""
        return tuple(witness.cosigner for witness in self.witnesses.values())

    @property
    def operators(self) -> tuple[bytes, ...]:
        """The names that are counted: the direct members of the quorum.

        Several keys of one operator are one group in the policy, and count once.
        """
        group = self.groups.get(self.quorum)
        if group is not None:
            return group.members
        return () if self.quorum == NONE else (self.quorum,)

    @property
    def needed(self) -> int:
        """How many of the operators must have witnessed."""
        group = self.groups.get(self.quorum)
        return group.needed if group is not None else len(self.operators)

    def witnessed(self, by: Collection[Cosigner]) -> frozenset[bytes]:
        """Return the names of the witnesses and groups that have witnessed what these keys cosigned."""
        seen = {witness.name for witness in self.witnesses.values() if witness.cosigner in by}
        for group in self.groups.values():  # in the order of the file: members come first
            if sum(member in seen for member in group.members) >= group.needed:
                seen.add(group.name)
        return frozenset(seen)

    def met(self, by: Collection[Cosigner]) -> bool:
        """Tell whether the cosignatures of these keys make the quorum."""
        return self.quorum == NONE or self.quorum in self.witnessed(by)


def shown(name: bytes) -> str:
    """Return a name for people: what is not printable ASCII is escaped."""
    return name.decode("ascii", "backslashreplace")


def parse(data: bytes) -> WitnessPolicy:
    """Read a policy file.

    Raises:
        FormatError: It is not one; the message names the line.
    """
    if len(data) > MAX_POLICY:
        raise FormatError("a witness policy is too long")
    if _FORBIDDEN.search(data):
        raise FormatError("a witness policy holds a control character", "tab and newline are allowed, CR is not")
    if data and not data.endswith(b"\n"):
        raise FormatError("the last line of a witness policy does not end in a newline")
    lines = data.split(b"\n")[:-1]
    if len(lines) > MAX_LINES:
        raise FormatError("a witness policy has too many lines")
    draft = _Draft()
    for number, line in enumerate(lines, 1):
        items = _BLANKS.split(line.strip(b" \t"))
        if items == [b""] or items[0].startswith(b"#"):
            continue
        try:
            draft.read(items)
        except FormatError as error:
            raise FormatError(f"line {number} of the witness policy: {error.message}", error.hint) from None
    if draft.quorum is None:
        raise FormatError("the witness policy has no quorum line", "end it with `quorum NAME`, or `quorum none`")
    return WitnessPolicy(draft.logs, draft.witnesses, draft.groups, draft.quorum)


class _Draft:
    """A policy, line by line."""

    def __init__(self) -> None:
        self.logs: dict[Verifier, str | None] = {}
        self.witnesses: dict[bytes, Witness] = {}
        self.groups: dict[bytes, Group] = {}
        self.quorum: bytes | None = None
        self._used: set[bytes] = set()

    def read(self, items: list[bytes]) -> None:
        match items:
            case [b"log", vkey, *url] if len(url) <= 1:
                self._log(vkey, url)
            case [b"witness", name, vkey, *url] if len(url) <= 1:
                self._witness(name, vkey, url)
            case [b"group", name, needed, *members] if members:
                self._group(name, needed, members)
            case [b"quorum", name]:
                self._quorum(name)
            case _:
                raise FormatError("it is none of: log, witness, group, quorum, with what they need")

    def _log(self, vkey: bytes, url: list[bytes]) -> None:
        log = Verifier.from_vkey(_text(vkey, "a key"))
        # Two keys are the same if the bytes are, whatever the names (C2SP tlog-policy, "Public key representation").
        if any(log.public == known.public for known in self.logs):
            raise FormatError("a log's key stands there a second time")
        self.logs[log] = _text(url[0], "a URL") if url else None

    def _witness(self, name: bytes, vkey: bytes, url: list[bytes]) -> None:
        self._define(name)
        cosigner = Cosigner.from_vkey(_text(vkey, "a key"))
        if any(cosigner.public == known.cosigner.public for known in self.witnesses.values()):
            raise FormatError("a witness's key stands there a second time")
        self.witnesses[name] = Witness(name, cosigner, _text(url[0], "a URL") if url else None)

    def _group(self, name: bytes, needed: bytes, members: list[bytes]) -> None:
        self._define(name)
        for member in members:
            self._known(member)
            # "Each defined name can be listed as a group member at most once": nobody counts in two ways.
            if member in self._used:
                raise FormatError("a name is a member of a group for a second time")
            self._used.add(member)
        match needed:
            case b"all":
                number = len(members)
            case b"any":
                number = 1
            case _:
                number = from_decimal(_text(needed, "a number"))
        if not 1 <= number <= len(members):
            raise FormatError("a group needs at least one of its members, and no more than it has")
        self.groups[name] = Group(name, number, tuple(members))

    def _quorum(self, name: bytes) -> None:
        if self.quorum is not None:
            raise FormatError("there is a second quorum line")
        if name != NONE:
            self._known(name)
        self.quorum = name

    def _define(self, name: bytes) -> None:
        if name == NONE:
            raise FormatError("the name none means no quorum and cannot be given to anything")
        if name in self.witnesses or name in self.groups:
            raise FormatError("a name is given a second time")

    def _known(self, name: bytes) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise FormatError("a name is used that no line before it defines")


def _text(item: bytes, what: str) -> str:
    try:
        return item.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError(f"{what} is not UTF-8") from None
