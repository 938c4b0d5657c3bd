"""`python -m bench [STAGE ...]`: run the stages one after the other and print one table."""

from __future__ import annotations

import importlib
import sys

from bench.measure import Row, machine, table

STAGES = (
    "startup",
    "parsing",
    "gates",
    "redact",
    "redact_processes",
    "redact_memory",
    "log",
    "report",
    "model",
    "extract",
    "quotes",
    "executor",
    "ingest_git",
    "ingest_mail",
)


def main() -> None:
    """Run the named stages, or all."""
    unknown = [stage for stage in sys.argv[1:] if stage not in STAGES]
    if unknown:
        sys.exit(f"error: there is no stage {', '.join(unknown)}\nhint: the stages are {', '.join(STAGES)}")
    rows: list[Row] = []
    for stage in sys.argv[1:] or STAGES:
        print(f"running {stage} ...", file=sys.stderr)
        rows += importlib.import_module(f"bench.{stage}").run()
    print(machine())
    print()
    print(table(rows))


main()
