"""Charts as inline SVG, 360 units wide for narrow screens; a table beside each has the numbers."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extract.evaluate import told

WIDTH = 360
_BAR = 14
_ROW = 38


def _open(name: str, title: str, description: str, height: int) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>'
    )


def bars(name: str, title: str, rows: Sequence[tuple[str, int]], most: int = 24) -> Iterator[str]:
    """Yield one bar a row, the longest as wide as the chart.

    Args:
        name: Unique among the charts of a page.
        title: What the bars are.
        rows: Label and number.
        most: How many are drawn; the table beside has all.
    """
    drawn = rows[:most]
    top = max((value for _, value in drawn), default=1) or 1
    rest = f" The {len(rows) - most} smallest are in the table only." if len(rows) > most else ""
    about = f"{len(drawn)} bars; the longest is {drawn[0][0]} with {drawn[0][1]:,}.{rest}" if drawn else "No bars."
    yield _open(name, title, about, _ROW * len(drawn))
    for at, (label, value) in enumerate(drawn):
        y = at * _ROW
        yield f'<text x="0" y="{y + 14}">{html.escape(label)}</text>'
        yield f'<text class="value" x="{WIDTH}" y="{y + 14}">{value:,}</text>'
        yield f'<rect class="bar" x="0" y="{y + 20}" width="{max(value * WIDTH / top, 1):.1f}" height="{_BAR}"/>'
    yield "</svg>"


def flow(name: str, flow: Mapping[str, int]) -> Iterator[str]:
    """Yield the way from records seen to claims released: in each row, the parts are as wide as the whole."""
    rows: list[tuple[str, list[tuple[str, str]]]] = [
        ("records seen", [("seen", "a")]),
        ("records", [("taken", "a"), ("left out", "d")]),
        ("records taken", [("unchanged", "a"), ("redacted", "b"), ("left out", "none")]),
        ("claims made", [("claims", "a")]),
        ("claims", [("released", "a"), ("struck", "d"), ("open", "b")]),
    ]
    yield _open(
        name,
        "From records seen to claims released",
        f"{flow['seen']:,} records seen: {flow['taken']:,} taken and {flow['left out']:,} left out; of those taken, "
        f"{flow['unchanged']:,} unchanged and {flow['redacted']:,} redacted. {flow['claims']:,} claims made: "
        f"{flow['released']:,} released, {flow['struck']:,} struck, {flow['open']:,} neither.",
        len(rows) * 44,
    )
    for at, (_, parts) in enumerate(rows):
        y = at * 44
        whole = max(sum(flow[part] for part, _ in parts), 1)
        words = [
            f"{flow[part]:,} {_word(part)}" for part, kind in parts if kind != "none" and (flow[part] or at in (0, 3))
        ]
        yield f'<text x="0" y="{y + 14}">{html.escape(" + ".join(words))}</text>'
        x = 0.0
        for part, kind in parts:
            wide = flow[part] * WIDTH / whole
            if wide:
                yield f'<rect class="part {kind}" x="{x:.1f}" y="{y + 20}" width="{wide:.1f}" height="{_BAR + 4}"/>'
            x += wide
    yield "</svg>"


def _word(part: str) -> str:
    return {"seen": "records seen", "claims": "claims made", "open": "neither"}.get(part, part)


def timeline(
    name: str, title: str, lanes: Sequence[tuple[str, Sequence[float]]], ends: tuple[str, str]
) -> Iterator[str]:
    """Yield one lane a kind of event, with a mark for each.

    Args:
        name: Unique among the charts of a page.
        title: What it shows.
        lanes: Label, and where each event stands between 0 (first) and 1 (last).
        ends: First and last time.
    """
    height = 40 * len(lanes) + 22
    marks = ", ".join(f"{label}: {len(found)}" for label, found in lanes)
    yield _open(name, title, f"From {ends[0]} to {ends[1]}. {marks}.", height)
    for at, (label, found) in enumerate(lanes):
        y = at * 40
        yield f'<text x="0" y="{y + 14}">{html.escape(label)}</text>'
        yield f'<line class="axis" x1="6" x2="{WIDTH - 6}" y1="{y + 28}" y2="{y + 28}"/>'
        for place in found:
            yield f'<circle class="mark" cx="{6 + place * (WIDTH - 12):.1f}" cy="{y + 28}" r="5"/>'
    yield f'<text x="0" y="{height - 4}">{html.escape(ends[0][:10])}</text>'
    yield f'<text class="value" x="{WIDTH}" y="{height - 4}">{html.escape(ends[1][:10])}</text>'
    yield "</svg>"


def scatter(name: str, title: str, points: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield claims by the number of records behind them and the odds, in thousandths, that a reader would keep them."""
    most = max((records for records, _ in points), default=1)
    yield _open(
        name,
        title,
        f"{len(points)} claims. Across: records behind a claim, 0 to {most}. Upwards: confidence, 0 to 1.",
        240,
    )
    yield '<text x="0" y="14">confidence, 0 to 1</text><line class="axis" x1="6" x2="6" y1="24" y2="212"/>'
    yield f'<line class="axis" x1="6" x2="{WIDTH - 6}" y1="212" y2="212"/>'
    for records, keep in points:
        x, y = 6 + records / most * (WIDTH - 18), 212 - keep / 1000 * 182
        yield f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    yield f'<text x="6" y="232">0</text><text class="value" x="{WIDTH}" y="232">{most} records behind a claim</text>'
    yield "</svg>"


def intervals(name: str, title: str, gains: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured, a dot and its 95 % interval a row; what is not surely above 0 is hollow."""
    low = min(0, *(values[1] for values in gains.values()))
    high = max(1, *(values[2] for values in gains.values()))

    def x(value: int) -> str:
        return f"{6 + (value - low) * (WIDTH - 12) / (high - low):.1f}"

    yield _open(
        name, title, "A dot and a line a row; the dashed line is 0. The table has the numbers.", 44 * len(gains)
    )
    yield f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{44 * len(gains)}"/>'
    for at, (contrast, (value, least, most)) in enumerate(gains.items()):
        y = at * 44
        sure = "mark" if least > 0 else "mark unsure"
        yield f'<text x="0" y="{y + 14}">{html.escape(told.contrast(contrast))}</text>'
        yield f'<line class="range" x1="{x(least)}" x2="{x(most)}" y1="{y + 28}" y2="{y + 28}"/>'
        yield f'<circle class="{sure}" cx="{x(value)}" cy="{y + 28}" r="5"/>'
    yield "</svg>"
