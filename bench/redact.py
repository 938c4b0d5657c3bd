"""Redaction beside Presidio and other detectors: speed, and what leaks at that speed, on the same texts in one run.

`python -m bench redact` runs it with the defaults; `python -m bench.redact --help` says what can be chosen. Each
detector reads all texts in a process of its own, each time a new one, so that nothing is cached; the detectors take
turns. The annotated corpora and the mailboxes are not part of the project; without them the sample's texts are read,
and what leaks is not known.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import json
import os
import re
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.detectors import BATCH
from bench.measure import Row, machine
from redact.measuring.gold import Gold, Mark, read_gold
from redact.measuring.scores import Score, measure

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
#: Every numeric library of every detector gets one thread.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "RAYON")}
REPEAT = 3
_CORPORA = {"mail": "enron_mail_dev", "chat": "chat_wnut17_dev", "issues": "github_issues_dev",
            "sentences": "presidio_synth_dev"}  # fmt: skip
_MAILBOXES = ("bigbang_mbox", "ponymail_mbox")
_STRUCTURED = "e-mail, phone, card, IP, date, US numbers"


@dataclass(frozen=True, slots=True)
class Detector:
    """One line of the tables.

    Attributes:
        key: Its name in `bench.detectors` or `bench.peers.run`.
        name: Its name in the table.
        finds: What it looks for.
        peer: Whether it runs in the peers' environment.
    """

    key: str
    name: str
    finds: str
    peer: bool = False


_PRESIDIO = "names, places, groups, dates, e-mail, phone, URL, IP, accounts, ids"
_OURS = (
    "names, organisations, places, groups, e-mail, @handle, phone, IP, accounts, ids, addresses, birth dates, secrets"
)
DETECTORS = (
    Detector("plain", "plain Presidio", _PRESIDIO),
    Detector("batch", f"Presidio, BatchAnalyzerEngine, batches of {BATCH}", _PRESIDIO),
    Detector("fast", "**govern, fast**", _OURS),
    Detector("strict", "**govern, strict**", _OURS),
    Detector("max", "**govern, max**", _OURS),
    Detector("rampart", "Rampart's model alone", "names, places, addresses, e-mail, phone, bank accounts, ids"),
    Detector("datafog_spacy", "DataFog, engine spacy", f"names, organisations, places; {_STRUCTURED}", True),
    Detector("datafog", "DataFog, engine regex (its default)", f"**no names**; {_STRUCTURED}", True),
    Detector("datafog_rust", "DataFog, engine regex in Rust", f"**no names**; {_STRUCTURED}", True),
    Detector("scrubadub_spacy", "scrubadub and scrubadub_spacy", "names, organisations; e-mail, phone, @handle, URL, "
             "card, US number, passwords", True),
    Detector("scrubadub", "scrubadub (its default)", "**no names**; e-mail, phone, @handle, URL, card, US number, "
             "passwords", True),
)  # fmt: skip
#: What was tried and cannot be run as it comes.
NOT_RUN = (
    ("DataFog, engine gliner (and smart)", "downloads its model at first use"),
    ("scrubadub, TextBlob names", "downloads the corpora of NLTK before first use"),
    ("scrubadub_spacy with its own model", "downloads en_core_web_trf at first use; run with the small model instead"),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of one kind.

    Attributes:
        name: What they are.
        texts: The texts.
        gold: Annotated texts by corpus; together, in this order, they are the texts. Empty where nothing is known.
    """

    name: str
    texts: Sequence[str] = field(repr=False)
    gold: Mapping[str, Sequence[Gold]] = field(default_factory=dict, repr=False)

    def size(self) -> str:
        """Return how much it is, and how often it says the same."""
        lines = [bare for text in self.texts for line in text.split("\n") if (bare := line.lstrip("> ").rstrip())]
        share = len(set(lines)) / len(lines) if lines else 0
        return (
            f"{self.name}: {len(self.texts):,} texts, {sum(map(len, self.texts)):,} characters, {len(lines):,} lines, "
            f"{share:.0%} of them distinct behind their quote marks"
        )


@dataclass(slots=True)
class Runs:
    """What the processes of one detector on one kind of text answered.

    Attributes:
        cpu: CPU seconds of each run.
        wall: Seconds on the clock of each run.
        memory: Peak of each run in MB, libraries and model included.
        spans: What the last run found.
        versions: Packages.
        refused: Attempts to reach the network.
        missing: Why there is nothing, or "".
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    spans: list[list[Any]] = field(default_factory=list, repr=False)
    versions: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    missing: str = ""

    @property
    def seconds(self) -> float:
        """Median of the CPU seconds."""
        return max(statistics.median(self.cpu), 1e-4)


# --- texts --------------------------------------------------------------------------------------------------------


def mixed() -> Texts:
    """Return mails, chat, issues and made sentences with annotations, or else the sample's records without."""
    paths = {name: DATA / "pii" / f"{file}.jsonl" for name, file in _CORPORA.items()}
    if all(path.is_file() for path in paths.values()):
        gold = {name: read_gold(path) for name, path in paths.items()}
        return Texts("mixed texts", [g.text for part in gold.values() for g in part], gold)
    from bench import sample

    return Texts("mixed texts (the sample's records)", [r.own_text() for r in sample.records().records])


def mailbox() -> Texts:
    """Return whole mails with what they quote, or else the sample's."""
    archives = [DATA / "mail" / f"{name}.tar.xz" for name in _MAILBOXES]
    if all(path.is_file() for path in archives):
        return Texts("a mailbox with quotes", [mail for path in archives for mail in _mails(path)])
    from bench import sample

    return Texts(
        "a mailbox with quotes (the sample's)", [r.text for r in sample.records().records if r.source_kind == "mail"]
    )


def _mails(archive: Path) -> Iterator[str]:
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            file = tar.extractfile(member) if member.name.endswith((".mbox", ".txt", ".eml")) else None
            if file is not None:
                for raw in re.split(rb"(?m)^From (?=[^\n]*\d\d:\d\d:\d\d)[^\n]*\n", file.read()):
                    if raw.strip():
                        yield _as_read(raw)


def _as_read(raw: bytes) -> str:
    """Return what a mail program shows: a few headers, and the words."""
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    words = []
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            words.append(payload.decode("utf-8", "replace") if isinstance(payload, bytes) else "")
    head = [f"{name}: {mail[name]}" for name in ("From", "To", "Cc", "Date", "Subject") if mail[name]]
    return "\n".join(head) + "\n\n" + "\n".join(words).replace("\r\n", "\n")


# --- runs ---------------------------------------------------------------------------------------------------------


def ask(detector: Detector, texts: Sequence[str], peers: Path = PEERS) -> dict[str, Any]:
    """Return the answer of one process: see `bench.peers.run`."""
    if detector.peer and not peers.is_file():
        return {"missing": "its environment is not there: `make peers`"}
    command = (
        [str(peers), str(ROOT / "bench" / "peers" / "run.py"), detector.key]
        if detector.peer
        else [sys.executable, "-m", "bench.detectors", detector.key]
    )
    done = subprocess.run(
        command,
        input=json.dumps({"texts": list(texts)}).encode("ascii"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ONE_THREAD, "DO_NOT_TRACK": "1"},
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        return {"missing": f"its process ended with {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def race(
    texts: Sequence[str], detectors: Sequence[Detector] = DETECTORS, repeat: int = REPEAT, peers: Path = PEERS
) -> dict[str, Runs]:
    """Return by key what each detector did with the texts; they take turns, so that a slow minute is everybody's."""
    runs = {d.key: Runs() for d in detectors}
    for _ in range(repeat):
        for detector in detectors:
            mine = runs[detector.key]
            if mine.missing:
                continue
            answer = ask(detector, texts, peers)
            mine.missing = answer.get("missing", "")
            mine.refused += answer.get("refused", 0)
            if not mine.missing:
                mine.cpu.append(answer["cpu"])
                mine.wall.append(answer["wall"])
                mine.memory.append(answer["memory"])
                mine.spans, mine.versions = answer["spans"], answer["versions"]
    return runs


# --- tables -------------------------------------------------------------------------------------------------------


def speeds(texts: Texts, runs: Mapping[str, Runs], detectors: Sequence[Detector] = DETECTORS) -> str:
    """Return a Markdown table: how fast, at which set of entities, at what memory."""
    size = sum(map(len, texts.texts))
    first = runs[detectors[0].key]
    lines = [
        "| detector | looks for | characters per CPU second | x plain Presidio | spread | peak memory | network |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for d in detectors:
        r = runs[d.key]
        if r.missing:
            lines.append(f"| {d.name} | {d.finds} | not run: {r.missing} | | | | |")
            continue
        ratio = "" if first.missing else f"{first.seconds / r.seconds:.2f}"
        spread = f"{(max(r.cpu) - min(r.cpu)) / r.seconds:.0%}"
        memory = f"{statistics.median(r.memory):,.0f} MB"
        cells = (d.name, d.finds, f"{size / r.seconds:,.0f}", ratio, spread, memory, str(r.refused))
        lines.append("| " + " | ".join(cells) + " |")
    lines += [f"| {name} | | not run: {why} | | | | |" for name, why in NOT_RUN]
    return "\n".join(lines)


def leaks(
    texts: Texts, runs: Mapping[str, Runs], held_out: bool = False, detectors: Sequence[Detector] = DETECTORS
) -> str:
    """Return a Markdown table: what each detector covered of what is annotated, in one half of the texts."""
    lines = [
        "| detector | x plain Presidio | PERSON, mail | its precision | persons fully hidden, mail | PERSON, chat "
        "| e-mail | phone | @handle, issues |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    first = runs[detectors[0].key]
    for d in detectors:
        r = runs[d.key]
        if r.missing:
            continue
        spans = iter(r.spans)
        reports = {}
        for corpus, gold in texts.gold.items():
            found = {g.id: [Mark(*span) for span in next(spans)] for g in gold}
            half = [g for g in gold if g.held_out == held_out]
            reports[corpus] = measure(half, lambda _, found=found, half=half: [found[g.id] for g in half])  # type: ignore[misc]
        of = {corpus: report.scores for corpus, report in reports.items()}
        both = [
            of[corpus].get(label) for label in ("EMAIL_ADDRESS", "PHONE_NUMBER") for corpus in ("mail", "sentences")
        ]
        people = of["mail"].get("PERSON")
        ratio = "" if first.missing else f"{first.seconds / r.seconds:.2f}"
        cells = (
            d.name,
            ratio,
            _hidden(people),
            _share(people.precision if people else None),
            f"{reports['mail'].persons_hidden / reports['mail'].persons:.3f}" if reports["mail"].persons else "–",
            _hidden(of["chat"].get("PERSON")),
            _hidden(*both[:2]),
            _hidden(*both[2:]),
            _hidden(of["issues"].get("HANDLE")),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _hidden(*scores: Score | None) -> str:
    gold = sum(s.gold for s in scores if s)
    return f"{sum(s.hidden for s in scores if s) / gold:.3f} of {gold}" if gold else "–"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def run(
    repeat: int = REPEAT,
    held_out: bool = False,
    peers: Path = PEERS,
    kinds: Sequence[Texts] = (),
    detectors: Sequence[Detector] = DETECTORS,
) -> list[Row]:
    """Print the tables as Markdown; return the speeds as rows of the common table.

    Args:
        repeat: Runs of each detector.
        held_out: Whether leaks are counted in the half that no rule was made on.
        peers: The interpreter of the peers' environment.
        kinds: What is read; by default the mixed texts and the mailbox.
        detectors: Who reads; the first is what the others are a ratio of.
    """
    rows = []
    versions: dict[bool, dict[str, str]] = {False: {}, True: {}}
    for texts in kinds or (mixed(), mailbox()):
        print(f"redact: {texts.size()}", file=sys.stderr)
        runs = race(texts.texts, detectors, repeat, peers)
        for d in detectors:
            versions[d.peer] |= runs[d.key].versions
        print(f"\n{texts.size()}; median of {repeat} runs.\n\n{speeds(texts, runs, detectors)}\n")
        if texts.gold:
            half = "held-out" if held_out else "development"
            print(
                f"What is covered from end to end, in the {half} half:\n\n{leaks(texts, runs, held_out, detectors)}\n"
            )
        size = sum(map(len, texts.texts))
        for d in detectors:
            if not runs[d.key].missing:
                what, peer = (f"{texts.name}: {name.replace('*', '')}" for name in (d.name, detectors[0].name))
                rows.append(
                    Row("redact", what, size, "characters", runs[d.key].seconds, "" if d is detectors[0] else peer)
                )
    here, theirs = (", ".join(f"{k} {v}" for k, v in sorted(versions[peer].items())) for peer in (False, True))
    print(f"{machine()}; one thread. Here: {here}. Peers: {theirs or 'none'}.\n")
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.redact", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repeat", type=int, default=REPEAT, help="runs of each detector; the median counts")
    parser.add_argument("--held-out", action="store_true", help="leaks in the half that no rule was made on")
    chosen = parser.parse_args()
    run(chosen.repeat, chosen.held_out)
