"""Lets a model write in its own words, if the self-test of this very run found it fit; on nobody's word.

Only a model file qualifies: of a server nobody can tell that the model which is tried is the one that answers later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from extract.distil import selftest
from extract.distil.backend import Backend
from extract.distil.errors import TierRefusedError

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Admission:
    """What the self-test found, and of which model.

    Attributes:
        model_sha256: Digest of the model file that was tried.
        scores: Score of each part of the self-test, in thousandths.
    """

    model_sha256: str
    scores: tuple[tuple[str, int], ...]

    def require(self, backend: Backend) -> None:
        """Refuse a model that the self-test did not find fit, or another one than it tried.

        Raises:
            TierRefusedError: If it is one of these.
        """
        digest = str(backend.info()["model_sha256"])
        if not digest or digest != self.model_sha256:
            raise TierRefusedError(
                "it is not known which model would write paraphrases", "name its file with --model, not a server"
            )
        reached = selftest.tier(dict(self.scores))
        if reached != "paraphrase":
            raise TierRefusedError(
                f"the model reaches tier {reached}, and paraphrases need tier paraphrase",
                "leave --paraphrase away, or name a model that `govern model check --need paraphrase` lets pass",
            )

    def told(self) -> dict[str, str | int]:
        """Return what the log is told, beside the model's digest that stands there anyway."""
        return {"selftest_tier": selftest.tier(dict(self.scores)), **{f"selftest_{p}": n for p, n in self.scores}}


def admit(backend: Backend, progress: Progress | None = None) -> Admission:
    """Try a model and return the evidence that it may write paraphrases. It is shown nobody's words.

    Args:
        backend: The model.
        progress: Called with the stage, what is done and what there is to do.

    Raises:
        TierRefusedError: If it may not.
        BackendError: If the model gives something that cannot be used.
    """
    digest = str(backend.info()["model_sha256"])
    if not digest:
        # The trial takes a minute: not for one that could not be let in.
        Admission("", ()).require(backend)

    def tell(part: str, done: int, total: int) -> None:
        if progress is not None:
            progress(f"self-test: {part}", done, total)

    report = selftest.run(backend, tell)
    admitted = Admission(digest, tuple((p.name, p.score) for p in report.parts))
    admitted.require(backend)
    return admitted
