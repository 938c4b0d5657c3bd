"""A model that knows the answers of the self-test, but for the parts that it is told to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from extract.distil import kinds, paraphrase, seeds, selftest
from extract.distil.backend import Generation, Prompt, Score
from extract.distil.errors import BackendError

_FIRST_TRIED = "Keep a spare key at the gate, since the night shift does not have one."


class KnowingBackend:
    """Answers rightly; for a part in `fails` as bad models do: the first label, an example, the contrary."""

    def __init__(self, *fails: str) -> None:
        self.fails = frozenset(fails)
        self.labels = {s.text: s.label for s in seeds.load()}
        self.forms = {
            frame.format(deed): form
            for form in selftest._FORMS
            for frame in selftest._texts(form)
            for deed in selftest._texts("action")
        }

    def info(self) -> dict[str, str | int]:
        return {"backend": "fake", "model": "knowing", "model_sha256": "0" * 64, "model_address": "in_process"}

    def capabilities(self) -> frozenset[str]:
        return frozenset({"options", "generate"})

    def score(self, prefix: Prompt, text: str) -> Score:
        raise BackendError("not asked")

    def tokens(self, text: str) -> int:
        raise BackendError("not asked")

    def close(self) -> None:
        return

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        label = self.labels.get(prefix.item.strip().removesuffix("\nType:"))
        known = {kinds.LABELS[kind]: kind for kind in kinds.LABELS}
        return [-1.0 if "seeds" not in self.fails and known[c] == label else -2.0 for c in choices]

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        text = prompt.item.strip().rpartition("\n")[0]
        if text in self.forms:
            form = self.forms[text]
            if "polarity" in self.fails:
                form = {"must": "must not", "must not": "must"}.get(form, form)
            answer = f" You {form} do it."
        elif "red" in grammar:
            answer = f" {text}" if "grammar" in self.fails else " green"
        elif prompt.fixed.startswith("Copy"):
            answer = f" {text.replace('not ', '').replace('if ', '')[:-3]}" if "copy" in self.fails else f" {text}"
        else:
            answer = f" {_FIRST_TRIED}" if "echo" in self.fails else f" {text} Do so."
        return Generation(answer, (-0.1,))


class Paraphraser(KnowingBackend):
    """Passes the self-test by answering rightly; puts any other note as it is told to."""

    def __init__(self, write: Callable[[str], str], *fails: str, logprob: float = -0.1) -> None:
        super().__init__(*fails)
        self.write, self.logprob = write, logprob
        self.known = frozenset(selftest._texts("echo"))
        self.notes: list[str] = []

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        note = prompt.item.strip().removesuffix("\nRule:")
        if prompt.fixed != paraphrase.FIXED or note in self.known:
            return super().generate(prompt, grammar, max_tokens=max_tokens, stop=stop)
        self.notes.append(note)
        return Generation(f" {self.write(note)}", (-0.1, self.logprob, -0.1))


def other_words(note: str) -> str:
    return note.replace(" load", " fill").replace(" check", " examine")
