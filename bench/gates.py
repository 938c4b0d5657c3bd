"""Record gates over a frame of facts, beside a plain loop, Cedar and Rego that decide by the same rules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench import gate_peers, sample
from bench.measure import Row, best

if TYPE_CHECKING:
    import pandas as pd

    from consent.ledger import ChoiceState

COPIES = 4000
"""Times the sample's facts are taken: some millions of records, so that a call takes a good part of a second."""
LOOP_COPIES, PEER_COPIES = 40, 4


def run() -> list[Row]:
    """Decide over many copies of the sample's facts; every engine must come to the same answers first."""
    import pandas as pd

    from consent import decide
    from extract import facts
    from extract.vetoes import Vetoes

    job = sample.job()
    frame = list(sample.records().records.marked)
    vetoes = Vetoes(frozenset(), b"\0" * 32)
    one = facts.compute(frame, job.people, job.subject, vetoes)
    # Each record stands for itself here: what it costs to compare copies is a matter of how many there are.
    one["duplicate_of"] = pd.Series(range(len(one)), dtype="Int64")
    choice = _consent()
    rules = gate_peers.Rules.of(job.policy, choice, job.request.now)
    listed = _listed(one)

    def govern(rows: pd.DataFrame) -> Any:
        return decide.decide_records(job.policy, rows, choice, job.request)

    many, plain = repeated(one, COPIES), repeated(_plain(one), COPIES // 4)
    rows = [
        Row("gates", "plain Python loop", len(listed) * LOOP_COPIES, "records",
            best(lambda: gate_peers.loop(rules)(listed * LOOP_COPIES))),
        Row("gates", "govern, all record gates", len(many), "records", best(lambda: govern(many)), "plain Python loop"),
        Row("gates", "govern, words and tuples not coded beforehand", len(plain), "records",
            best(lambda: govern(plain)), "plain Python loop"),
    ]  # fmt: skip
    expected = govern(one).reasons
    loop = gate_peers.loop(rules)(listed)
    if list(expected) != loop:
        raise AssertionError("the plain loop decides otherwise")
    given = gate_peers.inputs(listed, rules)
    for name, engine in (("Cedar (cedarpy)", gate_peers.cedar), ("Rego (regopy)", gate_peers.rego)):
        try:
            ask: Callable[[list[dict[str, Any]]], list[bool]] = engine(rules)
        except ImportError:
            print(f"  {name} is not installed: left out", file=sys.stderr)
            continue
        if ask(given) != [not reasons for reasons in expected]:
            raise AssertionError(f"{name} decides otherwise")
        asked = given * PEER_COPIES
        rows.append(Row("gates", name, len(asked), "records", _timed(ask, asked), "plain Python loop"))
        rows.append(replace(rows[1], what=f"govern beside {name}", peer=name))
    compute = best(lambda: facts.compute(frame, job.people, job.subject, vetoes))
    return [*rows, Row("gates", "facts from records", len(one), "records", compute)]


def _timed(ask: Callable[[list[dict[str, Any]]], list[bool]], asked: list[dict[str, Any]]) -> float:
    return best(lambda: ask(asked))


def _consent() -> ChoiceState:
    from extract import gating

    choice = gating.suppose(sample.job())
    if choice.key is None:
        raise AssertionError("the consent has no key")
    # What the gates about the consent would say of every row alike must not hide what they say of one.
    return replace(choice, key=replace(choice.key, witness="works_council-1"))


def repeated(facts: pd.DataFrame, times: int) -> pd.DataFrame:
    """Return a frame of facts many times over, every row for itself."""
    import numpy as np
    import pandas as pd

    found = facts.take(np.tile(np.arange(len(facts)), times)).reset_index(drop=True)
    found["duplicate_of"] = pd.Series(range(len(found)), dtype="Int64")
    return found


def _plain(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with words as strings and tuples as objects, as it comes from elsewhere."""
    from consent.facts import FACTS

    return facts.astype({fact.name: fact.dtype for fact in FACTS if facts[fact.name].dtype == "category"})


def _listed(facts: pd.DataFrame) -> list[gate_peers.Facts]:
    """Return the facts as one dictionary for each record; an unknown fact is absent."""
    import pandas as pd

    found: list[gate_peers.Facts] = []
    for row in facts.to_dict("records"):
        known = {str(k): v for k, v in row.items() if isinstance(v, tuple) or not pd.isna(v)}
        if "sent_at" in known:
            known["sent_at"] = known["sent_at"].value // 1000
        found.append(known)
    return found
