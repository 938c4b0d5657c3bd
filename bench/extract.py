"""A whole extraction of the sample workplace: which stage takes the CPU time, and the peak memory of the process."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from bench import sample
from bench.measure import Row, cpu
from govern.cli.demo import sample_workplace


def run() -> list[Row]:
    """Extract twice in this process, so that loading models does not count, and time the second run by stage."""
    from govern.cli.output import Output

    times: dict[str, float] = {}

    @contextlib.contextmanager
    def watched(_self: Output, _title: str) -> Iterator[object]:
        times.clear()
        last = ["load and start", cpu()]

        def tell(stage: str, _done: int, _total: int) -> None:
            now = cpu()
            times[str(last[0])] = times.get(str(last[0]), 0.0) + now - float(last[1])
            last[:] = [stage, now]

        yield tell
        tell("end", 0, 0)

    with tempfile.TemporaryDirectory() as folder, mock.patch.object(Output, "progress", watched):
        _story(Path(folder))
    total = sum(times.values())
    records = len(sample.records().records)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [Row("extract", f"all stages; peak memory {peak:,.0f} MB", records, "records", total)]
    for stage, seconds in times.items():
        rows.append(
            Row(
                "extract",
                f"{stage}: {100 * seconds / total:.0f} % of the time",
                records,
                "records",
                max(seconds, 0.005),
            )
        )
    return rows


def _story(folder: Path) -> None:
    from govern.cli.app import cli

    people = sample_workplace() / "identities.yaml"
    subject = sample.people().people[0].pid
    base = ["--workspace", str(folder / ".govern"), "--quiet", "--no-input"]
    sources = [w for kind, path in sample.PATHS.items() for w in (f"--{kind}", str(sample_workplace() / path))]
    agreed = [w for s in ("mail.work", "vcs.commit", "chat.public_channel") for w in ("--source", s)]
    for kind in ("procedures", "decision_rules", "checklists", "code_style", "references"):
        agreed += ["--category", kind]
    extract = [
        "extract",
        "--policy",
        # The policy without papers: what is measured is the run.
        "minimal_self",
        "--subject",
        subject,
        "--operator",
        subject,
        "--purpose",
        "self_assist",
        *sources,
        "-o",
        str(folder / "x.skill"),
    ]
    key = ["--key", str(folder / "key"), "--now", "2026-10-19T08:00:00Z"]
    with mock.patch.dict(os.environ, {"GOVERN_PASSPHRASE": "bench"}), contextlib.redirect_stdout(sys.stderr):
        for words in (
            ["init", "--people", str(people), "--now", "2026-10-19T07:00:00Z"],
            ["keys", "enroll", "--subject", subject, "--out", str(folder / "key"), "--now", "2026-10-19T07:00:00Z"],
            ["consent", "request", "--subject", subject, "--policy", "minimal_self", "--now", "2026-10-19T07:30:00Z"],
            ["consent", "sign", "--subject", subject, "--policy", "minimal_self",
             "--purpose", "self_assist", *agreed, *key],
            [*extract, "--now", "2026-10-20T09:00:00Z"],
            [*extract, "--now", "2026-10-20T10:00:00Z"],
        ):  # fmt: skip
            cli.main([*base, *words], standalone_mode=False)
