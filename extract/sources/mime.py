"""Takes a mail apart: header fields once, parts as they stand, nothing decoded before it is asked for.

The standard library looks at every line of a mail for what may be wrong with it. Nearly all mails are regular, and
can be cut at their boundaries; every other one is left to the library, so that both ways come to the same parts.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

#: Header fields: the lower-case name, and the values in order as written, folds and all.
Fields = dict[str, list[str]]

_HEAD_END = re.compile(rb"(?:\A|\r?\n)\r?\n")
_FIELD = re.compile(r"^([!-9;-~]+):([ \t]*)(.*(?:\n[ \t].*)*)$", re.MULTILINE)
_PARAMETERS = r"(?:\s*;\s*[\w-]+=(?:\"[^\"\\\r\n<>]*\"|[^\s;\"\\()'*%<>]+))*\s*;?\s*\Z"
_REGULAR_TYPE = re.compile(r"\s*([\w!#$&^.+-]+/[\w!#$&^.+-]+)" + _PARAMETERS, re.ASCII)
_REGULAR_DISPOSITION = re.compile(r"\s*([\w-]+)" + _PARAMETERS, re.ASCII)
_PARAMETER = re.compile(r";\s*([\w-]+)=(?:\"([^\"]*)\"|([^\s;\"]+))", re.ASCII)
_ODD_BOUNDARY = re.compile(r"[^ -~]")
_DEPTH = 40


class _Irregular(Exception):  # noqa: N818 - no error: the general parser takes over
    """The mail is not of the form that can be cut."""


class Kind(NamedTuple):
    """What the fields of a part say about its content.

    Attributes:
        name: `type/subtype`, lower case.
        charset: As declared, lower case; "" if none is.
        boundary: Of a multipart, or "".
        attached: Whether it is meant to be saved and not shown.
    """

    name: str
    charset: str
    boundary: str
    attached: bool


@dataclass(slots=True)
class Part:
    """A mail, or a part of one.

    Attributes:
        fields: Its header.
        kind: What it holds.
        children: Parts of a multipart; None where there are none.
        body: What follows the header, as it stands; empty where `children` or `message` has it.
        message: The part as the general parser sees it, where that one was needed.
    """

    fields: Fields
    kind: Kind
    children: list[Part] | None = None
    body: bytes = b""
    message: Message | None = field(default=None, repr=False)

    def data(self) -> tuple[bytes, list[str]]:
        """Return the content without its transfer encoding, and the codes of what was wrong with that."""
        if self.message is not None:
            return _general_data(self.message)
        encoding = self.fields.get("content-transfer-encoding", ("",))[0].strip().lower()
        if encoding in ("", "7bit", "8bit", "binary"):
            return self.body, []
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body), []
        if encoding == "base64":
            packed = self.body.translate(None, b"\r\n")
            try:
                if len(packed) % 4 == 0:
                    return base64.b64decode(packed, validate=True), []
            except binascii.Error:
                pass
        message = Message(compat32)
        message["Content-Transfer-Encoding"] = encoding
        message.set_payload(self.body.decode("ascii", "surrogateescape"))
        return _general_data(message)


def parse(raw: bytes) -> Part:
    """Return the parts of a mail.

    Raises:
        Exception: Nearly any, from the standard library on a mail that was made to break it.
    """
    try:
        # A bare carriage return ends a line for some readers and not for others.
        if b"\r" in raw and raw.count(b"\r") != raw.count(b"\r\n"):
            raise _Irregular
        return _part(raw, ())
    except _Irregular:
        return _from_message(BytesParser(policy=compat32).parsebytes(raw))


def _part(raw: bytes, outer: tuple[str, ...]) -> Part:
    fields, start = _head(raw)
    kind = _kind(fields)
    if not outer and kind.name.startswith("message/"):
        raise _Irregular
    if not kind.name.startswith("multipart/"):
        return Part(fields, kind, None, raw[start:])
    if _ODD_BOUNDARY.search(kind.boundary) or not kind.boundary or kind.boundary in outer or len(outer) >= _DEPTH:
        raise _Irregular
    return Part(fields, kind, _children(raw, start, kind.boundary, outer))


def _children(raw: bytes, start: int, boundary: str, outer: tuple[str, ...]) -> list[Part]:
    line = re.compile(rb"^--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
    lines = list(line.finditer(raw, start))
    last = next((i for i, found in enumerate(lines) if found[1]), None)
    # Without its last boundary, a multipart ends somewhere: where, is the general parser's business.
    if last is None or last == 0:
        raise _Irregular
    children = []
    for begin, end in pairwise(lines[: last + 1]):
        if begin.end() == end.start():
            raise _Irregular
        # The line feed before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        part = _part(raw[begin.end() : end.start()], (*outer, boundary))
        if part.body.endswith(b"\n"):
            part.body = part.body[: -2 if part.body.endswith(b"\r\n") else -1]
        children.append(part)
    return children


def _head(raw: bytes) -> tuple[Fields, int]:
    """Return the fields, and where the body starts."""
    found = _HEAD_END.search(raw)
    end, start = (len(raw), len(raw)) if found is None else (found.start(), found.end())
    head = raw[:end].decode("ascii", "surrogateescape").removesuffix("\n")
    fields: Fields = {}
    # Two characters a field are in no group: the colon, and the line feed behind all but the last.
    seen = -1
    for name, gap, value in _FIELD.findall(head):
        fields.setdefault(name.lower(), []).append(value.rstrip("\r\n"))
        seen += len(name) + len(gap) + len(value) + 2
    if seen != len(head) and head:
        raise _Irregular
    return fields, start


def fields_of(message: Message) -> Fields:
    """Return the header of a mail that the standard library parsed or made."""
    fields: Fields = {}
    for name, value in message.raw_items():
        fields.setdefault(name.lower(), []).append(str(value))
    return fields


def _kind(fields: Fields) -> Kind:
    return _kind_of(
        fields.get("content-type", (None,))[0], fields.get("content-disposition", (None,))[0]
    )  # the first counts, as everywhere else


@lru_cache(maxsize=1024)
def _kind_of(content_type: str | None, disposition: str | None) -> Kind:
    name, charset, boundary, attached = "text/plain", "", "", False
    if content_type is not None:
        match = _REGULAR_TYPE.match(content_type)
        if match is None:
            return _general_kind(content_type, disposition)
        name = match[1].lower()
        parameters = _parameters(content_type)
        charset = parameters.get("charset", "").lower()
        boundary = parameters.get("boundary", "").rstrip()
        attached = bool(parameters.get("name", "").strip())
    if disposition is not None:
        match = _REGULAR_DISPOSITION.match(disposition)
        if match is None:
            return _general_kind(content_type, disposition)
        filename = _parameters(disposition).get("filename")
        attached = match[1].lower() == "attachment" or (attached if filename is None else bool(filename.strip()))
    return Kind(name, charset, boundary, attached)


def _parameters(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(value):
        found.setdefault(name.lower(), quoted or bare)
    return found


def _general_kind(content_type: str | None, disposition: str | None) -> Kind:
    message = Message(compat32)
    # Set as the parser does it: the name is not checked, and neither is the value.
    if content_type is not None:
        message.set_raw("Content-Type", content_type)
    if disposition is not None:
        message.set_raw("Content-Disposition", disposition)
    return _kind_by_library(message)


def _kind_by_library(message: Message) -> Kind:
    # The library raises all of these on fields that were made to break it.
    raised = (ValueError, TypeError, AttributeError, IndexError, LookupError)
    try:
        name = message.get_content_type()
    except raised:
        name = "text/plain"
    try:
        attached = message.get_content_disposition() == "attachment" or bool(message.get_filename())
    except raised:
        attached = True
    try:
        charset = message.get_content_charset() or ""
    except raised:
        charset = "x-bad"
    try:
        boundary = message.get_boundary() or ""
    except raised:
        boundary = ""
    return Kind(name, charset, boundary, attached)


def _from_message(message: Message) -> Part:
    payload = message.get_payload() if message.is_multipart() else None
    children = [_from_message(c) for c in payload if isinstance(c, Message)] if isinstance(payload, list) else None
    return Part(fields_of(message), _kind_by_library(message), children, b"", message)


def _general_data(message: Message) -> tuple[bytes, list[str]]:
    codes = []
    try:
        payload = message.get_payload(decode=True)
    except (ValueError, TypeError, AttributeError, IndexError, LookupError, AssertionError):
        payload = None
        codes.append("body.bad_transfer_encoding")
    if any(type(d).__name__.startswith("InvalidBase64") for d in message.defects):
        codes.append("body.bad_base64")
    return payload if isinstance(payload, bytes) else b"", codes
