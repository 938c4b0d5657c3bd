"""Writes the mailbox, byte by byte, so that every release of Python writes the same."""

from __future__ import annotations

import base64
import hashlib
import html
import quopri
import re
from datetime import datetime

from .cast import Cast, Who, with_secrets
from .jar import FIRST, Entry, Row, judged

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TAG = re.compile(r"^\{\{(on|am|wrote|outlook-de|outlook|fwd|sig-rule|sig)(?: (\w+))?\}\}$")


def _date(when: datetime) -> str:
    """RFC 5322 section 3.3, written by hand: strftime would follow the locale."""
    return f"{_DAYS[when.weekday()]}, {when.day} {_MONTHS[when.month - 1]} {when.year} {when:%H:%M:%S %z}"


def _word(text: str) -> str:
    """RFC 2047: plain where it is ASCII, else base64 encoded words of at most 75 characters."""
    if text.isascii():
        return text
    words, part = [], ""
    for char in text:
        if len((part + char).encode()) > 42:
            words.append(part)
            part = ""
        part += char
    words.append(part)
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(w.encode()).decode()}?=" for w in words)


def _address(who: Who) -> str:
    return f"{_word(who.name)} <{who.email}>"


class Mailbox:
    """All mails of the text files, by id."""

    def __init__(self, cast: Cast, entries: list[Entry]) -> None:
        self._cast = cast
        self._by_id = {e["id"]: e for e in entries}
        if len(self._by_id) != len(entries):
            raise ValueError("an id is used for two mails")
        self._entries = sorted(entries, key=lambda e: (e["at"], e["id"]))

    def _when(self, entry: Entry) -> datetime:
        stamp = int(hashlib.sha256(entry["id"].encode()).hexdigest(), 16) % 60
        return self._cast.local(entry["at"]).replace(second=stamp)

    def _message_id(self, ident: str) -> str:
        entry = self._by_id[ident]
        domain = self._cast.who[entry["from"]].email.partition("@")[2]
        return f"<{hashlib.sha256(ident.encode()).hexdigest()[:20]}@{domain}>"

    def _references(self, entry: Entry) -> list[str]:
        chain: list[str] = []
        while parent := entry.get("re"):
            entry = self._by_id[parent]
            chain.insert(0, self._message_id(parent))
        return chain

    def _people(self, field: str) -> list[Who]:
        return [self._cast.who[h.strip()] for h in field.split(",") if h.strip()]

    def _attribution(self, ident: str, style: str) -> str:
        entry = self._by_id[ident]
        who, when = self._cast.who[entry["from"]], self._when(entry)
        if style == "am":
            return f"Am {when:%d.%m.%Y} um {when:%H:%M} schrieb {who.name} <{who.email}>:"
        day = f"{_DAYS[when.weekday()]}, {when.day} {_MONTHS[when.month - 1]} {when.year} at {when:%H:%M}"
        return f"On {day}, {who.name} <{who.email}> wrote:"

    def _outlook_head(self, ident: str, *, german: bool = False) -> list[str]:
        entry = self._by_id[ident]
        who, when = self._cast.who[entry["from"]], self._when(entry)
        to = "; ".join(p.name for p in self._people(entry.get("to")))
        sent = f"{when.day} {_MONTHS[when.month - 1]} {when.year} {when:%H:%M}"
        subject = entry["subject"]
        if german:
            sent = f"{when:%d.%m.%Y %H:%M}"
            return [f"Von: {who.name} <{who.email}>", f"Gesendet: {sent}", f"An: {to}", f"Betreff: {subject}"]
        return [f"From: {who.name} <{who.email}>", f"Sent: {sent}", f"To: {to}", f"Subject: {subject}"]

    def plain(self, entry: Entry) -> str:
        """Return the mail's text with its quotes and signature put in."""
        out: list[str] = []
        for line in with_secrets(entry.body).splitlines():
            tag = _TAG.match(line)
            if not tag:
                out.append(line)
                continue
            kind, ident = tag.groups()
            if kind == "sig":
                out += self._cast.who[entry["from"]].signature.splitlines()
            elif kind == "sig-rule":
                out += ["-- ", *self._cast.who[entry["from"]].signature.splitlines()]
            elif kind == "wrote":
                out.append(self._attribution(ident, "on"))
            elif kind in ("on", "am"):
                out.append(self._attribution(ident, kind))
                for quoted in self.plain(self._by_id[ident]).splitlines():
                    out.append(">" + quoted if quoted.startswith(">") else f"> {quoted}".rstrip())
            elif kind == "outlook-de":
                out += ["-----Ursprüngliche Nachricht-----", *self._outlook_head(ident, german=True), ""]
                out += self.plain(self._by_id[ident]).splitlines()
            elif kind == "outlook":
                out += ["-----Original Message-----", *self._outlook_head(ident), ""]
                out += self.plain(self._by_id[ident]).splitlines()
            else:
                out += ["---------- Forwarded message ---------", *self._outlook_head(ident), ""]
                out += self.plain(self._by_id[ident]).splitlines()
        return "\n".join(out)

    def _html(self, entry: Entry) -> str:
        style = entry["html"]
        out: list[str] = []
        para: list[str] = []

        def flush() -> None:
            if para:
                out.append("<p>" + "<br>\n".join(html.escape(x, quote=False) for x in para) + "</p>")
                para.clear()

        for line in with_secrets(entry.body).splitlines():
            tag = _TAG.match(line)
            if not tag:
                if line.strip():
                    para.append(line)
                else:
                    flush()
                continue
            flush()
            kind, ident = tag.groups()
            if kind.startswith("sig"):
                lines = "<br>".join(html.escape(x) for x in self._cast.who[entry["from"]].signature.splitlines())
                out.append(f'<div class="gmail_signature">{lines}</div>')
                continue
            quoted = "".join(
                f"<div>{html.escape(x) or '<br>'}</div>" for x in self.plain(self._by_id[ident]).splitlines()
            )
            if style == "outlook":
                head = "<br>".join(
                    f"<b>{html.escape(x.partition(':')[0])}:</b>{html.escape(x.partition(':')[2])}"
                    for x in self._outlook_head(ident)
                )
                out.append(f'<hr><div id="divRplyFwdMsg">{head}</div><div>{quoted}</div>')
            elif style == "cite":
                out.append(
                    f'<div class="moz-cite-prefix">{html.escape(self._attribution(ident, "am"))}</div>'
                    f'<blockquote type="cite">{quoted}</blockquote>'
                )
            else:
                out.append(
                    f'<div class="gmail_quote"><div class="gmail_attr">{html.escape(self._attribution(ident, "on"))}'
                    f'</div><blockquote class="gmail_quote">{quoted}</blockquote></div>'
                )
        flush()
        return '<html><head><meta charset="utf-8"></head><body>\n' + "\n".join(out) + "\n</body></html>\n"

    @staticmethod
    def _part(kind: str, text: str, encoding: str) -> tuple[list[str], bytes]:
        charset = "iso-8859-1" if encoding.startswith("latin1") else "utf-8"
        data = (text.rstrip("\n") + "\n").encode(charset)
        if encoding.endswith("base64"):
            data, transfer = base64.encodebytes(data), "base64"
        elif encoding.endswith("qp"):
            data, transfer = quopri.encodestring(data), "quoted-printable"
        else:
            transfer = "7bit" if data.isascii() else "8bit"
        if transfer == "7bit" and charset == "utf-8":
            charset = "us-ascii"
        return [f"Content-Type: {kind}; charset={charset}", f"Content-Transfer-Encoding: {transfer}"], data

    def raw(self, entry: Entry) -> bytes:
        """Return the mail as it travelled."""
        who = self._cast.who[entry["from"]]
        head = [f"From: {_address(who)}"]
        for field in ("to", "cc"):
            if people := self._people(entry.get(field)):
                head.append(f"{field.title()}: " + ",\r\n ".join(_address(p) for p in people))
        head.append(f"Subject: {_word(entry['subject'])}")
        head.append(f"Date: {entry.get('rawdate') or _date(self._when(entry))}")
        head.append(f"Message-ID: {self._message_id(entry['id'])}")
        if chain := self._references(entry):
            head.append(f"In-Reply-To: {chain[-1]}")
            head.append("References: " + "\r\n ".join(chain))
        if name := entry.get("list"):
            head.append(f"List-Id: {self._cast.lists[name]['id']}")
            head.append(f"List-Post: <mailto:{self._cast.lists[name]['address']}>")
            head.append("Precedence: list")
        labels = entry.get("labels") or ("Sent" if entry["from"] == self._cast.subject else "Inbox")
        head += [f"X-Gmail-Labels: {labels}", "MIME-Version: 1.0"]
        encoding = entry.get("enc", "plain")
        text_head, text = self._part("text/plain", self.plain(entry), encoding)
        boundary = "=_" + hashlib.sha256(entry["id"].encode()).hexdigest()[:16]
        if entry.get("attach"):
            name, _, content = entry["attach"].partition("|")
            file_head = [
                "Content-Type: text/csv; charset=us-ascii",
                f'Content-Disposition: attachment; filename="{name.strip()}"',
                "Content-Transfer-Encoding: base64",
            ]
            file_body = base64.encodebytes(content.strip().replace("\\n", "\n").encode())
            return _multipart(head, "mixed", boundary, [(text_head, text), (file_head, file_body)])
        if not entry.get("html"):
            return "\r\n".join(head + text_head).replace("\r\n", "\n").encode() + b"\n\n" + text
        page_head, page = self._part("text/html", self._html(entry), encoding)
        if entry.get("only") == "html":
            return "\r\n".join(head + page_head).replace("\r\n", "\n").encode() + b"\n\n" + page
        return _multipart(head, "alternative", boundary, [(text_head, text), (page_head, page)])

    def build(self) -> tuple[bytes, list[Row]]:
        """Return the mbox file and the rows of the key, in its order."""
        out, rows = [], []
        for position, entry in enumerate(self._entries, FIRST):
            raw = self.raw(self._by_id[entry["copy"]] if entry.get("copy") else entry)
            when = self._when(entry)
            stamp = f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when.day:2d} {when:%H:%M:%S} {when.year}"
            out.append(f"From {self._cast.who[entry['from']].email} {stamp}\n".encode())
            out.append(re.sub(rb"(?m)^(>*From )", rb">\1", raw).rstrip(b"\n") + b"\n\n")
            own = entry["from"] in (self._cast.subject, "private")
            author = self._cast.who[entry["from"]].name
            reasons, why = judged(entry.get("key"), entry.get("why"), own=own, author=author)
            by = "subject" if own else "other"
            text = f"{entry['subject']}\n{entry.body}"
            rows.append(Row("mail/archive.mbox", f"archive.mbox#{position}", by, reasons, why, when, text))
        return b"".join(out), rows


def _multipart(head: list[str], kind: str, boundary: str, parts: list[tuple[list[str], bytes]]) -> bytes:
    top = [*head, f'Content-Type: multipart/{kind}; boundary="{boundary}"']
    out = [("\n".join(top).replace("\r\n", "\n") + "\n\n").encode()]
    for part_head, body in parts:
        out.append(f"--{boundary}\n".encode() + "\n".join(part_head).encode() + b"\n\n" + body.rstrip(b"\n") + b"\n")
    out.append(f"--{boundary}--\n".encode())
    return b"".join(out)
