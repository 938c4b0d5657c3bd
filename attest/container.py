"""The .skill container: a zip file with one folder, in which everything but the compressed bytes is determined.

Zip has many ways to say one thing, and readers that disagree about which counts (local or central header, first or
second entry of a name, bytes before, between and after). Here every header is computed from name, content and place,
and a file whose headers differ from that by one bit is refused. So a container has one reading only.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from attest.errors import ContainerError

MAX_FILES = 10_000
MAX_FILE = 256 << 20
MAX_TOTAL = 512 << 20
MAX_RATIO = 200
RATIO_FREE = 1 << 20
"""Up to this size the ratio does not matter: a small bomb is no bomb."""

PACKED_WITH = zlib.ZLIB_RUNTIME_VERSION
"""Version of zlib that compresses here. Another version may compress the same content to other bytes."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_MAX_DEPTH = 4

# APPNOTE.TXT 6.3.10 §4.3.7, §4.3.12, §4.3.16. Version 2.0, no flags, DEFLATE, 1980-01-01 00:00:00.
_COMMON = struct.pack("<HHHHH", 20, 0, 8, 0, 0x21)
_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02" + struct.pack("<BB", 20, 3)  # made by version 2.0, Unix
_END = struct.Struct("<4sHHHHIIH")
_SIZES = struct.Struct("<IIIHH")
_PLACE = struct.Struct("<HHHII")
_MODE = 0o100644 << 16
_LOCAL_SIZE = 30
_CENTRAL_SIZE = 46


@dataclass(frozen=True, slots=True)
class Container:
    """The content of a .skill file.

    Attributes:
        name: Name of the one top folder.
        files: Content by path inside that folder, sorted by path.
    """

    name: str
    files: Mapping[str, bytes]


def pack(name: str, files: Mapping[str, bytes]) -> bytes:
    """Write a container. The same name and files give the same bytes, with one version of zlib.

    Args:
        name: Name of the top folder: 1-64 of `[a-z0-9-]`, no hyphen at an end.
        files: Content by path inside the folder; `/` separates.

    Raises:
        ContainerError: A name or size is one that `unpack` would refuse.
    """
    _check_names(name, list(files))
    body = bytearray()
    directory = bytearray()
    total = 0
    for path, data in sorted(files.items()):
        squeezed = _deflate(data)
        total += len(data)
        _check_sizes(len(squeezed), len(data), total)
        full = f"{name}/{path}".encode()
        sizes = _SIZES.pack(zlib.crc32(data), len(squeezed), len(data), len(full), 0)
        directory += _central(full, sizes, len(body))
        body += _local(full, sizes) + squeezed
    end = _END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(data: bytes) -> Container:
    """Read a container.

    Raises:
        ContainerError: The bytes are not a container in form.
    """
    if len(data) < _END.size or len(data) > MAX_TOTAL + MAX_FILES * 512:
        raise ContainerError("the file is not a .skill container: its length is impossible")
    magic, *numbers = _END.unpack_from(data, len(data) - _END.size)
    if magic != b"PK\x05\x06":
        raise ContainerError("the file is not a .skill container: no end record at its end")
    disk, first_disk, here, count, length, start, comment = numbers
    if (disk, first_disk, comment) != (0, 0, 0) or here != count or not 0 < count <= MAX_FILES:
        raise ContainerError("the end record is not in form")
    if start + length + _END.size != len(data):
        raise ContainerError("there are bytes that belong to no file")
    paths: dict[str, bytes] = {}
    at, central = 0, start
    total = 0
    for _ in range(count):
        if central + _CENTRAL_SIZE > start + length:
            raise ContainerError("the directory is cut short")
        sizes = data[central + 16 : central + 32]
        crc, squeezed_size, size, name_size, _extra = _SIZES.unpack(sizes)
        full = data[central + _CENTRAL_SIZE : central + _CENTRAL_SIZE + name_size]
        total += size
        _check_sizes(squeezed_size, size, total)
        # `sizes` carries the length of the extra field: the expected headers have none, so one that has is refused.
        sizes = _SIZES.pack(crc, squeezed_size, size, name_size, 0)
        header = _local(full, sizes)
        expected = _central(full, sizes, at)
        if data[central : central + len(expected)] != expected or data[at : at + len(header)] != header:
            raise ContainerError("a file header is not in form, or the two headers of a file differ")
        content = at + len(header)
        at = content + squeezed_size
        central += len(expected)
        if at > start:
            raise ContainerError("a file reaches into the directory")
        path = _decode(full)
        if path in paths:
            raise ContainerError("two files have one name")
        paths[path] = _inflate(data[content:at], size, crc)
    if at != start or central != start + length:
        raise ContainerError("there are bytes that belong to no file")
    if list(paths) != sorted(paths):
        raise ContainerError("the files are not in order")
    name = next(iter(paths)).partition("/")[0]
    if any(path.partition("/")[0] != name or "/" not in path for path in paths):
        raise ContainerError("there is not exactly one top folder")
    files = {path.partition("/")[2]: content for path, content in paths.items()}
    _check_names(name, list(files))
    return Container(name, files)


def is_canonical(data: bytes) -> bool:
    """Tell whether packing the content of a container again gives the same bytes.

    False may also mean that another version of zlib packed it; see `PACKED_WITH`.

    Raises:
        ContainerError: The bytes are not a container in form.
    """
    container = unpack(data)
    return pack(container.name, container.files) == data


def _local(full: bytes, sizes: bytes) -> bytes:
    return _LOCAL + _COMMON + sizes + full


def _central(full: bytes, sizes: bytes, offset: int) -> bytes:
    return _CENTRAL + _COMMON + sizes + _PLACE.pack(0, 0, 0, _MODE, offset) + full


def _deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    return squeezer.compress(data) + squeezer.flush()


def _inflate(squeezed: bytes, size: int, crc: int) -> bytes:
    opener = zlib.decompressobj(-15)
    try:
        # One byte more than announced is enough to see a lie, and all that a bomb gets.
        data = opener.decompress(squeezed, size + 1)
    except zlib.error:
        raise ContainerError("compressed bytes are damaged") from None
    if len(data) != size or not opener.eof or opener.unused_data or zlib.crc32(data) != crc:
        raise ContainerError("content differs from its announced size or checksum")
    return data


def _check_sizes(squeezed: int, size: int, total: int) -> None:
    if size > MAX_FILE or total > MAX_TOTAL or size > max(RATIO_FREE, squeezed * MAX_RATIO):
        raise ContainerError("a file is larger than a skill may hold")


def _decode(full: bytes) -> str:
    try:
        return full.decode("ascii")
    except UnicodeDecodeError:
        raise ContainerError("a file name is not ASCII") from None


def _check_names(name: str, paths: list[str]) -> None:
    if not _NAME.fullmatch(name):
        raise ContainerError("the name of the folder is not 1-64 of a-z, 0-9 and hyphen")
    if not 0 < len(paths) <= MAX_FILES:
        raise ContainerError("a skill has no files, or too many")
    for path in paths:
        parts = path.split("/")
        # A leading dot is refused by the pattern: it covers `.`, `..` and hidden files.
        if len(parts) > _MAX_DEPTH or not all(map(_PART.fullmatch, parts)):
            raise ContainerError("a file name is absolute, leaves the folder, or holds characters that are not allowed")
    # Windows and macOS would unpack two names that differ in case into one file.
    folded = {path.lower() for path in paths}
    if len(folded) != len(paths):
        raise ContainerError("two file names differ in case only")
    if any(path.rsplit("/", depth)[0] in folded for path in folded for depth in range(1, path.count("/") + 1)):
        raise ContainerError("one name is both a file and a folder")
