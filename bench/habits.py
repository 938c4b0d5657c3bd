"""`python -m bench.habits FILE.skill`: how many of the sample's habits a skill made from the sample holds."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

from bench import sample
from govern.cli.demo import sample_workplace


def recall(claims_file: bytes) -> tuple[int, int, int]:
    """Return how many claims rest on a habit, how many habits a claim rests on, and how many habits there are.

    A claim rests on a habit if the record that it was made from and at least one more of its evidence are among those
    that the sample's author wrote the habit into.
    """
    from extract.skill import codec

    records = sample.records().records
    habits: dict[str, set[str]] = defaultdict(set)
    with (sample_workplace() / "habits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            habits[row["habit"]].add(row["locator"])
    claims = codec.from_lines(claims_file)
    found: set[str] = set()
    good = 0
    for claim in claims:
        cited = [records[s.record].locator for s in claim.evidence]
        hits = {h for h, where in habits.items() if cited[0] in where and len(set(cited) & where) >= 2}
        found |= hits
        good += bool(hits)
    return good, len(found), len(habits)


if __name__ == "__main__":
    from attest import container

    data = container.unpack(Path(sys.argv[1]).read_bytes()).files["references/claims.jsonl"]
    good, found, all_ = recall(data)
    print(f"{len(data.splitlines())} claims, {good} of them rest on a habit; {found} of {all_} habits found")
