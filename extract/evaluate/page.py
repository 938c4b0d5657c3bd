"""An evaluation as one HTML page: the tables that the terminal shows, and a chart of what was gained."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from consent import htmlpage
from extract.evaluate import told

_STYLE = """\
th { font-weight: 600; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: currentColor; }
.zero { stroke: currentColor; stroke-dasharray: 3 3; }
.range { stroke: #3b7dd8; stroke-width: 2; }
.value { fill: #3b7dd8; }
.none { stroke: #8888; } .none.value { fill: #888; }
"""
_WIDTH, _ROW, _LEFT, _RIGHT = 720, 34, 330, 20


def page(name: str, numbers: Mapping[str, Any]) -> bytes:
    """Return the page; the same numbers always make the same bytes.

    Args:
        name: Name of the skill.
        numbers: As `Evaluation.as_json` gives them.
    """
    body = [f"<p>{html.escape(told.LIMITS)}</p>", *_chart(numbers["gain"]["gains"])]
    for part in told.parts(numbers):
        body += [f"<h2>{html.escape(part.title)}</h2>", "<table>"]
        if part.head:
            body.append("<tr>" + "".join(f'<th scope="col">{html.escape(h)}</th>' for h in part.head) + "</tr>")
        for first, *rest in part.rows:
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
            body.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
        body.append("</table>")
        if part.note:
            body.append(f"<p>{html.escape(part.note)}</p>")
    return htmlpage.page(f"What {name} tells", "en", _STYLE, body)


def _chart(gains: Mapping[str, Any]) -> Iterator[str]:
    """Yield a figure with one interval a row; what is not surely above 0 is grey."""
    low = min(0, *(values[1] for values in gains.values()))
    high = max(1, *(values[2] for values in gains.values()))
    scale = (_WIDTH - _LEFT - _RIGHT) / (high - low)

    def x(value: int) -> str:
        return f"{_LEFT + (value - low) * scale:.1f}"

    height = _ROW * len(gains) + _ROW
    yield "<figure>"
    yield f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="chart">'
    yield '<title id="chart">Bits per byte saved, with 95 % intervals; the table below has the numbers</title>'
    yield f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{height - _ROW}"/>'
    yield f'<text x="{x(0)}" y="{height - 12}" text-anchor="middle">0</text>'
    yield f'<text x="{x(high)}" y="{height - 12}" text-anchor="end">{high / 1e6:.3f} bits per byte</text>'
    for row, (name, (value, least, most)) in enumerate(gains.items()):
        y = row * _ROW + _ROW // 2
        kind = "" if least > 0 else " none"
        yield f'<text x="0" y="{y + 4}">{html.escape(told.contrast(name))}</text>'
        yield f'<line class="range{kind}" x1="{x(least)}" x2="{x(most)}" y1="{y}" y2="{y}"/>'
        yield f'<circle class="value{kind}" cx="{x(value)}" cy="{y}" r="5"/>'
    yield "</svg>"
    yield "<figcaption>What reading something first saves the model: dot and 95 % interval.</figcaption>"
    yield "</figure>"
