"""Charts as inline SVG, 360 units wide for narrow screens; a table beside each has the numbers."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govern.report.texts import Said

WIDTH = 360
_BAR = 14
_ROW = 38


def _open(name: str, title: str, description: str, height: int) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>'
    )


def bars(said: Said, name: str, title: str, rows: Sequence[tuple[str, int]], most: int = 24) -> Iterator[str]:
    """Yield one bar a row, the longest as wide as the chart.

    Args:
        said: The texts in the language of the page.
        name: Unique among the charts of a page.
        title: What the bars are.
        rows: Label and number, at least one.
        most: How many are drawn; the table beside has all.
    """
    drawn = rows[:most]
    top = max(value for _, value in drawn) or 1
    label, longest = drawn[0]
    about = said("bars_about", bars=len(drawn), label=label, n=said.number(longest))
    if len(rows) > most:
        about += " " + said("bars_rest", n=len(rows) - most)
    yield _open(name, title, about, _ROW * len(drawn))
    for at, (label, value) in enumerate(drawn):
        y = at * _ROW
        yield f'<text x="0" y="{y + 14}">{html.escape(label)}</text>'
        yield f'<text class="value" x="{WIDTH}" y="{y + 14}">{said.number(value)}</text>'
        yield f'<rect class="bar" x="0" y="{y + 20}" width="{max(value * WIDTH / top, 1):.1f}" height="{_BAR}"/>'
    yield "</svg>"


def part(name: str) -> str:
    """Return the key of the text that says a number of `govern.report.figures.FLOW`."""
    return f"part_{name.replace(' ', '_')}"


def flow(said: Said, name: str, flow: Mapping[str, int]) -> Iterator[str]:
    """Yield the way from records seen to claims released: in each row, the parts are as wide as the whole."""
    rows: list[list[tuple[str, str]]] = [
        [("seen", "a")],
        [("taken", "a"), ("left out", "d")],
        [("unchanged", "a"), ("redacted", "b"), ("left out", "none")],
        [("claims", "a")],
        [("released", "a"), ("struck", "d"), ("open", "b")],
    ]
    numbers = {one.replace(" ", "_"): said.number(n) for one, n in flow.items()}
    yield _open(name, said("flow_chart"), said("flow_about", **numbers), len(rows) * 44)
    for at, parts in enumerate(rows):
        y = at * 44
        whole = max(sum(flow[one] for one, _ in parts), 1)
        words = [
            said("part_records" if one == "seen" else part(one), n=said.number(flow[one]))
            for one, kind in parts
            if kind != "none" and (flow[one] or at in (0, 3))
        ]
        yield f'<text x="0" y="{y + 14}">{html.escape(" + ".join(words))}</text>'
        x = 0.0
        for one, kind in parts:
            wide = flow[one] * WIDTH / whole
            if wide:
                yield f'<rect class="part {kind}" x="{x:.1f}" y="{y + 20}" width="{wide:.1f}" height="{_BAR + 4}"/>'
            x += wide
    yield "</svg>"


def timeline(
    said: Said, name: str, lanes: Sequence[tuple[str, Sequence[float]]], ends: tuple[str, str]
) -> Iterator[str]:
    """Yield one lane a kind of event, with a mark for each.

    Args:
        said: The texts in the language of the page.
        name: Unique among the charts of a page.
        lanes: Label, and where each event stands between 0 (first) and 1 (last).
        ends: First and last time.
    """
    height = 40 * len(lanes) + 22
    marks = ", ".join(said("time_mark", label=label, n=said.number(len(found))) for label, found in lanes)
    yield _open(name, said("time_chart"), said("time_about", first=ends[0], last=ends[1], marks=marks), height)
    for at, (label, found) in enumerate(lanes):
        y = at * 40
        yield f'<text x="0" y="{y + 14}">{html.escape(label)}</text>'
        yield f'<line class="axis" x1="6" x2="{WIDTH - 6}" y1="{y + 28}" y2="{y + 28}"/>'
        for place in found:
            yield f'<circle class="mark" cx="{6 + place * (WIDTH - 12):.1f}" cy="{y + 28}" r="5"/>'
    yield f'<text x="0" y="{height - 4}">{html.escape(ends[0][:10])}</text>'
    yield f'<text class="value" x="{WIDTH}" y="{height - 4}">{html.escape(ends[1][:10])}</text>'
    yield "</svg>"


def scatter(said: Said, name: str, points: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield claims by the number of records behind them and the odds, in thousandths, that a reader would keep them."""
    most = max((records for records, _ in points), default=1)
    yield _open(
        name,
        said("claims_chart"),
        said("claims_about", claims=said.number(len(points)), most=said.number(most)),
        240,
    )
    up, across = html.escape(said("claims_up")), html.escape(said("claims_across", most=said.number(most)))
    yield f'<text x="0" y="14">{up}</text><line class="axis" x1="6" x2="6" y1="24" y2="212"/>'
    yield f'<line class="axis" x1="6" x2="{WIDTH - 6}" y1="212" y2="212"/>'
    for records, keep in points:
        x, y = 6 + records / most * (WIDTH - 18), 212 - keep / 1000 * 182
        yield f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    yield f'<text x="6" y="232">0</text><text class="value" x="{WIDTH}" y="232">{across}</text>'
    yield "</svg>"


def intervals(said: Said, name: str, gains: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured, a dot and its 95 % interval a row; what is not surely above 0 is hollow."""
    low = min(0, *(values[1] for values in gains.values()))
    high = max(1, *(values[2] for values in gains.values()))

    def x(value: int) -> str:
        return f"{6 + (value - low) * (WIDTH - 12) / (high - low):.1f}"

    yield _open(name, said("evaluation_chart"), said("evaluation_about"), 44 * len(gains))
    yield f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{44 * len(gains)}"/>'
    for at, (gain, (value, least, most)) in enumerate(gains.items()):
        y = at * 44
        sure = "mark" if least > 0 else "mark unsure"
        yield f'<text x="0" y="{y + 14}">{html.escape(contrast(said, gain))}</text>'
        yield f'<line class="range" x1="{x(least)}" x2="{x(most)}" y1="{y + 28}" y2="{y + 28}"/>'
        yield f'<circle class="{sure}" cx="{x(value)}" cy="{y + 28}" r="5"/>'
    yield "</svg>"


def contrast(said: Said, gain: str) -> str:
    """Return in words what a gain is over what: `own_over_placebo`."""
    better, _, worse = gain.partition("_over_")
    return said("contrast", better=said(f"context_{better}"), worse=said(f"context_{worse}"))
