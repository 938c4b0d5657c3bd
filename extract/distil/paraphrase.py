"""Puts a quote into a model's own words, and keeps them only where every check holds.

No model may do so before `extract.distil.admission` has let it. What is written is checked one by one: by its words
(`extract.distil.paraphrase_rules`, which anybody can repeat), by how likely the model itself took each token to be, and
by the encoder. Whatever fails is counted by the check that it failed, and the quote stands as in any other run. Which
records a claim cites is not the model's to say: it sees the quote and nothing else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from extract.distil import paraphrase_rules, words
from extract.distil.backend import Backend, Prompt
from extract.distil.encoder import Encoder

#: The self-test asks in these words too: what was tried is what is used.
FIXED = """Say in other words what each note from work asks for.

Note: We should, as everybody knows by now, keep a second key at the gate because the night shift has none.
Rule: Keep a spare key at the gate, since the night shift does not have one.

Note: If a box from the new supplier arrives wet then please do not sign for it.
Rule: Refuse to sign for a box that gets here wet.

Note: Before the van leaves the yard, the driver must check all straps.
Rule: The driver has to look at every strap before the van goes out.

Note:"""
LINE = 'root ::= [^\\n]+ "\\n"\n'
#: So many words on end that stand in the prompt and not in the question are an echo.
ECHO_WORDS = 4
#: A token that the model itself found less likely than one in fifty was a guess. Chosen, not measured: no model that
#: was at hand reaches the tier.
_WORST_LOGPROB = -4.0
#: Cosine in thousandths. Of a dozen sentences of ours with one or two other words, the true ones had 870 to 960; false
#: ones had 560 to 950. It sees another topic, not another deed.
_LEAST_COSINE = 850


@dataclass(slots=True)
class Writer:
    """Writes paraphrases in one run.

    Attributes:
        backend: A model that was let in, see `extract.distil.admission`.
        encoder: Sentence vectors.
        counts: `asked`, `made`, and `failed_` with the name of the first check that failed; asked is the sum of the
            others.
    """

    backend: Backend
    encoder: Encoder
    counts: Counter[str] = field(default_factory=Counter)

    def write(self, quote: str, evidence: tuple[str, ...]) -> str | None:
        """Return a paraphrase that passed every check, or None.

        Args:
            quote: The sentence that it stands for: nothing else is shown to the model.
            evidence: All quotes of the claim, this one among them.
        """
        plain = " ".join(quote.split())
        answer = self.backend.generate(Prompt(FIXED, f" {plain}\nRule:"), LINE, max_tokens=8 + 2 * len(plain.split()))
        text = " ".join(answer.text.split())
        fault = (
            paraphrase_rules.fault(text, quote)
            or ("example" if is_echo(text, plain) else None)
            # Not "any below": a number that is none is no likelihood either.
            or (None if answer.logprobs and all(p >= _WORST_LOGPROB for p in answer.logprobs) else "likelihood")
            or (None if self._nearness(text, evidence) >= _LEAST_COSINE else "cosine")
        )
        self.counts["asked"] += 1
        self.counts[f"failed_{fault}" if fault else "made"] += 1
        return None if fault else text

    def _nearness(self, text: str, evidence: tuple[str, ...]) -> int:
        """Return the cosine with the nearest sentence of the evidence, in thousandths."""
        vectors = self.encoder.encode([text, *evidence])
        return int(1000 * float(max(vectors[1:] @ vectors[0])))


def is_echo(answer: str, text: str) -> bool:
    """Say whether an answer repeats an example of the prompt that the text has no words of."""
    return bool(_runs(answer) & _runs(FIXED) - _runs(text))


def _runs(text: str) -> set[tuple[str, ...]]:
    plain = [words.core(w) for w in words.tokens(text)]
    return {tuple(plain[i : i + ECHO_WORDS]) for i in range(len(plain) - ECHO_WORDS + 1)}
