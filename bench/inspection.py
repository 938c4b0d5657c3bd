"""Precision and recall of the wording rules of inspection, on made lines that they were not written on.

Run: `python -m bench.inspection [FILE.tsv]`. A line of the file is a family (`trait`, `impersonation`, `injection` or
`clean`), a tab, and the text. A line counts as found where any rule of its family speaks against it. The rules were
mended on `inspection_dev.tsv`.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from extract.inspection import wording

GOLD = Path(__file__).resolve().parents[1] / "tests" / "gold" / "inspection_heldout.tsv"
FAMILIES = ("trait", "impersonation", "injection")


def measured(path: Path) -> dict[str, tuple[int, int, int]]:
    """Return for each family the lines that are found rightly, found wrongly, and missed."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for line in path.read_text("utf-8").splitlines():
        expected, _, text = line.partition("\t")
        found = {rule.partition(".")[0] for rule in wording.rules_of(text)}
        if wording.announces_persona(text):
            found.add("trait")
        for family in FAMILIES:
            right[family] += family == expected and family in found
            wrong[family] += family != expected and family in found
            missed[family] += family == expected and family not in found
    return {family: (right[family], wrong[family], missed[family]) for family in FAMILIES}


def main() -> None:
    """Print a table."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else GOLD
    for family, (right, wrong, missed) in measured(path).items():
        print(f"{family:14} found {right:3} of {right + missed:3}, wrongly {wrong:3}")


if __name__ == "__main__":
    main()
