"""What the readers of JSON chat exports share: files and lines in, one message each, and its record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from extract.records import ContainerKind, Record, SpanKind
from extract.sources import archive, files
from extract.sources.api import Unit
from extract.sources.decoding import clean
from extract.sources.linekinds import lay
from extract.sources.scrub import scrub_bytes, scrub_text, scrub_value
from extract.spans import assemble, split_chat

#: One JSON file that is loaded whole, and one line of a file of lines; larger ones become a defect.
MAX_JSON = 512 * 1024**2
MAX_LINE = 16 * 1024**2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Item(NamedTuple):
    """Payload of a unit: a message, or why there is none.

    Attributes:
        message: The message, scrubbed.
        place: Key of its place, as the reader keeps it.
        parent: Id of the message that it answers, or "".
        defect: What is wrong, or "".
        is_message: Whether it is a message, so that it must keep its place as a record.
    """

    message: dict[str, Any]
    place: str
    parent: str = ""
    defect: str = ""
    is_message: bool = True


class Place(NamedTuple):
    """A channel or conversation: its name, its id with the service in front, and what the export proves of it."""

    name: str
    ident: str
    kind: ContainerKind
    members: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Post(NamedTuple):
    """What a reader found in one message; see `Record`.

    Attributes:
        whole: What the whole text is where that is known, for instance `log`; "" for what was typed.
        stated: A kind per line of the cleaned text where the format states one.
    """

    place: Place
    author: str
    author_raw: str
    basis: str
    ident: str
    text: str
    sent_at: datetime | None
    parents: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    whole: SpanKind | None = None
    stated: Sequence[SpanKind | None] = ()
    attachments: int = 0
    defects: tuple[str, ...] = ()
    title: str = ""
    offset: int | None = None
    tz_basis: str = "unknown"


def record(unit: Unit, post: Post) -> Record:
    """Return the record of a message; what a program wrote is `log` and nobody's own."""
    text, defects = clean(post.text, "message")
    # A tag or a NUL may have stood inside a credential. Line by line: `stated` has a kind for each.
    text = "\n".join(map(scrub_text, text.split("\n")))
    lines = text.count("\n") + 1
    whole: SpanKind | None = "log" if post.flags else post.whole
    if whole is not None:
        spans = assemble(text, [whole] * lines, post.author)
    else:
        spans = split_chat(text, post.author)
        if len(post.stated) == lines and any(post.stated):
            spans = lay(text, spans, post.stated, post.author)
    date = () if post.sent_at is not None else ("date.unreadable",)
    return Record(
        source_kind="chat",
        locator=unit.locator,
        raw_digest=unit.raw_digest,
        container=post.place.name,
        container_kind=post.place.kind,
        author_key=post.author,
        author_raw=_tidy(post.author_raw),
        author_basis=post.basis if post.author else "unknown",
        recipients=tuple(m for m in post.place.members if m != post.author),
        names_seen=tuple(sorted({_tidy(n) for n in (*post.names, post.author_raw)} - {""})),
        labels=(*post.place.labels, *post.flags),
        sent_at=post.sent_at,
        tz_offset_min=post.offset,
        tz_basis=post.tz_basis,
        thread_id=f"chat:{(post.parents or (post.ident,))[0] or unit.raw_digest}",
        parent_id=post.parents[-1] if post.parents else "",
        title=_tidy(post.title),
        text=text,
        spans=spans,
        attachments=post.attachments,
        parse_defects=tuple(dict.fromkeys((*date, *post.defects, *defects))),
        message_id=post.ident,
        references=post.parents,
    )


def _tidy(text: str) -> str:
    return scrub_text(clean(text)[0])


def refused(locator: str, code: str, digest: str = "") -> Unit:
    """Return the unit of a file or line that is no message."""
    return Unit(locator, digest, Item({}, "", "", code, is_message=False), 256)


def unit(locator: str, message: Any, place: str, parent: str = "") -> Unit:
    """Return the unit of one message that was scrubbed."""
    try:
        raw = json.dumps(message, sort_keys=True, separators=(",", ":")).encode()
    except (RecursionError, ValueError):
        return Unit(locator, files.digest(locator.encode()), Item({}, place, parent, "message.too_deep"))
    if not isinstance(message, dict):
        return Unit(locator, files.digest(raw), Item({}, place, parent, "message.not_an_object"))
    return Unit(locator, files.digest(raw), Item(message, place, parent), len(raw))


def parse(raw: bytes) -> tuple[Any, str, str]:
    """Return (scrubbed value, digest of the scrubbed bytes, defect)."""
    data = scrub_bytes(raw)
    try:
        return scrub_value(json.loads(data.decode("utf-8-sig"))), files.digest(data), ""
    except UnicodeDecodeError:
        return None, files.digest(data), "file.not_utf8"
    except (ValueError, RecursionError):
        return None, files.digest(data), "file.not_json"


@contextmanager
def tree(path: Path) -> Iterator[archive.FolderTree | archive.ZipTree]:
    """Open a folder or a zip, and close it."""
    found = archive.open_tree(path)
    try:
        yield found
    finally:
        if isinstance(found, archive.ZipTree):
            found.close()


def each(path: Path, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[tuple[str, bytes, str]]:
    """Yield (name, content, defect) of a file, or of all wanted files of a folder or zip, in order."""
    if path.is_file() and path.suffix.lower() != ".zip":
        try:
            yield path.name, files.read_bytes(path, MAX_JSON), ""
        except files.FileUnreadable as error:
            yield path.name, b"", error.code
        return
    with tree(path) as found:
        for name, broken in found.names.items():
            if not wanted(name):
                continue
            data = b""
            if not broken:
                try:
                    data = found.read(name)
                except files.FileUnreadable as error:
                    broken = error.code
            yield name, data, broken


def word(value: Any, key: str) -> str:
    """Return a field as text, numbers included; "" if it holds neither or the value has no fields."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str):
        return found
    return str(found) if type(found) is int and abs(found) < 10**30 else ""


def part(value: Any, key: str) -> dict[str, Any]:
    """Return a field that should hold an object, or an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def listed(value: Any, key: str) -> list[Any]:
    """Return a field that should hold a list, or an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def since_epoch(value: Any, per_second: int) -> datetime | None:
    """Return the UTC time of a number since 1970, or None if it is in doubt."""
    if type(value) not in (int, float):
        return None
    try:
        moment = _EPOCH + timedelta(seconds=value / per_second)
    except (OverflowError, ValueError):
        return None
    return moment if 1970 < moment.year <= 2100 else None


def iso(value: str) -> datetime | None:
    """Return the UTC time of an ISO 8601 date with an offset; without one it is in doubt."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
