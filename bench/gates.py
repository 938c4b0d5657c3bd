"""Record gates over a frame of facts, beside a plain Python loop over the same rules."""

from __future__ import annotations

from typing import Any

from bench import sample
from bench.measure import Row, best

COPIES = 200


def run() -> list[Row]:
    """Decide over many copies of the sample's facts."""
    import pandas as pd

    from consent import decide
    from extract import facts, gating, records

    job = sample.job()
    frame = records.to_frame(sample.records().records)
    one = facts.compute(frame, job.people, job.subject)
    many = pd.concat([one] * COPIES, ignore_index=True)
    many["duplicate_of"] = pd.Series(range(len(many)), dtype="Int64")
    choice = gating.suppose(job)
    rows = many.to_dict("records")

    return [
        Row("gates", "plain Python loop, five rules", len(rows), "records", best(lambda: [_loop(r) for r in rows])),
        Row(
            "gates",
            "govern, all record gates",
            len(many),
            "records",
            best(lambda: decide.decide_records(job.policy, many, choice, job.request)),
            "plain Python loop, five rules",
        ),
        Row(
            "gates",
            "facts from records",
            len(one),
            "records",
            best(lambda: facts.compute(frame, job.people, job.subject)),
        ),
    ]


def _loop(row: dict[Any, Any]) -> list[str]:
    """Decide by hand what five of the gates decide; the least that a user would write instead."""
    reasons = []
    if row["source"] not in ("mail.work", "vcs.commit", "chat.public_channel"):
        reasons.append("record.source")
    if row["author"] != "subject" or not row["own_chars"]:
        reasons.append("record.third_party")
    if row["container_kind"] in ("dm", "group_dm", "private", "personal_folder"):
        reasons.append("record.private_conversation")
    weekday, minute = row["local_weekday"], row["local_minute"]
    if weekday is None or minute is None or not (weekday < 5 and 480 <= minute < 1080):
        reasons.append("record.working_time")
    if row["special_category"]:
        reasons.append("record.special_category")
    return reasons
