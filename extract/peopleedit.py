"""Adds confirmed addresses and accounts to a people file, and leaves every other line of it as it stands."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from extract.errors import PeopleFileError
from extract.identity import Identities, Person, parse
from extract.personkeys import name_key

_INDENT = re.compile(r"^people:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)-", re.MULTILINE)
_COMMENT = re.compile(rb"(?:^|(?<=\s))#[^\r\n]*", re.MULTILINE)
_BY_HAND = "write the address in by hand"


def add(data: bytes, pid: str, keys: Sequence[str], names: Collection[str] = (), where: str = "people file") -> bytes:
    """Return the people file with more keys for one person; comments and order stay.

    Args:
        data: The file.
        pid: Whose keys they are; a person who is not in the file yet is put at its end.
        keys: Person keys.
        names: Display names as written: a person who is not in the file yet gets all of them.
        where: What to call the file in messages.

    Raises:
        PeopleFileError: The file is invalid, a key is somebody else's, or the file cannot be changed without changing
            something else in it. The message holds no value from the file.
    """
    before = parse(data, where)
    root, yaml = _round_trip(data)
    people = root["people"]
    entry = next((e for e in people if e["pid"] == pid), None)
    if entry is None:
        entry = {"pid": pid}
        _extend(entry, "names", names)
        if not people:
            people.fa.set_block_style()
        people.append(entry)
    spelt = {name_key(name): name for name in names}
    _extend(entry, "names", (spelt.get(k, k.removeprefix("name:")) for k in keys if k.startswith("name:")))
    for field, prefix in (("emails", "mailto:"), ("slack", "slack:")):
        _extend(entry, field, (k.removeprefix(prefix) for k in keys if k.startswith(prefix)))
    _extend(entry, "accounts", (k for k in keys if not k.startswith(("mailto:", "slack:", "name:"))))
    out = io.BytesIO()
    yaml.dump(root, out)
    written = out.getvalue().replace(b"\n", b"\r\n") if b"\r\n" in data else out.getvalue()
    _check(before, parse(written, where), pid, keys, where)
    if Counter(_COMMENT.findall(data)) - Counter(_COMMENT.findall(written)):
        raise PeopleFileError(f"{where}: a comment would be lost", _BY_HAND)
    return written


def _round_trip(data: bytes) -> tuple[Any, Any]:
    from ruamel.yaml import YAML

    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    found = _INDENT.search(text)
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.explicit_start = text.startswith("---")
    # A line is broken where its author broke it.
    yaml.width = 1 << 20
    offset = len(found[1]) if found is not None else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml.load(io.StringIO(text)), yaml


def _extend(entry: Any, field: str, values: Iterable[str]) -> None:
    have = entry.get(field)
    old = [str(v).casefold() for v in have or []]
    new = [v for v in dict.fromkeys(values) if v.casefold() not in old]
    if not new:
        return
    if have is None:
        from ruamel.yaml.comments import CommentedSeq
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString

        have = CommentedSeq()
        have.fa.set_flow_style()
        entry[field] = have
        new = [DoubleQuotedScalarString(v) for v in new]
    have.extend(new)


def _check(before: Identities, after: Identities, pid: str, keys: Sequence[str], where: str) -> None:
    """Refuse a change that changed anything but one person's names, addresses and accounts."""

    def rest(people: Identities) -> list[Person]:
        return [
            replace(p, names=(), emails=(), slack=(), accounts=(), keys=()) if p.pid == pid else p
            for p in people.people
        ]

    old, new = before.by_pid(pid), after.person(pid)
    same = rest(after)[: len(before.people)] == rest(before) and len(after.people) - len(before.people) == (old is None)
    head = ("organisation", "work_domains", "jurisdictions", "works_council")
    same = same and all(getattr(before, name) == getattr(after, name) for name in head)
    if not same or not {*(old.keys if old else ()), *keys} <= {*new.keys}:
        raise PeopleFileError(f"{where}: cannot be changed without changing more", _BY_HAND)
