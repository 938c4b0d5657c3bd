"""Reads mail: an mbox file, a Maildir, an .eml file, or a folder of any of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from extract.authenticity import KeySnapshot, mail_level
from extract.errors import SourceError
from extract.personkeys import mail_key, name_key
from extract.records import FLAG_AUTOMATIC, ContainerKind, Record, SourceKind, of_defect
from extract.sources import files, headers, mailbody, mbox, mime
from extract.sources.api import Defect, Link, Unit
from extract.spans import names_in, split_mail

_PERSONAL = re.compile(
    r"\b(?:private?|privat[eo]?s?|personal|personnels?|privés?|persönlich|personali?|pessoal|persoonlijk|prywatn[ey]|"
    r"privé|famil(?:y|ie|le|ia|iar)|familj|rodzina)\b",
    re.I,
)
_FIELD = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,80}[ \t]*:")
_VIA = re.compile(r"\bvia\s+\S", re.I)
_MAILDIR = ("cur", "new")
#: Bytes of a unit beside its mail.
_OVERHEAD = 200
_HEAD = 8192
#: Names that say mail, whatever the file holds: then the reader says what is wrong with it.
_NAMES = (".eml", ".emlx", ".mbox", ".mbx")


class _Mail(NamedTuple):
    """What `read` needs: the raw mail, its folders, and the code of a defect if it could not be had."""

    raw: bytes
    container: str
    folders: tuple[str, ...]
    defect: str
    unreadable: bool


class MailSource:
    """Mail in an mbox, a Maildir, an .eml file, or a folder of them.

    Attributes:
        path: The path as typed.
    """

    kind: SourceKind = "mail"
    completeness = "mailbox.what_was_kept"
    links: frozenset[Link] = frozenset()

    def __init__(self, path: Path, keys: KeySnapshot | None = None) -> None:
        """Open the path.

        Args:
            path: An mbox or .eml file, a Maildir, or a folder of .eml and mbox files.
            keys: Archived DKIM keys to check signatures with.

        Raises:
            SourceError: Nothing is there, it cannot be opened, or it is no mail.
        """
        files.require(path, "an mbox file, a Maildir, an .eml file or a folder of them")
        self.path = path
        self.name = path.name or path.resolve().name
        self._keys = keys
        if path.is_file():
            self._check_file(path)

    @classmethod
    def detect(cls, path: Path) -> bool:
        """Say whether this is mail, or a folder that may hold some. Never raises."""
        if path.is_dir():
            return True
        if any(suffix.lower() in _NAMES for suffix in path.suffixes):
            return True
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError:
            return False
        return mbox.looks_like_mbox(head) or _starts_like_mail(head)

    def _check_file(self, path: Path) -> None:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if not head.strip():
            raise SourceError(f"{path}: the file is empty", "export the mailbox again")
        if mbox.looks_like_mbox(head) or path.suffix.lower() in (".eml", ".emlx"):
            return
        if path.suffix.lower() not in (".mbox", ".mbx") and _starts_like_mail(head):
            return
        raise SourceError(
            f"{path}: not an mbox and not a mail",
            "an mbox starts with a line `From ...`, a mail with header fields; compressed files must be unpacked first",
        )

    def units(self) -> Iterator[Unit]:
        """Yield the mails, by path and position."""
        if self.path.is_file():
            yield from self._file(self.path, self.name, (), known=True)
            return
        maildir = _is_maildir(self.path)
        for entry in files.walk(self.path):
            parts = PurePosixPath(entry.relative).parts
            if entry.defect:
                yield _defect(entry.relative, entry.defect, unreadable=True)
            elif len(parts) >= 2 and parts[-2] in ("tmp",) and (maildir or _is_maildir(entry.path.parent.parent)):
                yield _defect(entry.relative, "file.in_delivery", unreadable=False)
            elif len(parts) >= 2 and parts[-2] in _MAILDIR and _is_maildir(entry.path.parent.parent):
                folders = tuple(p.lstrip(".").replace(".", "/") for p in parts[:-2])
                yield from self._mail_file(entry.path, entry.relative, folders)
            else:
                yield from self._file(entry.path, entry.relative, tuple(parts[:-1]), known=False)

    def _mail_file(self, path: Path, locator: str, folders: tuple[str, ...]) -> Iterator[Unit]:
        # The flags behind the colon of a Maildir name change when a mail is read; the locator must not.
        yield self._single(path, re.sub(r"[:!;]2,[A-Za-z]*\Z", "", locator), folders, None)

    def _single(self, path: Path, locator: str, folders: tuple[str, ...], suffix: str | None) -> Unit:
        """Return the unit of a file that is one mail.

        Args:
            path: The file.
            locator: See `Unit`.
            folders: Folders above it.
            suffix: Of its name, which says what may stand before the mail; None for a Maildir, where nothing does.
        """
        try:
            raw = files.read_bytes(path, mbox.MAIL_LIMIT)
        except files.FileUnreadable as error:
            large = error.code == "file.too_large"
            return _defect(locator, "mail.too_large" if large else error.code, unreadable=True)
        container = folders[-1] if folders else self.name
        return _unit(_bare_mail(raw, suffix) if suffix is not None else raw, locator, container, folders, raw)

    def _file(self, path: Path, locator: str, folders: tuple[str, ...], *, known: bool) -> Iterator[Unit]:
        suffix = path.suffix.lower()
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
                if suffix != ".eml" and mbox.looks_like_mbox(head):
                    stem = path.stem if suffix in (".mbox", ".mbx") else path.name
                    yield from _mails(mbox.stream(file), locator, stem, folders)
                    return
                if not (known or suffix in (".eml", ".emlx") or _starts_like_mail(head)):
                    file.seek(0)
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    yield _defect(locator, "file.not_mail", unreadable=False, raw_digest=digest)
                    return
        except PermissionError:
            yield _defect(locator, "file.permission_denied", unreadable=True)
            return
        except OSError:
            # Of an mbox, what came before the damage was given already.
            yield _defect(locator, "file.unreadable", unreadable=True)
            return
        yield self._single(path, locator, folders, suffix)

    def read(self, unit: Unit) -> Record | Defect:
        """Return the mail's record: one that cannot be parsed is a record with `parse_defects`, never a lost mail."""
        mail: _Mail = unit.payload
        if mail.defect:
            return Defect(unit.locator, unit.raw_digest, mail.defect, mail.unreadable)
        try:
            level = mail_level(mail.raw, self._keys)
            return record_of(mime.parse(mail.raw), unit, mail.container, mail.folders, level)
        except Exception:
            # The border to the standard library's parser, which has raised nearly everything on purpose-built mails.
            # The unit keeps its place, with nothing in it that a gate could take.
            return of_defect("mail", unit.locator, unit.raw_digest, "mail.unparseable", mail.container, mail.folders)


def _mails(mails: Iterator[mbox.Mail], locator: str, stem: str, folders: tuple[str, ...]) -> Iterator[Unit]:
    for number, mail in enumerate(mails, 1):
        place = f"{locator}#{number}"
        if mail.too_large:
            yield _defect(place, "mail.too_large", unreadable=True, raw_digest=mail.sha256)
            continue
        payload = _Mail(mbox.unescape(mail.raw), stem, folders, "", unreadable=False)
        yield Unit(place, mail.sha256, payload, len(payload.raw) + _OVERHEAD)


def _unit(mail: bytes, locator: str, container: str, folders: tuple[str, ...], raw: bytes) -> Unit:
    payload = _Mail(mail, container, folders, "", unreadable=False)
    return Unit(locator, files.digest(raw), payload, len(mail) + _OVERHEAD)


def _defect(locator: str, code: str, *, unreadable: bool, raw_digest: str = "") -> Unit:
    return Unit(locator, raw_digest, _Mail(b"", "", (), code, unreadable), _OVERHEAD)


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _starts_like_mail(head: bytes) -> bool:
    lines = head.lstrip(b"\xef\xbb\xbf\r\n").splitlines()
    fields = 0
    for line in lines[:40]:
        if not line.strip():
            break
        if _FIELD.match(line):
            fields += 1
        elif not line.startswith((b" ", b"\t")):
            return False
    return fields >= 2


def _bare_mail(raw: bytes, suffix: str) -> bytes:
    """Return a mail without what file formats put before it: a byte order mark, a `From ` line, an .emlx byte count."""
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if suffix == ".emlx" and (count := re.match(rb"(\d{1,12})[ \t]*\r?\n", raw)):
        raw = raw[count.end() : count.end() + int(count[1])]
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    return raw


def _author(fields: mime.Fields, found: list[tuple[str, str]], defects: list[str]) -> tuple[str, str, str]:
    """Return (key, as written, basis) of the one author; several, none or a rewritten one are unknown."""
    values = headers.raw_fields(fields, "From")
    if not values:
        defects.append("from.missing")
        return "", "", "unknown"
    written = headers.decode_words(values[0])
    keys = {key for _, address in found if (key := mail_key(address))}
    if len(values) > 1:
        defects.append("from.duplicate")
        return "", written, "unknown"
    if len(keys) > 1:
        defects.append("from.several")
        return "", written, "unknown"
    if not keys:
        defects.append("from.unreadable")
        return "", written, "unknown"
    key = keys.pop()
    posting = headers.raw_field(fields, "List-Post").casefold()
    # A list that rewrites From for DMARC (RFC 7960 §4.1.3.3) puts its own address where the author's was.
    if (posting and key in posting) or any(_VIA.search(name) for name, _ in found):
        defects.append("from.rewritten")
        return "", written, "unknown"
    return key, written, "header.from"


def _container_kind(fields: mime.Fields, labels: tuple[str, ...], container: str) -> ContainerKind:
    # Google's "Category Personal" is the tab that ordinary mail lands in; it says nothing.
    places = [label for label in (*labels, container) if not label.casefold().startswith("category ")]
    if any(_PERSONAL.search(place.replace("_", " ")) for place in places):
        return "personal_folder"
    if headers.raw_field(fields, "List-Id") or headers.raw_field(fields, "List-Post"):
        return "list"
    return "mailbox"


def _is_automatic(fields: mime.Fields) -> bool:
    submitted = headers.raw_field(fields, "Auto-Submitted").casefold()
    return (
        (bool(submitted) and not submitted.startswith("no"))
        or bool(headers.raw_field(fields, "X-Autoreply") or headers.raw_field(fields, "X-Autorespond"))
        or headers.raw_field(fields, "Precedence").casefold() in ("bulk", "junk", "auto_reply")
        or headers.raw_field(fields, "Return-Path").strip() == "<>"
    )


def record_of(
    message: mime.Part, unit: Unit, container: str, folders: tuple[str, ...], authenticity: str = "A0"
) -> Record:
    """Return the record of a mail that was taken apart.

    Args:
        message: The mail.
        unit: Its unit.
        container: Mailbox or folder that it lies in.
        folders: All folders above it, outermost first.
        authenticity: What its signatures make of it.
    """
    fields = message.fields
    defects: list[str] = []
    senders = headers.addresses(fields, "From")
    key, written, basis = _author(fields, senders, defects)
    sent_at, offset, offset_basis, more = headers.date(fields)
    body = mailbody.read(message)
    defects += more + body.defects
    people = headers.addresses(fields, "To", "Cc", "Bcc", "Resent-To", "Resent-Cc")
    others = sorted({k for name, address in people if (k := mail_key(address) or name_key(name))} - {key})
    everyone = [*senders, *headers.addresses(fields, "Sender", "Reply-To"), *people]
    spans = split_mail(body.text, key, body.forced)
    names = dict.fromkeys(part for pair in everyone for part in pair if part)
    names.update(dict.fromkeys(names_in(body.text, spans)))
    labels = tuple(dict.fromkeys((*folders, *headers.labels(fields))))
    kind = _container_kind(fields, labels, container)
    if _is_automatic(fields) and headers.raw_field(fields, "List-Id") == "":
        labels = (*labels, FLAG_AUTOMATIC)
    own_id = headers.message_ids(headers.raw_field(fields, "Message-ID"))
    chain = headers.message_ids(headers.raw_field(fields, "References"))
    replied = headers.message_ids(headers.raw_field(fields, "In-Reply-To"))
    parent = chain[-1] if chain else (replied[0] if replied else "")
    return Record(
        source_kind="mail",
        locator=unit.locator,
        raw_digest=unit.raw_digest,
        container=container,
        container_kind=kind,
        author_key=key,
        author_raw=written,
        author_basis=basis,
        recipients=tuple(others),
        names_seen=tuple(names),
        labels=labels,
        sent_at=sent_at,
        tz_offset_min=offset,
        tz_basis=offset_basis,
        thread_id=f"mail:{own_id[0] if own_id else unit.raw_digest}",
        parent_id=parent,
        title=headers.decode_words(headers.raw_field(fields, "Subject")),
        text=body.text,
        spans=spans,
        attachments=body.attachments,
        authenticity=authenticity,
        parse_defects=tuple(dict.fromkeys(defects)),
        message_id=own_id[0] if own_id else "",
        references=tuple(chain or replied),
    )
