"""Subjects of mails: the bare subject without the prefixes of replies and forwards, and whether it proves a thread."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

#: Marks of an answer that mail programs put before a subject, by language, casefolded.
REPLY_PREFIXES = (
    "re", "aw", "antw", "antwort", "sv", "vs", "ref", "res", "rif", "odp", "ynt", "cevap", "atb", "atsa", "bls", "hl",
    "vá", "válasz", "rép", "réf", "resp", "na", "отв", "ответ", "на", "απ", "απάντηση", "回复", "回覆", "答复", "答覆",
    "返信", "답장", "회신", "תשובה", "رد", "ตอบ", "ตอบกลับ", "trả lời",
)  # fmt: skip
#: Marks of a forward. A forwarded mail answers nobody; its subject is compared without them all the same.
FORWARD_PREFIXES = (
    "fw", "fwd", "wg", "wtr", "doorst", "tr", "rv", "enc", "vl", "vb", "vid", "pd", "ilt", "továbbítás", "fs", "redir",
    "пересл", "πρθ", "转发", "轉寄", "轉發", "転送", "전달", "הועבר", "إعادة توجيه", "ส่งต่อ", "chuyển tiếp",
)  # fmt: skip
_PREFIX = re.compile(
    r"(?P<reply>" + "|".join(sorted(REPLY_PREFIXES, key=lambda p: (-len(p), p))) + r")"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3}|\*\d{1,3}|\d{1,3})?\s?[:：]\s*"
    r"|(?:" + "|".join(sorted(FORWARD_PREFIXES, key=lambda p: (-len(p), p))) + r")\s?[:：]\s*"
)
_TAG = re.compile(r"\[[^\[\]]{1,60}\]\s*")
# Scripts that put no spaces between words: a character says about as much as three letters.
_DENSE = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W_]+")
_LETTERS = 12
_WORDS = 2
_LONGEST = 1000


class Subject(NamedTuple):
    """A subject taken apart.

    Attributes:
        bare: Without prefixes, casefolded, single spaces; tags of lists and trackers (`[tag]`) stay, since they tell
            two mails apart.
        reply: Whether a prefix of an answer stood before it.
        telling: Whether it says enough to prove anything: two words and 12 letters or digits, a character of a script
            without spaces counting as three letters and as a word. "Hello", "Meeting", "(no subject)" do not.
    """

    bare: str
    reply: bool
    telling: bool


def split(subject: str) -> Subject:
    """Take a subject apart."""
    rest = " ".join(unicodedata.normalize("NFKC", subject[:_LONGEST]).casefold().split())
    tags: list[str] = []
    reply = False
    while True:
        prefix = _PREFIX.match(rest)
        if prefix is not None:
            reply = reply or prefix["reply"] is not None
            rest = rest[prefix.end() :]
            continue
        tag = _TAG.match(rest)
        if tag is None:
            break
        if (text := tag[0].strip()) not in tags:
            tags.append(text)
        rest = rest[tag.end() :]
    words = _WORD.findall(rest)
    dense = len(_DENSE.findall(rest))
    telling = sum(map(len, words)) + 2 * dense >= _LETTERS and len(words) + dense >= _WORDS
    return Subject(" ".join([*tags, rest]).strip(), reply, telling)
