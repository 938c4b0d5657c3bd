"""The rules on a page: each reader's words, what is set above the floor, and what the works council agreed to."""

from __future__ import annotations

import re

from portal_world import Answer, PortalWorld

from policies import loader


def rows(page: Answer, caption: str) -> dict[str, list[str]]:
    """The rows of the table with a caption, by gate and parameter."""
    for table in page.tree.css("table"):
        said = table.css_first("caption")
        if said is not None and said.text() == caption:
            return {
                row.css_first("th").text(): [cell.text() for cell in row.css("td")] for row in table.css("tbody tr")
            }
    return {}


def test_the_rules_are_there_for_everybody_in_their_words(world: PortalWorld) -> None:
    mine, theirs = world.browser().get("/policy"), world.browser("hr", "hr-1").get("/policy")
    assert "Nothing is done unless you said yes" in mine.words
    assert "The worker's consent for this purpose is in force" in theirs.words
    assert "segment.pii" in mine.words


def test_every_difference_to_the_floor_is_shown_with_both_values(world: PortalWorld) -> None:
    found = rows(world.browser("hr", "hr-1").get("/policy"), "These rules beside the floor")
    assert found["record.lookback"][1:] == ["does not apply", "stricter"]
    assert {row[2] for row in found.values()} == {"stricter"}
    floor, served = loader.floor(), loader.load("worker_protection")
    assert set(served.gates) - set(floor.gates) <= set(found)


def test_an_agreement_is_compared_with_the_rules_that_are_served(world: PortalWorld) -> None:
    hr = world.browser("hr", "hr-1")
    assert "it is about these rules" in hr.get("/policy").words

    place, now = world.office, world.now.isoformat()
    adopted = place.run("policy", "adopt", "eu_works_council", "--now", now)
    assert adopted.code == 0, adopted.err
    document = ("--document", place.root / "document.txt")
    agreement = ("collective_agreement", "council-1", *document)
    place.approve(*agreement, "--policy", "eu_works_council", "--ref", "BV-7", now=now)
    page = hr.get("/policy")
    assert re.search(r"Agreement BV-7, on record since \d{4}-\d\d-\d\d: it is about other rules than these", page.words)
    found = rows(page, "These rules beside those of agreement BV-7")
    assert found["subject.no_detriment min_group"] == ["10", "20", "looser"]

    # Rules that were never adopted here are not in the log.
    place.approve(*agreement, "--policy", "us_baseline", "--ref", "BV-8", now=now)
    assert re.search(r"Agreement BV-8, [^:]*: it is about other rules, and the log", hr.get("/policy").words)
