"""Models that are easy to predict, for the tests of the distiller."""

from __future__ import annotations

from collections.abc import Sequence

from extract.distil.backend import Generation, Prompt, Score


class FakeBackend:
    """Answers every question alike and remembers what it was asked."""

    def __init__(self, answer: str = "", favourite: int = 1) -> None:
        self.answer = answer
        self.favourite = favourite
        self.prompts: list[Prompt] = []
        self.grammars: list[str] = []

    def info(self) -> dict[str, str | int]:
        return {"backend": "fake", "model": "fake", "model_sha256": "0" * 64, "model_address": "in_process"}

    def capabilities(self) -> frozenset[str]:
        return frozenset({"options", "generate", "score"})

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        self.prompts.append(prefix)
        return [-1.0 if i == self.favourite else -2.0 for i, _ in enumerate(choices)]

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        self.prompts.append(prompt)
        self.grammars.append(grammar)
        return Generation(self.answer, (-0.1,) * max(1, len(self.answer.split())))

    def score(self, prefix: Prompt, text: str) -> Score:
        self.prompts.append(prefix)
        return Score(-1.0 * len(text.split()), len(text.split()))

    def tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        return


class Reader(FakeBackend):
    """Foretells words that stand in its context better than others."""

    name = "word-reader"

    def info(self) -> dict[str, str | int]:
        return {**super().info(), "model": self.name}

    @staticmethod
    def cost(word: str, known: set[str]) -> float:
        """Return what a word costs, in nats."""
        return 1.0 if word.strip(".,") in known else 4.0

    def score(self, prefix: Prompt, text: str) -> Score:
        known = {word.strip(".,") for line in prefix.fixed.splitlines()[2:] for word in line.split()}
        return Score(-sum(self.cost(word, known) for word in text.split()), len(text.split()))
