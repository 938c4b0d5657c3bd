"""Reads mail out of Outlook data files (.pst, .ost), by libpff."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pypff  # type: ignore[import-not-found,import-untyped,unused-ignore]

from extract.errors import SourceError
from extract.personkeys import mail_key
from extract.records import Record, SourceKind, of_defect
from extract.sources import files, mime
from extract.sources.api import Defect, Link, Unit
from extract.sources.mail import record_of

_MAGIC = b"!BDN"
_DEPTH = 64
#: [MS-PST] §2.2.2.6: from here on, an encryption that belongs to Windows and not to the file format.
_FOREIGN_ENCRYPTION = 0x10
# Property ids, [MS-OXPROPS].
_CLASS, _CODEPAGE, _MESSAGE_ID, _REFERENCES, _REPLY_TO = 0x001A, 0x3FDE, 0x1035, 0x1039, 0x1042
_SENDER = (0x5D01, 0x0C1E, 0x0C1F)
_FOR_WHOM = (0x5D02, 0x0064, 0x0065)
_RECIPIENT = (0x39FE, 0x3002, 0x3003)
_DISPLAY_NAME = 0x3001
_BODY_LIMIT = 16 * 1024**2

_T = TypeVar("_T")


class _Item(NamedTuple):
    """What `read` needs of a message.

    Attributes:
        header: Header of the mail as it came in, or b"": mails that were sent from here have none.
        fields: What the properties say in its place, as (name, value).
        plain: Plain text, or b"".
        html: HTML, or b"".
        charset: Of the HTML, or "".
        attachments: How many there are.
        folders: Names of the folders above, outermost first.
        codes: What was wrong.
        defect: Code, where it is no record.
    """

    header: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()
    plain: bytes = b""
    html: bytes = b""
    charset: str = ""
    attachments: int = 0
    folders: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    defect: str = ""


class PstSource:
    """The mails of an Outlook data file; appointments, contacts and tasks are left alone.

    Attributes:
        path: The path as typed.
        name: Base name of the path.
    """

    kind: SourceKind = "mail"
    completeness = "mailbox.what_was_kept"
    links: frozenset[Link] = frozenset()

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            SourceError: It is no Outlook data file, or one that is damaged or encrypted.
        """
        files.require(path, "an Outlook data file")
        self.path = path
        self.name = path.name
        _open(path).close()

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether this is an Outlook data file. Never raises."""
        try:
            with path.open("rb") as file:
                return file.read(4) == _MAGIC
        except OSError:
            return False

    def units(self) -> Iterator[Unit]:
        """Yield the messages folder by folder, in the order of the file."""
        file = _open(self.path)
        try:
            waiting: list[tuple[Any, tuple[str, ...], int]] = [(_tried(file.get_root_folder), (), 0)]
            while waiting:
                folder, names, depth = waiting.pop()
                if folder is None or depth > _DEPTH:
                    yield self._unit(f"folder-{len(waiting)}-{depth}", _Item(defect="folder.unreadable"))
                    continue
                yield from self._messages(folder, names)
                below = [_tried(folder.get_sub_folder, i) for i in range(_tried(folder.get_number_of_sub_folders) or 0)]
                waiting += [(each, (*names, *_label(each, depth)), depth + 1) for each in reversed(below)]
        finally:
            file.close()

    def _messages(self, folder: Any, names: tuple[str, ...]) -> Iterator[Unit]:
        for number in range(_tried(folder.get_number_of_sub_messages) or 0):
            message = _tried(folder.get_sub_message, number)
            ident = _tried(message.get_identifier) if message is not None else None
            if ident is None:
                place = f"{_tried(folder.get_identifier)}-{number}"
                yield self._unit(place, _Item(defect="mail.unreadable"))
            else:
                yield self._unit(str(ident), _item(message, names))

    def _unit(self, place: str, item: _Item) -> Unit:
        running = hashlib.sha256()
        for part in (item.header, repr(item.fields).encode("utf-8", "surrogatepass"), item.plain, item.html):
            running.update(len(part).to_bytes(8, "big") + part)
        unread = item.defect and item.defect != "pst.no_mail"
        size = 500 + len(item.header) + len(item.plain) + len(item.html)
        return Unit(f"{self.name}#{place}", "" if unread else running.hexdigest(), item, size)

    def read(self, unit: Unit) -> Record | Defect:
        """Return the message's record."""
        item: _Item = unit.payload
        if item.defect:
            return Defect(unit.locator, unit.raw_digest, item.defect, item.defect != "pst.no_mail")
        container = item.folders[-1] if item.folders else self.name
        try:
            record = record_of(_mail(item), unit, container, item.folders)
        except Exception:
            # As in `extract.sources.mail`: the header of a message can be anything.
            return of_defect("mail", unit.locator, unit.raw_digest, "mail.unparseable", container, item.folders)
        basis = "pst.sender" if record.author_key and not item.header else record.author_basis
        codes = (*record.parse_defects, *item.codes)
        return replace(record, author_basis=basis, attachments=item.attachments, parse_defects=codes)


def _open(path: Path) -> Any:
    file = pypff.file()
    try:
        file.open(str(path))
        encryption = file.get_encryption_type()
    except OSError:
        raise SourceError(
            f"{path}: the Outlook data file is damaged, encrypted or of an unknown version",
            "repair it with scanpst, or export it again from Outlook",
        ) from None
    if isinstance(encryption, int) and encryption >= _FOREIGN_ENCRYPTION:
        file.close()
        raise SourceError(f"{path}: the Outlook data file is encrypted", "export it again without encryption")
    return file


def _tried(call: Callable[..., _T], *arguments: object) -> _T | None:
    """Return what the library gives, or None: on a damaged file it raises anywhere, and not only OSError."""
    try:
        return call(*arguments)
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, UnicodeError, MemoryError):
        return None


def _label(folder: Any, depth: int) -> tuple[str, ...]:
    """Return the folder's name as labels want it.

    The first level is the file's own scaffolding; `Top of Personal Folders` says nothing about what is in it.
    """
    name = _tried(folder.get_name) if folder is not None else None
    return () if depth == 0 or not name or name == "IPM_SUBTREE" else (str(name),)


def _item(message: Any, names: tuple[str, ...]) -> _Item:
    values = _properties(_tried(message.get_record_set, 0))
    kind = str(values.get(_CLASS) or "IPM.Note").casefold()
    if kind != "ipm.note" and not kind.startswith("ipm.note."):
        return _Item(defect="pst.no_mail")
    header = _bytes(_tried(message.get_transport_headers))
    plain, html = _bytes(_tried(message.get_plain_text_body)), _bytes(_tried(message.get_html_body))
    codes = []
    if not plain and not html and _tried(message.get_rtf_body):
        codes.append("body.rtf_only")
    if len(plain) + len(html) > _BODY_LIMIT:
        codes.append("body.too_long")
        plain, html = plain[:_BODY_LIMIT], b""
    fields = () if header else tuple(_fields(message, values))
    attachments = _tried(message.get_number_of_attachments) or 0
    return _Item(header, fields, plain, html, _charset(values.get(_CODEPAGE)), attachments, names, tuple(codes))


def _properties(found: Any) -> dict[int, str | int]:
    """Return the properties of a record set that are text or numbers."""
    values: dict[int, str | int] = {}
    for i in range((_tried(found.get_number_of_entries) if found is not None else 0) or 0):
        entry = _tried(found.get_entry, i)
        ident = _tried(entry.get_entry_type) if entry is not None else None
        if entry is None or ident is None or ident in values:
            continue
        if ident == _CODEPAGE:
            value: str | int | None = _tried(entry.get_data_as_integer)
        elif ident in _TEXTS:
            value = _tried(entry.get_data_as_string)
        else:
            continue
        if value is not None:
            values[ident] = value
    return values


_TEXTS = frozenset(
    {_CLASS, _MESSAGE_ID, _REFERENCES, _REPLY_TO, _DISPLAY_NAME, *_SENDER, *_FOR_WHOM, *_RECIPIENT}
)  # fmt: skip


def _fields(message: Any, values: dict[int, str | int]) -> Iterator[tuple[str, str]]:
    """Yield header fields for a message that never had a header."""
    sender, principal = _address(values, _SENDER), _address(values, _FOR_WHOM)
    name = str(_tried(message.get_sender_name) or "").replace('"', "").replace("\\", "")
    # Sent on behalf of somebody: the words may be either's.
    address = sender if sender == principal or not principal else ""
    if address or name:
        yield "from", f'"{name}" <{address}>' if address else f'"{name}"'
    others: list[str] = []
    recipients: Any = getattr(message, "recipients", None)
    for i in range((_tried(recipients.get_number_of_record_sets) if recipients is not None else 0) or 0):
        found = _properties(_tried(recipients.get_record_set, i))
        shown = str(found.get(_DISPLAY_NAME) or "").replace('"', "").replace("\\", "")
        others.append(f'"{shown}" <{_address(found, _RECIPIENT)}>')
    if others:
        yield "to", ", ".join(others)
    if subject := _tried(message.get_subject):
        yield "subject", _subject(str(subject))
    # The file keeps UTC; where the sender was then, it does not say.
    if sent := _tried(message.get_client_submit_time):
        yield "date", sent.strftime("%d ") + _MONTHS[sent.month - 1] + sent.strftime(" %Y %H:%M:%S -0000")
    for field, ident in (("message-id", _MESSAGE_ID), ("references", _REFERENCES), ("in-reply-to", _REPLY_TO)):
        if ident in values:
            yield field, str(values[ident])


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _subject(text: str) -> str:
    # [MS-OXCMSG] §2.2.1.46 in the file format: U+0001 and the length of the prefix stand before the subject.
    return text[2:] if text.startswith("\x01") else text


def _address(values: dict[int, str | int], idents: tuple[int, int, int]) -> str:
    """Return the SMTP address of somebody, or "": an Exchange address is no proof of one."""
    smtp, kind, address = (str(values.get(ident) or "").strip("\0 ") for ident in idents)
    found = smtp or (address if kind.casefold() == "smtp" else "")
    return found if mail_key(found) else ""


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return value.rstrip(b"\0") if isinstance(value, bytes) else b""


def _charset(codepage: str | int | None) -> str:
    if not isinstance(codepage, int):
        return ""
    if 28591 <= codepage <= 28605:
        return f"iso-8859-{codepage - 28590}"
    return {65001: "utf-8", 20127: "us-ascii", 20866: "koi8-r", 50220: "iso-2022-jp"}.get(codepage, f"cp{codepage}")


def _mail(item: _Item) -> mime.Part:
    """Return the message as a mail: its own header, and the bodies that the file keeps apart from it."""
    if item.header:
        # Exchange puts a line of its own before the first field.
        header = re.sub(rb"\AMicrosoft Mail Internet Headers[^\n]*\n", b"", item.header.lstrip())
        fields = dict(mime.parse(header.rstrip() + b"\r\n\r\n").fields)
    else:
        fields = {}
        for name, value in item.fields:
            fields.setdefault(name, []).append(value)
    # They speak of a body that was taken apart when the mail came in.
    for name in [name for name in fields if name.startswith("content-")]:
        del fields[name]
    bodies = []
    if item.plain:
        bodies.append(mime.Part({}, mime.Kind("text/plain", "", "", attached=False), None, item.plain))
    if item.html:
        bodies.append(mime.Part({}, mime.Kind("text/html", item.charset, "", attached=False), None, item.html))
    return mime.Part(fields, mime.Kind("multipart/alternative", "", "", attached=False), bodies)
