"""Bytes to text: declared charset, UTF-8, detection, Latin-1, in this order, and what was wrong on the way."""

from __future__ import annotations

import codecs
import re
from functools import cache

# Codecs that Python offers and no sender means: they are slow on purpose-built input, or interpret escapes.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
_ALIASES = {
    "cp-850": "cp850", "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "x-sjis": "shift_jis",
    "x-gbk": "gbk", "gb2312": "gb18030", "ks_c_5601-1987": "cp949", "unicode-1-1-utf-7": "utf-7", "ansi": "cp1252",
    "ascii": "utf-8", "us-ascii": "utf-8", "x-user-defined": "latin-1", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "x-unknown": "", "unknown-8bit": "", "unknown": "", "8bit": "", "binary": "", "default": "",
}  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Below this, detection is guessing.
_DETECT_FROM, _DETECT_LIMIT = 64, 32_768


@cache
def _codec(charset: str) -> str | None:
    """Return the codec's name, "" for none declared, None for one that does not exist."""
    name = charset.strip().strip("\"'").casefold()
    name = _ALIASES.get(name, name)
    if not name:
        return ""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    text = getattr(found, "_is_text_encoding", True)
    return None if found.name.replace("-", "_") in _REFUSED or not text else found.name


def decode(data: bytes, charset: str = "", where: str = "body") -> tuple[str, list[str]]:
    """Return the text and the defect codes of decoding it. Never raises.

    Args:
        data: The bytes.
        charset: What the source declares, or "".
        where: First part of the defect codes.

    Returns:
        The text, free of lone surrogates and NULs, lines ending in a line feed; and the defects.
    """
    defects: list[str] = []
    codec = _codec(charset[:64])
    if codec is None:
        defects.append(f"{where}.unknown_charset")
    text: str | None = None
    for name in dict.fromkeys((codec or "utf-8", "utf-8")):
        try:
            text = data.decode(name)
            break
        except (UnicodeError, ValueError):
            continue
    if text is None:
        defects.append(f"{where}.bad_charset")
        text = _detected(data)
    text, more = clean(text, where)
    return text, defects + more


def clean(text: str, where: str = "body") -> tuple[str, list[str]]:
    """Return the text without NULs, lone surrogates and carriage returns, and the defect codes."""
    defects: list[str] = []
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        defects.append(f"{where}.nul")
        text = text.replace("\x00", "")
    if not text.isascii() and _SURROGATE.search(text):
        defects.append(f"{where}.surrogate")
        text = _SURROGATE.sub("\ufffd", text)
    return text, defects


def _detected(data: bytes) -> str:
    if len(data) < _DETECT_FROM:
        return data.decode("latin-1")
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_DETECT_LIMIT]).best()
    if best is not None and best.encoding.replace("-", "_") not in _REFUSED:
        try:
            return data.decode(best.encoding)
        except (UnicodeError, ValueError):
            pass
    return data.decode("latin-1")
