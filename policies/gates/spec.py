"""What a gate specification is."""

from __future__ import annotations

from dataclasses import dataclass

from policies.parameters import Params
from policies.sentences import sentences


@dataclass(frozen=True, slots=True)
class GateSpec:
    """Everything about one gate except the code that evaluates it; its sentences are in `policies/texts`.

    Attributes:
        id: Scope and name: `record.third_party`.
        floor: True when neither policy nor consent can loosen it below `floor.yaml`.
        params: Model of its parameters; the defaults are what a policy gets that names the gate without parameters.
        source: The law or norm that it comes from.
    """

    id: str
    floor: bool
    params: type[Params]
    source: str

    @property
    def scope(self) -> str:
        """Return the part before the point: run, subject, record, segment, output or lifecycle."""
        return self.id.partition(".")[0]

    @property
    def worker(self) -> str:
        """Return what it does, in one English sentence to the worker."""
        return sentences("en")[self.id].worker

    @property
    def hr(self) -> str:
        """Return what it does, in one English sentence to HR."""
        return sentences("en")[self.id].hr
