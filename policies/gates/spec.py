"""What a gate specification is."""

from __future__ import annotations

from dataclasses import dataclass

from policies.parameters import Params


@dataclass(frozen=True, slots=True)
class GateSpec:
    """Everything about one gate except the code that evaluates it.

    Attributes:
        id: Scope and name: `record.third_party`.
        floor: True when neither policy nor consent can loosen it below `floor.yaml`.
        params: Model of its parameters; the defaults are what a policy gets that names the gate without parameters.
        worker: What it does, in one sentence to the worker.
        hr: What it does, in one sentence to HR.
        source: The law or norm that it comes from.
    """

    id: str
    floor: bool
    params: type[Params]
    worker: str
    hr: str
    source: str

    @property
    def scope(self) -> str:
        """Return the part before the point: run, subject, record, segment, output or lifecycle."""
        return self.id.partition(".")[0]
