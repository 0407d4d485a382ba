"""The charts of a report, as Plotly's JSON: one house style, readable on paper in grey. No data access here.

Plain dictionaries: Plotly's own classes would check them at every request, for a hundred milliseconds in which no
wall is drawn; a test lets those classes check them once.
"""

from typing import Any

import msgspec

from services.leadership.report import Report
from services.leadership.words import day_name

INK, MIDDLE, LINE, BAD = "#14171a", "#5b636c", "#d5d9de", "#8a5a00"
FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
# One hue from paper to ink: its lightness alone tells, so it survives a grey printer and any eye.
SCALE = [[0.0, "#ffffff"], [0.25, "#dfe3e8"], [0.5, "#a9b1ba"], [0.75, "#66707b"], [1.0, "#1f262d"]]
Chart = dict[str, Any]


def charts(report: Report, words: dict[str, Any]) -> dict[str, str]:
    """Name → figure as JSON; a chart of which there is nothing is not there."""
    found = {}
    if any(point.intake or point.n for point in report.days):
        found["series"] = series(report, words["leadership"])
    if any(n for row in report.hours for n in row):
        found["heat"] = heat(report, words["leadership"])
    return {name: msgspec.json.encode(figure).decode() for name, figure in found.items()}


def series(report: Report, words: dict[str, Any]) -> Chart:
    """Bars: cases reported a day; line: the share closed on time, with its target."""
    days = [day_name(point.day) for point in report.days]
    shares = [None if point.on_time is None else point.on_time * 100 for point in report.days]
    target = report.targets["on_time_close_rate"] * 100
    is_low = [share is not None and share < target for share in shares]
    low = min((share for share in shares if share is not None), default=target)
    return {
        "data": [
            {"type": "bar", "x": days, "y": [p.intake for p in report.days], "name": words["intake"],
             "marker": {"color": LINE}, "hovertemplate": "%{x}<br>%{y:,}<extra></extra>"},
            {"type": "scatter", "x": days, "y": shares, "name": words["rate"], "yaxis": "y2", "mode": "lines+markers",
             "line": {"color": INK, "width": 2},
             "marker": {"size": 6, "color": [BAD if bad else INK for bad in is_low],
                        "symbol": ["triangle-up" if bad else "circle" for bad in is_low]},
             "customdata": [p.n for p in report.days],
             "hovertemplate": "%{x}<br>%{y:.1f}% n=%{customdata:,}<extra></extra>"},
            {"type": "scatter", "x": days, "y": [target] * len(days), "yaxis": "y2", "mode": "lines",
             "name": words["target"], "line": {"color": MIDDLE, "width": 1, "dash": "dash"}, "hoverinfo": "skip"},
        ],
        "layout": {
            **_house(260), "xaxis": {"type": "category", "nticks": 14, "showgrid": False},
            "yaxis": {"rangemode": "tozero", "gridcolor": LINE, "nticks": 4, "zeroline": False},
            "yaxis2": {"overlaying": "y", "side": "right", "range": [min(low, target) // 10 * 10, 100.5], "dtick": 10,
                       "ticksuffix": "%", "showgrid": False},
            "legend": {"orientation": "h", "x": 0, "y": 1.16, "font": {"color": MIDDLE}}, "bargap": 0.35,
        },
    }  # fmt: skip


def heat(report: Report, words: dict[str, Any]) -> Chart:
    """Weekday × hour: mean cases reported; of a single weekday a bar an hour."""
    there = [row for row in report.hours if any(n is not None for n in row)]
    if len(there) == 1:
        return {
            "data": [
                {
                    "type": "bar",
                    "x": [f"{hour}" for hour in range(24)],
                    "y": there[0],
                    "marker": {"color": MIDDLE},
                    "hovertemplate": "%{x}:00<br>%{y:.1f}<extra></extra>",
                }
            ],
            "layout": {
                **_house(240),
                "xaxis": {"type": "category", "showgrid": False, "nticks": 12},
                "bargap": 0.25,
                "yaxis": {"rangemode": "tozero", "gridcolor": LINE, "nticks": 4, "zeroline": False},
            },
        }
    return {
        "data": [
            {"type": "heatmap", "z": report.hours, "x": [f"{hour}" for hour in range(24)], "y": words["weekdays"],
             "colorscale": SCALE, "zmin": 0, "xgap": 1, "ygap": 1,
             "hovertemplate": "%{y} %{x}:00<br>%{z:.1f}<extra></extra>",
             "colorbar": {"thickness": 8, "outlinewidth": 0, "nticks": 4}},
        ],
        "layout": {
            **_house(240), "yaxis": {"autorange": "reversed", "showgrid": False},
            "xaxis": {"showgrid": False, "nticks": 12},
        },
    }  # fmt: skip


def _house(height: int) -> Chart:
    return {
        "height": height,
        "margin": {"l": 44, "r": 48, "t": 28, "b": 28},
        "font": {"family": FONT, "size": 13, "color": MIDDLE},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
    }
