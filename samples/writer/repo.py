"""Writes the repository as a git bundle without git: objects, pack and bundle header, fixed to the byte."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib

from .cast import Cast
from .jar import Entry, Row, judged

_SHA = re.compile(r"\{\{sha (\w+)\}\}")
_KINDS = {"commit": 1, "tree": 2, "blob": 3}


class Objects:
    """Git objects by id."""

    def __init__(self) -> None:
        self._store: dict[str, tuple[str, bytes]] = {}

    def add(self, kind: str, data: bytes) -> str:
        """Store an object and return its id."""
        oid = hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
        self._store[oid] = (kind, data)
        return oid

    def tree(self, files: dict[str, str]) -> str:
        """Store a folder and all below it; return its id."""
        folders: dict[str, dict[str, str]] = {}
        rows = []
        for path, text in files.items():
            top, _, rest = path.partition("/")
            if rest:
                folders.setdefault(top, {})[rest] = text
            else:
                rows.append((top, "100644", self.add("blob", text.encode())))
        rows += [(name + "/", "40000", self.tree(below)) for name, below in folders.items()]
        body = b"".join(
            f"{mode} {name.rstrip('/')}\0".encode() + bytes.fromhex(oid) for name, mode, oid in sorted(rows)
        )
        return self.add("tree", body)

    def pack(self) -> bytes:
        """Return all objects as one pack, version 2, none as a delta (gitformat-pack)."""
        out = [b"PACK" + struct.pack(">II", 2, len(self._store))]
        for kind, data in self._store.values():
            size, first = len(data), True
            head = bytearray()
            while first or size:
                bits = 4 if first else 7
                byte = size & ((1 << bits) - 1) | (_KINDS[kind] << 4 if first else 0)
                size >>= bits
                head.append(byte | (0x80 if size else 0))
                first = False
            out += [bytes(head), _stored(data)]
        body = b"".join(out)
        return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _stored(data: bytes) -> bytes:
    """RFC 1950 and 1951 with stored blocks only: the bytes must not depend on the zlib at hand."""
    blocks = [data[i : i + 65535] for i in range(0, len(data), 65535)] or [b""]
    out = [b"\x78\x01"]
    for number, block in enumerate(blocks):
        out.append(struct.pack("<BHH", number == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block)
    return b"".join(out) + struct.pack(">I", zlib.adler32(data))


def build(cast: Cast, entries: list[Entry]) -> tuple[bytes, list[Row]]:
    """Return the bundle and the rows of the key."""
    objects = Objects()
    ids: dict[str, str] = {}
    tips: dict[str, str] = {}
    trees: dict[str, dict[str, str]] = {"main": {}}
    rows = []
    for entry in entries:
        branch = entry.get("branch", "main")
        if branch not in trees:
            trees[branch] = dict(trees["main"])
            tips[branch] = tips["main"]
        files = trees[branch]
        parents = [tips[branch]] if branch in tips else []
        if merged := entry.get("merge"):
            parents.append(tips[merged])
            files.update(trees[merged])
        for name in [n for n in entry.fields if n.startswith("touch")]:
            path, _, line = entry[name].partition("::")
            files[path.strip()] = files.get(path.strip(), "") + line.strip().replace("\\n", "\n") + "\n"
        message = _SHA.sub(lambda m: ids[m[1]], entry.body).rstrip() + "\n"
        message = entry["title"] + ("\n\n" + message if message.strip() else "\n")
        message = _SHA.sub(lambda m: ids[m[1]], message)
        handle = entry["author"].removesuffix("2")
        who, when = cast.who[handle], cast.local(entry["at"])
        email = "maren@mh-laptop.local" if entry["author"] == "maren2" else who.email
        line = f"{who.name} <{email}> {int(when.timestamp())} {when:%z}"
        data = [
            f"tree {objects.tree(files)}",
            *(f"parent {p}" for p in parents),
            f"author {line}",
            f"committer {line}",
            "",
        ]
        oid = objects.add("commit", ("\n".join(data) + "\n" + message).encode())
        ids[entry["id"]] = tips[branch] = oid
        own = handle == cast.subject
        reasons, why = judged(entry.get("key"), entry.get("why"), own=own, author=who.name)
        rows.append(Row("repo.bundle", oid, "subject" if own else "other", reasons, why, when, message))
    head = tips["main"]
    header = f"# v2 git bundle\n{head} HEAD\n{head} refs/heads/main\n\n".encode()
    return header + objects.pack(), rows
