"""A draft on disk, for the tests of the review."""

from __future__ import annotations

from pathlib import Path

from release_world import World

from attest.disposition import Dispositions
from extract.pipeline import Sealed
from extract.skill import draft


def draft_file(world: World) -> tuple[draft.Draft, Path]:
    """Return a sealed draft, and the file that it is in."""
    made = world.draft()
    sealed = Sealed(
        made.extraction_id, made.claims, made.ledger, Dispositions.parse(made.dispositions), made.manifest_index,
        made.seal_index, "PERSON_001", 0,
    )  # fmt: skip
    path = world.root / "ops.skill"
    path.write_bytes(draft.pack(made.header, sealed, world.log))
    return made, path
