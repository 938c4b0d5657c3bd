"""`python -m bench.redaction_tables SHARED_DIR [DETECTOR ...]`: measures what docs/redaction.md says of leaks anew."""

from __future__ import annotations

import importlib.util
import json
import lzma
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from redact.directory import Person
from redact.engine import Redactor
from redact.measuring import report
from redact.measuring.gold import Gold, Mark, read_gold
from redact.measuring.peers import plain_presidio, redactor_predicts
from redact.measuring.scores import Predict, measure
from redact.measuring.secrets import measure_secrets
from redact.models import SECOND_MODEL

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "redaction.md"
BEGIN = "<!-- Made by `python -m bench.redaction_tables`: do not edit from here. -->"
END = "<!-- to here -->"

#: Annotated texts of others, by file in SHARED_DIR/data/pii; each is split in halves.
CORPORA = {
    "enron_mail_dev.jsonl": "Mail (Enron)",
    "github_issues_dev.jsonl": "Issues (GitHub)",
    "chat_wnut17_dev.jsonl": "Chat (WNUT17)",
    "presidio_synth_dev.jsonl": "Synthetic sentences",
}
#: Annotated texts of this project, by file in tests/gold: what their tables are called.
OWN = {
    "german_dev": "German, development set",
    "german_heldout": "German, held-out set",
    "adversarial_dev": "Disguises of listed people, development set",
    "adversarial_heldout": "Disguises of listed people, held-out set",
    "origins": "Names of many origins",
}
#: Whom the disguises disguise: they are listed, since a list is what a disguise is to get past.
LISTED = (
    Person("maren", ("Maren Holt",), ("maren.holt@example.com",), ("mholt",)),
    Person("jonas", ("Jonas Weber",)),
    Person("ottilie", ("Ottilie Brandt",), ("ottilie.brandt@example.com",), ("obrandt",)),
    Person("dmitri", ("Dmitri Voss",)),
)
DETECTORS = ("plain Presidio", "fast", "strict", "max")


def made(name: str, people: Sequence[Person]) -> Predict:
    """Return a detector that has read nothing yet."""
    if name == "plain Presidio":
        return plain_presidio()
    return redactor_predicts(redactor=Redactor(people, (), (), bytes(32), name))


def sets(shared: Path) -> Iterator[tuple[str, Sequence[Gold]]]:
    """Yield title and texts of every table."""
    for name, title in CORPORA.items():
        gold = read_gold(shared / "data" / "pii" / name)
        yield f"{title}, development half", [g for g in gold if not g.held_out]
        yield f"{title}, held-out half", [g for g in gold if g.held_out]
    for path in sorted((ROOT / "tests" / "gold").glob("*.jsonl")):
        yield OWN.get(path.stem, path.stem), read_gold(path)


def tables(shared: Path, names: Sequence[str]) -> str:
    """Return the tables, each detector made anew for each: none has read the lines of another set."""
    parts = []
    for title, gold in sets(shared):
        reports, with_at = {}, {}
        called = [replace(g, marks=tuple(m for m in g.marks if _with_at(g, m))) for g in gold]
        for name in names:
            print(f"{title}: {name} ...", file=sys.stderr)
            predict = _once(made(name, LISTED if title.startswith("Disguises") else ()))
            reports[name] = measure(gold, predict)
            with_at[name] = measure(called, predict).scores["HANDLE"] if title.startswith("Issues") else None
        parts.append(f"### {title}\n\n{report.about(gold)}.\n\n{report.table(reports)}\n")
        if counts := ", ".join(f"{name} {s.hidden} of {s.gold}" for name, s in with_at.items() if s):
            parts.append(f"Handles with an @ before them that are hidden: {counts}.\n")
    print("Secrets ...", file=sys.stderr)
    secrets = {
        "forms the rules were made on": measure_secrets(list(normal(shared))),
        "forms made up afterwards": measure_secrets(held_out=True),
    }
    parts.append(f"### Secrets, made up, and messages of commits\n\n{report.markdown(report.secrets_rows(secrets))}\n")
    return "\n".join(parts)


def _once(predict: Predict) -> Predict:
    """Return the detector with one answer for all questions, for two measures of the same texts."""
    answers: list[list[list[Mark]]] = []

    def answered(texts: Sequence[str]) -> list[list[Mark]]:
        if not answers:
            answers.append(predict(texts))
        return answers[0]

    return answered


def _with_at(gold: Gold, mark: Mark) -> bool:
    return mark.label == "HANDLE" and "@" in gold.text[max(0, mark.start - 1) : mark.start + 1]


def normal(shared: Path) -> Iterator[str]:
    """Yield texts that hold no secret: the messages of commits to two open projects."""
    for name in ("curl_last6000", "datasette"):
        with lzma.open(shared / "data" / "commits" / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            yield from (str(json.loads(line)["message"]) for line in lines)


def put(page: str, made: str) -> str:
    """Return the page with the tables between its two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"error: {PAGE.name} has not both marks\nhint: the tables stand between {BEGIN} and {END}")
    return f"{before}{begin}\n\n{made}\n{end}{after}"


def main() -> None:
    """Measure, and write the page."""
    if len(sys.argv) < 2 or not (shared := Path(sys.argv[1])).is_dir():
        sys.exit("error: there are no corpora\nhint: python -m bench.redaction_tables SHARED_DIR [DETECTOR ...]")
    names = sys.argv[2:] or [n for n in DETECTORS if n != "max" or importlib.util.find_spec(SECOND_MODEL)]
    if unknown := [n for n in names if n not in DETECTORS]:
        sys.exit(f"error: there is no detector {', '.join(unknown)}\nhint: there are {', '.join(DETECTORS)}")
    PAGE.write_text(put(PAGE.read_text("utf-8"), tables(shared, names)), "utf-8")


if __name__ == "__main__":
    main()
