"""Which programs serve models, told apart by what they say of themselves, and what each of them can do for us.

| program | says of itself | `options` | `generate` with a grammar | `tokens` |
|---|---|---|---|---|
| llama-server | `owned_by: llamacpp` | yes | yes | yes |
| llama-cpp-python's server | `owned_by: me` | with `--logits_all true` | yes | no |
| vLLM | `owned_by: vllm`, `/version` | at most 20 log-probabilities | looks away from the field | refused |
| Ollama | `/api/version` | no log-probabilities of completions | JSON schemas only | refused |
| any other | nothing known | tried out | tried out | no |

None of them gives the log-probability of a text that it only reads, so none can `score`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Asks a path and returns the JSON that came back, or None if there is no such path.
Ask = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of program that serves models.

    Attributes:
        name: As people call it.
        capabilities: What it can do, as in `Backend.capabilities`.
        lacks: Why it is refused; empty for one that is not.
    """

    name: str
    capabilities: frozenset[str]
    lacks: str = ""


LLAMA_SERVER = Server("llama-server", frozenset({"options", "generate", "tokens"}))
LLAMA_CPP_PYTHON = Server("llama-cpp-python", frozenset({"options", "generate"}))
VLLM = Server("vLLM", frozenset(), "takes no grammars in this form and tells too few log-probabilities")
OLLAMA = Server("Ollama", frozenset(), "takes no grammars and tells no log-probabilities of completions")
OTHER = Server("other", frozenset({"options", "generate"}))

_BY_OWNER = {"llamacpp": LLAMA_SERVER, "me": LLAMA_CPP_PYTHON, "vllm": VLLM}
_ELSEWHERE = ("-cloud", ":cloud")


def recognise(models: Any, ask: Ask) -> Server:
    """Return which program it is.

    Args:
        models: What it answered to `/v1/models`.
        ask: Asks it for something else.
    """
    owner = _first(models).get("owned_by")
    if isinstance(owner, str) and owner in _BY_OWNER:
        return _BY_OWNER[owner]
    # The owner that Ollama tells is the model's, so its own interface is asked for; so is vLLM's behind a proxy.
    if _has_version(ask("/api/version")):
        return OLLAMA
    return VLLM if _has_version(ask("/version")) else OTHER


def runs_elsewhere(name: str) -> bool:
    """Say whether a model's name is of those that Ollama passes on to its maker's machines."""
    return name.casefold().endswith(_ELSEWHERE)


def passes_on(tags: Any) -> bool:
    """Say whether one of the models that Ollama lists under `/api/tags` runs on another machine."""
    listed = tags.get("models") if isinstance(tags, dict) else None
    return any(
        bool(model.get("remote_host") or model.get("remote_model"))
        or any(runs_elsewhere(str(model.get(key, ""))) for key in ("name", "model"))
        for model in (listed if isinstance(listed, list) else [])
        if isinstance(model, dict)
    )


def _first(models: Any) -> dict[str, Any]:
    data = models.get("data") if isinstance(models, dict) else None
    first = data[0] if isinstance(data, list) and data else None
    return first if isinstance(first, dict) else {}


def _has_version(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("version"), str)
