"""`python -m bench.lasting SHARED_DIR [--write]`: learns and measures the second judge on sentences that we labelled.

The sentences are of public authors' commit messages and reviews and are no part of the project. `lasting_labels.txt`
has for each its author, the first half of the SHA-256 of its words, and whether one reader would let it stand, as it
is, in a file that others work by. An author's sentences are judged by weights that were learnt from the others'.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.authors import commits, passages, reviews

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABELS = Path(__file__).with_name("lasting_labels.txt")
WEIGHTS = Path(__file__).resolve().parents[1] / "extract" / "distil" / "lasting.tsv"
SIGNS = (
    "present", "order", "general_order", "negation", "known", "subject_known", "subject_any", "subject_plural", "you",
    "redacted", "brackets", "short", "long", "commas", "first_judge",
)  # fmt: skip
#: Inverse strength of the penalty.
_INVERSE_PENALTY = 0.3
#: Authors by themselves, or together where one has said little: the parts of the cross-validation.
PARTS = {"simon": 0, "viktor": 1, "ojarjur": 2, "omar": 2, "jay": 3, "fandrich": 3, "rogers": 3}


def digest(text: str) -> str:
    """Return the name that a sentence has among the labels."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def labels() -> dict[tuple[str, str], bool]:
    """Return whether each sentence, by author and digest, was let stand."""
    lines = [line.split() for line in LABELS.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {(author, name): verdict == "1" for author, name, verdict in lines}


def sentences(data: Path) -> Iterator[tuple[str, str]]:
    """Yield author and words of every sentence that could be labelled."""
    from extract.distil.sentences import cut
    from extract.distil.settings import Settings

    curl = data / "curl_last6000.jsonl.xz"
    said = {
        "simon": commits(data / "datasette.jsonl.xz", "Simon Willison"),
        "viktor": commits(curl, "Viktor Szakats"),
        "jay": commits(curl, "Jay Satiro"),
        "fandrich": commits(curl, "Dan Fandrich"),
        "rogers": commits(curl, "Joshua Rogers"),
        "omar": commits(data / "git_appraise.jsonl.xz", "Omar Jarjur"),
        "ojarjur": reviews(data / "git_appraise_reviews.jsonl.xz", ("ojarjur", "ojarjur@google.com")),
    }
    for author, messages in said.items():
        for passage in passages(messages):
            yield from ((author, s.text) for s, reason in cut(passage, Settings()) if not reason)


def read(data: Path) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], list[bool]]:
    """Return signs, verdicts and parts of the labelled sentences, and which of them are no plain reports."""
    import numpy as np

    from extract.distil.classifier import Classifier
    from extract.distil.encoder import StaticEncoder
    from extract.distil.lasting import REPORTS, Lasting, first_judge

    verdicts = labels()
    found = {(a, digest(t)): t for a, t in sentences(data) if (a, digest(t)) in verdicts}
    texts = list(found.values())
    keep = Classifier(StaticEncoder()).keep(texts, [True] * len(texts))
    judge = Lasting()
    shown = [judge.signs(t) | {"first_judge": first_judge(k)} for t, k in zip(texts, keep, strict=True)]
    return (
        np.array([[s[sign] for sign in SIGNS] for s in shown]),
        np.array([verdicts[key] for key in found]),
        np.array([PARTS[author] for author, _ in found]),
        [not any(s[r] for r in REPORTS) for s in shown],
    )


def learn(signs: NDArray[np.float64], verdicts: NDArray[np.bool_]) -> dict[str, int]:
    """Return weights in thousandths."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=5000).fit(signs, verdicts)
    return dict(
        zip((*SIGNS, "one"), (round(1000 * float(w)) for w in (*model.coef_[0], *model.intercept_)), strict=True)
    )


def score(weights: dict[str, int], signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the odds in thousandths."""
    import numpy as np

    total = signs @ np.array([weights[s] for s in SIGNS]) + weights["one"]
    return np.asarray(1000 / (1 + np.exp(-total / 1000)), dtype=np.float64)


def main(arguments: Sequence[str]) -> None:
    """Print how well each author's sentences are judged by what was learnt from the others'."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    from extract.distil.settings import Settings

    signs, verdicts, parts, open_ = read(Path(arguments[0]) / "data" / "commits")
    kept = np.array(open_)
    odds = np.zeros(len(verdicts))
    for part in sorted(set(PARTS.values())):
        others = kept & (parts != part)
        here = kept & (parts == part)
        odds[here] = score(learn(signs[others], verdicts[others]), signs[here])
    print(f"all: {len(verdicts)} sentences, {verdicts.sum()} let stand, AUC {roc_auc_score(verdicts, odds):.3f}")
    auc = roc_auc_score(verdicts[kept], odds[kept])
    print(f"no plain report: {kept.sum()} sentences, {verdicts[kept].sum()} let stand, AUC {auc:.3f}")
    for part in (None, *sorted(set(PARTS.values()))):
        taken = (odds >= Settings().keep) & ((parts == part) if part is not None else True)
        print(f"part {part}: {taken.sum()} pass, {verdicts[taken].sum()} of them let stand")
    if "--write" in arguments:
        weights = learn(signs[kept], verdicts[kept])
        WEIGHTS.write_text("".join(f"{sign}\t{weight}\n" for sign, weight in weights.items()), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
