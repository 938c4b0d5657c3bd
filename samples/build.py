"""Builds `samples/workplace` from the texts in `samples/text`: the same texts give the same bytes."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

from ruamel.yaml import YAML
from writer import jar, repo
from writer.cast import SECRETS, Cast
from writer.chat import Chat
from writer.jar import Row
from writer.mail import Mailbox

HERE = Path(__file__).resolve().parent
TEXT = HERE / "text"


def build() -> dict[str, bytes]:
    """Return the files of the workplace by path."""
    cast = Cast(TEXT / "cast.yaml")
    mbox, mail_rows = Mailbox(cast, jar.read(TEXT, "mail-*.txt")).build()
    export, chat_rows = Chat(cast, list(TEXT.glob("chat-*.txt"))).build()
    bundle, git_rows = repo.build(cast, jar.read(TEXT, "commits-*.txt"))
    rows = mail_rows + chat_rows + git_rows
    _check_calendar(cast, rows)
    files = {
        "mail/archive.mbox": mbox,
        "chat/export.zip": export,
        "repo.bundle": bundle,
        "identities.yaml": cast.identities().encode(),
        "vetoes.txt": cast.vetoed().encode(),
        "must_not_surface.txt": _must_not_surface(),
        "habits.csv": _habits(cast, rows),
    }
    for path in sorted((TEXT / "docs").glob("*.md")):
        files[f"docs/{path.name}"] = path.read_bytes()
    for entry in jar.read(TEXT, "docs-key.txt"):
        reasons, why = jar.judged(entry["key"], entry["why"], own=entry["by"] == "subject", author="")
        rows.append(Row("docs", entry["id"], entry["by"], reasons, why))
    files["key.csv"] = _key(rows)
    return files


def _check_calendar(cast: Cast, rows: list[Row]) -> None:
    """Refuse a key that forgets the clock: hours, leave and age can be judged from the calendar alone."""
    for row in rows:
        if row.when is None or "missing_fact.*" in row.reasons:
            continue
        calendar = {"record.working_time": cast.off_hours(row.when), "record.lookback": cast.too_old(row.when)}
        for reason, holds in calendar.items():
            if (reason in row.reasons) != holds:
                raise SystemExit(f"error: {row.locator}, {row.when:%a %Y-%m-%d %H:%M}: {reason} should be {holds}")


def _habits(cast: Cast, rows: list[Row]) -> bytes:
    """Return where each habit is spoken of; words that are found nowhere, or in two records, are refused."""
    own = [(row, " ".join(row.words.split())) for row in rows if row.by == "subject" and row.outcome == "taken"]
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["habit", "kind", "rule", "source", "locator", "day"])
    for habit in YAML(typ="safe").load((TEXT / "habits.yaml").read_text(encoding="utf-8")):
        for words in habit["said"]:
            found = [row for row, text in own if words in text]
            if len(found) != 1:
                raise SystemExit(f"error: {habit['id']}: {words!r} stands in {len(found)} records")
            when = found[0].when
            day = when.astimezone(cast.zone).date() if when else ""
            sheet.writerow([habit["id"], habit["kind"], habit["rule"], found[0].source, found[0].locator, day])
    return out.getvalue().encode()


def _must_not_surface() -> bytes:
    """Return the hand-written list; of each look-alike credential only the end, so that the file carries none whole."""
    ends = "".join(f"{value[-12:]}\n" for value in SECRETS.values())
    return (TEXT / "must_not_surface.txt").read_bytes() + b"# ends of secrets\n" + ends.encode()


def _key(rows: list[Row]) -> bytes:
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["source", "locator", "by", "outcome", "reasons", "why"])
    for row in rows:
        sheet.writerow([row.source, row.locator, row.by, row.outcome, " ".join(row.reasons), row.why])
    return out.getvalue().encode()


def main(arguments: list[str] | None = None) -> int:
    """Write the workplace, or with `--check` say whether the files that are there are what the texts give."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "workplace")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    options = parser.parse_args(arguments)
    files = build()
    if options.check:
        there = {p.relative_to(options.out).as_posix() for p in options.out.rglob("*") if p.is_file()}
        wrong = sorted(
            n
            for n in there | files.keys()
            if n not in files or n not in there or (options.out / n).read_bytes() != files[n]
        )
        print("\n".join(f"differs: {name}" for name in wrong) or "the files are what the texts give")
        return int(bool(wrong))
    for name, data in files.items():
        target = options.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    print(f"{len(files)} files in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
