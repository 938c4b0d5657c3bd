"""Other people's words kept as the author's, and own words lost, on annotated mails: us beside three reply parsers.

The mails are not part of the project. Of each set one half (by SHA-256 of the mail's name) was used to write the rules;
the other half is printed by itself. Labels of the reply fixtures are ours, as line numbers in `quotes_labels.txt`.
"""

from __future__ import annotations

import email
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Row, cpu

MAILS = Path(__file__).resolve().parents[2] / "shared" / "data" / "mail"
ME = "mailto:maren@works.example"
_THEIRS = {"quotation", "quotation_marker", "inline_headers"}
_OWN = {"paragraph", "section_heading", "salutation", "tabular"}
_FIXTURES = {
    "crisp": ("crisp_reply_fixtures", "test/fixtures/"),
    "zapier": ("email_reply_parser_fixtures", "test/emails/"),
    "mpr": ("mail_parser_reply_fixtures", "test/emails/"),
}
#: Lines that a signature delimiter is: what stands below one is no part of the visible reply.
_DELIMITERS = ("--", "—", "__", "---")


@dataclass(frozen=True, slots=True)
class Case:
    """One mail and who wrote its lines.

    Attributes:
        name: Id or file name.
        text: The text.
        own: Line numbers from 0 of the author's words.
        theirs: Line numbers of others' words and of the lines that announce them.
        forced: What its HTML said about each line, or None.
    """

    name: str
    text: str
    own: frozenset[int]
    theirs: frozenset[int]
    forced: Any = None

    @property
    def held_out(self) -> bool:
        """Whether the mail is of the half that no rule was written on."""
        return hashlib.sha256(self.name.encode()).digest()[-1] % 2 == 1


Splitter = Callable[[Case], str]


def run() -> list[Row]:
    """Print the tables; return the mails per CPU second of each splitter."""
    if not MAILS.is_dir():
        print("quotes: ../shared is not there: its annotated mails are not part of the project", file=sys.stderr)
        return []
    corpora = {"enron": list(_zones("enron_dev")), "gmane": list(_zones("gmane_dev"))}
    corpora["fixtures"] = [*_fixtures(), *_plain_replies()]
    corpora["html"] = list(_html_replies())
    gold = list(_gold())
    every = [case for cases in corpora.values() for case in cases]
    splitters: dict[str, Splitter] = {"govern": _ours, **_peers()}
    rows = [Row("quotes", name, len(every), "mails", _seconds(call, every)) for name, call in splitters.items()]
    for held_out in (False, True):
        print(f"\n{'held-out half' if held_out else 'all mails'}\n")
        print("| splitter | corpus | others' lines | kept as own | own lines | lost |")
        print("|---|---|---:|---:|---:|---:|")
        for name, call in splitters.items():
            for corpus, cases in corpora.items():
                _print_counts(name, corpus, call, [case for case in cases if case.held_out or not held_out])
        print("\n| splitter | visible reply is the expected one |\n|---|---:|")
        chosen = [(case, want) for case, want in gold if case.held_out or not held_out]
        for name, call in {**splitters, "govern, with loose signatures": _visible}.items():
            hits = sum(_folded(call(case)) == _folded(want) for case, want in chosen)
            print(f"| {name} | {hits} of {len(chosen)} |")
    print()
    return rows


def _seconds(call: Splitter, cases: list[Case]) -> float:
    found = []
    for _ in range(3):
        start = cpu()
        for case in cases:
            call(case)
        found.append(cpu() - start)
    return max(min(found), 0.01)


def _print_counts(name: str, corpus: str, call: Splitter, cases: list[Case]) -> None:
    theirs = kept = own = lost = 0
    for case in cases:
        lines = _kept_lines(case, call(case))
        theirs += len(case.theirs)
        kept += len(case.theirs & lines)
        own += len(case.own)
        lost += len(case.own - lines)
    shares = [f"{100 * part / whole:.1f} %" if whole else "" for part, whole in ((kept, theirs), (lost, own))]
    print(f"| {name} | {corpus} | {theirs} | {kept} ({shares[0]}) | {own} | {lost} ({shares[1]}) |")


def _kept_lines(case: Case, reply: str) -> frozenset[int]:
    """Return which lines of the mail make up the reply, which is the mail with lines left out."""
    wanted = [line.strip() for line in reply.split("\n") if line.strip()]
    found, at = [], 0
    for i, line in enumerate(case.text.split("\n")):
        if at < len(wanted) and line.strip() == wanted[at]:
            found.append(i)
            at += 1
    return frozenset(found)


def _folded(text: str) -> str:
    return " ".join(text.split())


# --- splitters ----------------------------------------------------------------------------------------------------


def _ours(case: Case) -> str:
    from extract.spans import split_mail

    return "".join(case.text[s.start : s.end] for s in split_mail(case.text, ME, case.forced) if s.kind == "own")


def _visible(case: Case) -> str:
    """Return own words and signatures that no delimiter announces ("Best regards, NAME"): what a reader would see."""
    from extract.spans import split_mail

    parts = []
    for span in split_mail(case.text, ME, case.forced):
        part = case.text[span.start : span.end]
        first = part.strip().split("\n")[0].strip()
        if span.kind == "own" or (span.kind == "signature" and first not in _DELIMITERS):
            parts.append(part)
    return "".join(parts)


def _peers() -> dict[str, Splitter]:
    import quotequail  # type: ignore[import-untyped,unused-ignore]
    from email_reply_parser import EmailReplyParser as Zapier  # type: ignore[import-untyped,unused-ignore]
    from mailparser_reply import EmailReplyParser as Multilingual  # type: ignore[import-untyped,unused-ignore]

    languages = ["en", "da", "de", "es", "fr", "it", "ja", "nl", "pl", "sv"]

    def multilingual(case: Case) -> str:
        found = Multilingual(languages=languages).read(case.text)
        return (found.replies[0].body or "") if found.replies else ""

    def quail(case: Case) -> str:
        return "\n".join(part for shown, part in quotequail.quote(case.text) if shown)

    return {
        "quotequail": quail,
        "mail-parser-reply": multilingual,
        "email-reply-parser": lambda case: str(Zapier.parse_reply(case.text)),
    }


# --- mails --------------------------------------------------------------------------------------------------------


def _zones(name: str) -> Iterator[Case]:
    for row in map(json.loads, (MAILS / "zones" / f"{name}.jsonl").read_text("utf-8").rstrip("\n").split("\n")):
        text, zones = row["text"], sorted(row["labels"])
        older_from = _older_from(text, zones)
        own, theirs, position = set(), set(), 0
        for i, line in enumerate(text.split("\n")):
            at = position + len(line) - len(line.lstrip())
            position += len(line) + 1
            label = next((z for start, end, z in zones if start <= at < end), None)
            if not line.strip() or label is None:
                continue
            if at >= older_from or label in _THEIRS:
                theirs.add(i)
            elif label in _OWN:
                own.add(i)
        yield Case(str(row["id"]), text, frozenset(own), frozenset(theirs))


def _older_from(text: str, zones: list[Any]) -> int:
    """Return where an older mail begins: at an attribution or header block that no marked quotation follows."""
    for i, (start, _, label) in enumerate(zones):
        if label in ("inline_headers", "quotation_marker"):
            below = [
                z for z in zones[i + 1 :] if z[2] not in ("inline_headers", "quotation_marker", "visual_separator")
            ]
            if below and below[0][2] != "quotation":
                return int(start)
    return len(text)


def _files(archive: str) -> dict[str, str]:
    with tarfile.open(MAILS / f"{archive}.tar.xz") as tar:
        return {
            member.name: _text(tar.extractfile(member) or io.BytesIO())
            for member in tar.getmembers()
            if member.isfile()
        }


def _text(file: Any) -> str:
    return str(file.read().decode("utf-8", "replace")).replace("\r\n", "\n")


def _fixtures() -> Iterator[Case]:
    labels = (Path(__file__).parent / "quotes_labels.txt").read_text("utf-8").split("\n")
    archives = {key: _files(archive) for key, (archive, _) in _FIXTURES.items()}
    for line in labels:
        if not line or line.startswith("#"):
            continue
        path, own, theirs = line.split(" ")
        key, _, name = path.partition("/")
        text = archives[key][_FIXTURES[key][1] + name]
        lines = text.split("\n")
        yield Case(name, text, _numbers(own, lines), _numbers(theirs, lines))


def _numbers(ranges: str, lines: list[str]) -> frozenset[int]:
    found: set[int] = set()
    for part in ranges.split(",") if ranges != "-" else ():
        first, _, last = part.partition("-")
        found.update(range(int(first) - 1, int(last or first)))
    return frozenset(i for i in found if lines[i].strip())


def _plain_replies() -> Iterator[Case]:
    """Read the replies of twelve mail programs: the answer is one word, all else below it is the older mail."""
    for name, text in sorted(_files("talon_fixtures").items()):
        if "/standard_replies/" not in name or not name.endswith(".eml"):
            continue
        parts = [p for p in email.message_from_string(text).walk() if p.get_content_type() == "text/plain"]
        payload = parts[0].get_payload(decode=True) if parts else b""
        body = payload.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(payload, bytes) else ""
        lines = body.split("\n")
        own = next((i for i, line in enumerate(lines) if line.strip() == "Hello"), None)
        if own is None:
            continue
        below = next((i for i in range(own + 1, len(lines)) if "@" in lines[i] or lines[i].startswith(">")), len(lines))
        theirs = frozenset(i for i in range(below, len(lines)) if lines[i].strip())
        yield Case(name.rpartition("/")[2], body, frozenset({own}), theirs)


def _html_replies() -> Iterator[Case]:
    """Read replies of nine mail programs in HTML; the peers get the text with nothing said about its quotations."""
    from extract.sources import html

    for name, markup in sorted(_files("talon_fixtures").items()):
        if "/html_replies/" not in name:
            continue
        lines = html.to_lines(markup)
        bare = [line.strip() for line, _ in lines]
        own = next((i for i, line in enumerate(bare) if line.startswith("Hi.")), 0)
        closing = next((i for i, line in enumerate(bare) if line == "Alex"), own)
        theirs = frozenset(i for i in range(closing + 1, len(bare)) if bare[i])
        kinds = [kind for _, kind in lines]
        yield Case(name.rpartition("/")[2], "\n".join(bare), frozenset({own}), theirs, kinds)


def _gold() -> Iterator[tuple[Case, str]]:
    files = _files("reply_trimmer_gold")
    for path, text in sorted(files.items()):
        if "/emails/" in path:
            # One mail is expected to show nothing, and has no file that says so.
            want = files.get(path.replace("/emails/", "/trimmed/"), "")
            yield Case(path.rpartition("/")[2], text, frozenset(), frozenset()), want
