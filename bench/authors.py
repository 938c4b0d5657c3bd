"""`python -m bench.authors SHARED_DIR [AUTHOR ...]`: evaluates skills of public authors on their own later messages.

Each author's words are read, redacted and split by time; the earlier four fifths are distilled with the default model,
the last fifth is what the claims are measured on. The claims of the next author in the list are the peer's.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bench.measure import cpu
from extract.distil.claims import Claim, Passage
from extract.evaluate import run, splits, told

MESSAGES = 48


class Words(NamedTuple):
    """One message of an author.

    Attributes:
        at: When it was written, ISO.
        thread: What it belongs to.
        text: The author's own words.
        is_message: Whether it is a commit's message; a remark on code otherwise.
    """

    at: str
    thread: str
    text: str
    is_message: bool


def commits(file: Path, author: str) -> Iterator[Words]:
    """Yield an author's own words in commit messages, without trailers and what others wrote."""
    from extract.sources import trailers

    for value in _lines(file):
        if value["author"] == author:
            text = value["message"].rstrip("\n")
            spans = trailers.split(text, "a", merge=len(value["parents"]) > 1).spans
            own = "\n".join(text[s.start : s.end] for s in spans if s.kind == "own").strip()
            if own:
                yield Words(value["author_date"], value["sha"], own, True)


def reviews(file: Path, authors: Collection[str]) -> Iterator[Words]:
    """Yield an author's own words in notes on code, without what they quote; one person may have several names."""
    from extract.spans import split_chat

    for value in _lines(file):
        note = value["note"]
        said = note.get("description")
        if note.get("author") in authors and said:
            own = "\n".join(said[s.start : s.end] for s in split_chat(said, "a") if s.kind == "own").strip()
            if own:
                yield Words(
                    datetime.fromtimestamp(int(note["timestamp"]), UTC).isoformat(), value["commit"], own, False
                )


class Author(NamedTuple):
    """An author whose words are evaluated.

    Attributes:
        words: Reads them.
        support: Records, and days, that a claim must rest on.
    """

    words: Callable[[Path], Iterator[Words]]
    support: int


#: The first two were looked at while this was built. The third was not: its claims were read once, blind, at the end.
#: Of two hundred remarks in a review few say the same thing twice, so there one is enough.
AUTHORS = {
    "datasette, commits": Author(lambda data: commits(data / "datasette.jsonl.xz", "Simon Willison"), 3),
    "git-appraise, reviews": Author(
        lambda data: reviews(data / "git_appraise_reviews.jsonl.xz", ("ojarjur", "ojarjur@google.com")), 1
    ),
    "curl, commits": Author(lambda data: commits(data / "curl_last6000.jsonl.xz", "Daniel Stenberg"), 3),
}


def passages(words: Iterator[Words]) -> list[Passage]:
    """Return redacted passages in order of time; the secret of the pseudonyms is made of nothing but zeros."""
    from redact.engine import Redactor

    said = sorted(words)
    redactor = Redactor((), (), (), bytes(32), "fast")
    texts = [r.text for at in range(0, len(said), 500) for r in redactor.redact([w.text for w in said[at : at + 500]])]
    return [
        Passage(i, text, "commit", word.thread, datetime.fromisoformat(word.at).date(), commit_message=word.is_message)
        for i, (word, text) in enumerate(zip(said, texts, strict=True))
    ]


def main() -> None:
    """Print what was found of each author, and a table of the gains."""
    from extract.distil.backend import default_model
    from extract.distil.encoder import StaticEncoder
    from extract.distil.llama_backend import LlamaBackend
    from extract.distil.pipeline import distil
    from extract.distil.settings import Settings

    if len(sys.argv) < 2:
        sys.exit(__doc__)
    data = Path(sys.argv[1]) / "data" / "commits"
    names = sys.argv[2:] or list(AUTHORS)
    split: dict[str, splits.Split] = {}
    claims: dict[str, Sequence[Claim]] = {}
    found: dict[str, tuple[dict[str, Any], float]] = {}
    with closing(LlamaBackend(default_model())) as backend:
        for name in names:
            author = AUTHORS[name]
            split[name] = splits.by_time(passages(author.words(data)))
            began = cpu()
            settings = Settings(min_records=author.support, min_days=min(author.support, 2))
            claims[name] = distil(split[name].evidence, backend, settings=settings).claims
            seconds = cpu() - began
            _say(f"{name}: {len(claims[name])} claims of {len(split[name].evidence)} messages, {seconds:.0f} CPU s")
        for i, name in enumerate(names):
            others = names[i + 1 :] + names[:i]
            began = cpu()
            account = run.evaluate(
                "back_test", split[name], claims[name], backend, StaticEncoder(),
                peers={other: claims[other] for other in others}, messages=MESSAGES, progress=lambda *_: None,
            )  # fmt: skip
            found[name] = account.as_json(), cpu() - began
            _say(f"{name}: evaluated in {found[name][1]:.0f} CPU s")
    for name, (numbers, _) in found.items():
        print("\n".join([f"# {name}", "", *told.markdown(numbers), ""]))
    print(
        "| author | claims | messages read | tokens | "
        + " | ".join(map(told.contrast, numbers["gain"]["gains"]))
        + " |"
    )
    print("|---|---:|---:|---:|" + "---:|" * len(numbers["gain"]["gains"]))
    for name, (numbers, _) in found.items():
        gain = numbers["gain"]
        cells = [f"{v / 1e6:+.3f} [{low / 1e6:+.3f}, {high / 1e6:+.3f}]" for v, low, high in gain["gains"].values()]
        row = [name, str(numbers["claims"]), str(gain["messages"]), str(gain["tokens"]), *cells]
        print(f"| {' | '.join(row)} |")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _lines(file: Path) -> Iterator[Any]:
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
