"""`python -m bench.distil SHARED_DIR [AUTHOR ...]`: CPU seconds and peak memory of distilling a thousand records.

Each author is distilled in a process of its own, with the default model in its own process beside it, as
`govern extract` does: seconds and memory are those of both.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from bench.authors import AUTHORS, passages
from bench.measure import cpu

RECORDS = 1000


def measured(data: Path, name: str) -> dict[str, float]:
    """Return what distilling an author's last thousand records takes, and the encoder alone over its sentences.

    Args:
        data: Folder of the commits.
        name: One of `AUTHORS`.

    Returns:
        CPU seconds, megabytes of memory, and counts.
    """
    from extract.distil.backend import open_backend
    from extract.distil.encoder import StaticEncoder
    from extract.distil.pipeline import distil
    from extract.distil.sentences import cut
    from extract.distil.settings import Settings

    author = AUTHORS[name]
    said = passages(author.words(data))[-RECORDS:]
    settings = Settings(min_records=author.support, min_days=min(author.support, 2))
    began = cpu()
    with closing(open_backend(None, None)) as backend:
        made = distil(said, backend, settings=settings)
    seconds = cpu() - began
    # In kilobytes on Linux. The model's process has ended by now, so it counts among the children.
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1000
    texts = [s.text for p in said for s, reason in cut(p, settings) if not reason]
    encoder = StaticEncoder()
    began = cpu()
    encoder.encode(texts)
    return {
        "records": len(said),
        "sentences": made.measures["sentences"],
        "claims": len(made.claims),
        "seconds": seconds,
        "megabytes": memory,
        "encoded": len(texts),
        "encoding": cpu() - began,
    }


def main() -> None:
    """Print a table; with one author more behind `--one`, what was measured as JSON."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    data, names = Path(sys.argv[1]) / "data" / "commits", sys.argv[2:]
    if names[:1] == ["--one"]:
        json.dump(measured(data, names[1]), sys.stdout)
        return
    print("| author | records | sentences | claims | CPU seconds | peak memory, MB | sentences/s of the encoder |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in names or list(AUTHORS):
        done = subprocess.run(
            [sys.executable, "-m", "bench.distil", sys.argv[1], "--one", name], check=True, stdout=subprocess.PIPE
        )
        found = json.loads(done.stdout)
        rate = found["encoded"] / found["encoding"]
        print(
            f"| {name} | {found['records']} | {found['sentences']} | {found['claims']} | {found['seconds']:.0f} "
            f"| {found['megabytes']:.0f} | {rate:,.0f} |"
        )


if __name__ == "__main__":
    main()
