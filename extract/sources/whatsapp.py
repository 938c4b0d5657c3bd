"""Reads chats that WhatsApp exported as text, the file or the zip.

The export states no zone, so no message has a time. It does not say which messages were forwarded, nor from whom.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from extract.errors import SourceError
from extract.personkeys import account_key
from extract.records import FLAG_SYSTEM, ContainerKind, Record, SourceKind, of_defect
from extract.sources import archive, files
from extract.sources import whatsapplines as wl
from extract.sources.api import Defect, Link, Unit
from extract.sources.decoding import decode
from extract.sources.linekinds import lay
from extract.sources.scrub import scrub_bytes, scrub_text
from extract.spans import assemble, split_chat

_HEAD_BYTES = 4096
#: A message of WhatsApp ends at 65,536 characters.
_MAX_MESSAGE = 1024**2
_LINE = 256 * 1024


class _Chat(NamedTuple):
    name: str
    ident: str
    kind: ContainerKind
    senders: tuple[str, ...]


class _Payload(NamedTuple):
    raw: bytes
    chat: _Chat | None
    defect: str
    unreadable: bool


class _Message(NamedTuple):
    raw: bytes
    digest: str
    size: int
    found: wl.Start | None


class WhatsAppSource:
    """An exported chat, or a folder of them.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "chat"
    completeness = "whatsapp.as_exported"
    links: frozenset[Link] = frozenset()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether the path is an exported chat, or a zip or folder that holds one."""
        try:
            if path.is_dir():
                return any(cls.detect(p) for p in sorted(path.glob("*.txt"))[:50])
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as packed:
                    names = [n for n in packed.namelist() if n.lower().endswith(".txt")]
                    return any(_is_head(packed.open(n).read(_HEAD_BYTES)) for n in names[:20])
            with path.open("rb") as file:
                return path.suffix.lower() == ".txt" and _is_head(file.read(_HEAD_BYTES))
        except Exception:
            # A damaged zip raises whatever its damage provokes; it is no exported chat then.
            return False

    def __init__(self, path: Path) -> None:
        """Open the path.

        Raises:
            SourceError: It cannot be opened, or holds no text file.
        """
        files.require(path, "a chat that WhatsApp exported")
        self.path = path
        self.name = path.name or path.resolve().name
        self._packed = path.is_dir() or zipfile.is_zipfile(path)
        if self._packed:
            with _tree(path) as tree:
                if not any(n.lower().endswith(".txt") for n in tree.names):
                    raise SourceError(f"{path}: no text file in it", "export the chat in WhatsApp: More, Export chat")

    def units(self) -> Iterator[Unit]:
        """Yield every message by file and position; any other file of the export is a unit too."""
        if not self._packed:
            yield from _messages(self.name, _title(self.path.name, self.path), partial(_file, self.path))
            return
        with _tree(self.path) as tree:
            for name, broken in tree.names.items():
                if broken:
                    yield _refused(name, broken)
                elif not name.lower().endswith(".txt"):
                    yield _refused(name, "file.not_messages", unreadable=False)
                elif self.path.is_dir():
                    yield from _messages(name, _title(name, self.path), partial(_file, self.path / name))
                else:
                    try:
                        data = tree.read(name)
                    except files.FileUnreadable as error:
                        yield _refused(name, error.code)
                        continue
                    yield from _messages(name, _title(name, self.path), partial(io.BytesIO, data))

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        payload: _Payload = unit.payload
        if payload.chat is None:
            return Defect(unit.locator, unit.raw_digest, payload.defect, payload.unreadable)
        text, defects = decode(payload.raw, where="message")
        found = wl.start(scrub_text(text.strip("\n")))
        if found is None or payload.defect == "message.too_large":
            return of_defect(
                "chat", unit.locator, unit.raw_digest, payload.defect or "message.no_stamp", payload.chat.name
            )
        return _record(unit, found, payload.chat, [*defects, *([payload.defect] if payload.defect else [])])


@contextmanager
def _tree(path: Path) -> Iterator[archive.FolderTree | archive.ZipTree]:
    tree = archive.open_tree(path)
    try:
        yield tree
    finally:
        if isinstance(tree, archive.ZipTree):
            tree.close()


def _file(path: Path) -> BinaryIO:
    return path.open("rb")


def _is_head(head: bytes) -> bool:
    for line in head.decode("utf-8", "replace").splitlines()[:5]:
        found = wl.start(line)
        # Logs of other programs have such stamps too; in them a name stands in angle brackets or behind a star.
        if found is not None and not (found.sender or found.text).startswith(("<", "*", "-", "=")):
            return True
    return False


def _title(name: str, path: Path) -> str:
    stem = PurePosixPath(name).stem
    if stem.lower() != "_chat":
        return stem
    parent = PurePosixPath(name).parent.name or (path.parent.name if path.name == name else path.stem)
    return parent or stem


def _refused(locator: str, code: str, digest: str = "", *, unreadable: bool = True) -> Unit:
    return Unit(locator, digest, _Payload(b"", None, code, unreadable), 256)


def _split(file: BinaryIO) -> Iterator[_Message]:
    """Yield the messages of a file; lines before the first are one without a start."""
    form: bool | None = None
    parts: list[bytes] = []
    found: wl.Start | None = None
    digest, size = hashlib.sha256(), 0
    whole = True
    while line := file.readline(_LINE):
        # Only the first piece of a very long line can start a message, and only in the form that the file began with.
        fresh = wl.start(line.decode("utf-8", "replace")) if whole else None
        whole = line.endswith(b"\n")
        if fresh is not None and (form is None or fresh.bracketed == form):
            if size:
                yield _Message(b"".join(parts), digest.hexdigest(), size, found)
            form, found = fresh.bracketed, fresh
            parts, digest, size = [], hashlib.sha256(), 0
        line = scrub_bytes(line)
        digest.update(line)
        size += len(line)
        if size <= _MAX_MESSAGE:
            parts.append(line)
    if size:
        yield _Message(b"".join(parts), digest.hexdigest(), size, found)


def _messages(name: str, title: str, opened: Callable[[], BinaryIO]) -> Iterator[Unit]:
    """Yield the messages of one chat: read twice, as what kind of chat it is shows only at its end."""
    try:
        with opened() as file:
            chat, sequence = _survey(title, _split(file))
        with opened() as file:
            yield from _units(name, chat, sequence, _split(file))
    except PermissionError:
        yield _refused(name, "file.permission_denied")
    except OSError:
        yield _refused(name, "file.unreadable")


def _survey(title: str, messages: Iterator[_Message]) -> tuple[_Chat | None, wl.Sequence]:
    sequence = wl.Sequence()
    spoken: dict[str, Counter[str]] = {order: Counter() for order in wl.ORDERS}
    first = ""
    for message in messages:
        if message.found is None:
            continue
        first = first or message.digest
        orders = sequence.follows(message.found)
        if message.found.sender and not message.found.text.startswith("\u200e"):
            for order in orders:
                spoken[order][message.found.sender] += 1
    if not first:
        return None, sequence
    counts = spoken[sequence.best()[0]]
    # Three people who spoke twice make a group. Fewer can be alone with each other, or a group where the others were
    # silent: the export does not say. None of it is ever public.
    is_group = sum(count > 1 for count in counts.values()) > 2
    senders = tuple(sorted(_key(s, title) for s in counts))
    ident = f"whatsapp:{title}/{first[:12]}"
    return _Chat(title, ident, "group_dm" if is_group else "unknown", senders), wl.Sequence(sequence.best())


def _units(name: str, chat: _Chat | None, sequence: wl.Sequence, messages: Iterator[_Message]) -> Iterator[Unit]:
    for number, message in enumerate(messages, 1):
        if chat is None:
            yield _refused(name, "file.not_messages", message.digest)
            return
        defect = ""
        if message.size > _MAX_MESSAGE:
            defect = "message.too_large"
        elif message.found is not None and not sequence.follows(message.found):
            defect = "message.out_of_order"
        payload = _Payload(message.raw, chat, defect, unreadable=True)
        yield Unit(f"{name}#{number}", message.digest, payload, len(message.raw) + 64)


def _key(sender: str, chat: str) -> str:
    """Return the key of a sender: a telephone number, or a name as one address book has it, in this chat only."""
    if not sender:
        return ""
    return account_key("whatsapp", wl.phone(sender) or f"{chat}/{sender}")


def _record(unit: Unit, found: wl.Start, chat: _Chat, defects: list[str]) -> Record:
    # A message that steps back in time is text of another chat that somebody pasted: its name is not the sender's.
    pasted = "message.out_of_order" in defects
    author = "" if pasted else _key(found.sender, chat.name)
    text, kinds, attached, deleted = wl.typed(found.text)
    flags = (FLAG_SYSTEM,) if not found.sender or deleted else ()
    if flags:
        spans = assemble(text, ["log"] * (text.count("\n") + 1), author)
    else:
        spans = lay(text, split_chat(text, author), kinds, author)
    number = unit.locator.rpartition("#")[2]
    return Record(
        source_kind="chat",
        locator=unit.locator,
        raw_digest=unit.raw_digest,
        container=chat.name,
        container_kind=chat.kind,
        author_key=author,
        author_raw=found.sender if author else "",
        author_basis="whatsapp.sender" if author else "unknown",
        recipients=tuple(s for s in chat.senders if s != author),
        names_seen=(found.sender,) if found.sender else (),
        labels=flags,
        sent_at=None,
        tz_offset_min=None,
        tz_basis="unknown",
        thread_id=f"chat:{chat.ident}:{'/'.join(map(str, found.date))}",
        parent_id="",
        title="",
        text=text,
        spans=spans,
        attachments=int(attached),
        parse_defects=tuple(dict.fromkeys([*defects, "date.no_offset"])),
        message_id=f"{chat.ident}/{number}",
    )
