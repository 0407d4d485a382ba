"""The charts of a report, as Plotly's JSON: one house style, readable on paper in grey. No data access here."""

from typing import Any

import plotly.graph_objects as go

from services.leadership.report import Report
from services.leadership.words import day_name

INK, MIDDLE, PALE, LINE, BAD = "#14171a", "#5b636c", "#868f9a", "#d5d9de", "#8a5a00"
FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
# One hue from paper to ink: its lightness alone tells, so it survives a grey printer and any eye.
SCALE = [[0.0, "#ffffff"], [0.25, "#dfe3e8"], [0.5, "#a9b1ba"], [0.75, "#66707b"], [1.0, "#1f262d"]]


def charts(report: Report, words: dict[str, Any]) -> dict[str, str]:
    """Name → figure as JSON; a chart of which there is nothing is not there."""
    found = {}
    if any(point.intake or point.n for point in report.days):
        found["series"] = series(report, words["leadership"])
    if any(n for row in report.hours for n in row):
        found["heat"] = heat(report, words["leadership"])
    return {name: figure.to_json() for name, figure in found.items()}


def series(report: Report, words: dict[str, Any]) -> go.Figure:
    """Bars: cases reported a day; line: the share closed on time, with its target."""
    days = [day_name(point.day) for point in report.days]
    shares = [None if point.on_time is None else point.on_time * 100 for point in report.days]
    target = report.targets["on_time_close_rate"] * 100
    figure = go.Figure()
    figure.add_bar(x=days, y=[p.intake for p in report.days], name=words["intake"], marker={"color": LINE},
                   hovertemplate="%{x}<br>%{y:,}<extra></extra>")  # fmt: skip
    figure.add_scatter(
        x=days, y=shares, name=words["rate"], yaxis="y2", mode="lines+markers", line={"color": INK, "width": 2},
        marker={"size": 6, "color": [BAD if s is not None and s < target else INK for s in shares],
                "symbol": ["triangle-up" if s is not None and s < target else "circle" for s in shares]},
        customdata=[p.n for p in report.days], hovertemplate="%{x}<br>%{y:.1f}% n=%{customdata:,}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(x=days, y=[target] * len(days), yaxis="y2", mode="lines", name=words["target"],
                       line={"color": MIDDLE, "width": 1, "dash": "dash"}, hoverinfo="skip")  # fmt: skip
    low = min((s for s in shares if s is not None), default=target)
    figure.update_layout(
        **_house(260), yaxis={"rangemode": "tozero", "gridcolor": LINE, "nticks": 4, "zeroline": False},
        yaxis2={"overlaying": "y", "side": "right", "range": [min(low, target) // 10 * 10, 100.5], "dtick": 10,
                "ticksuffix": "%", "showgrid": False},
        legend={"orientation": "h", "x": 0, "y": 1.16, "font": {"color": MIDDLE}}, bargap=0.35,
    )  # fmt: skip
    figure.update_xaxes(type="category", nticks=14, showgrid=False)
    return figure


def heat(report: Report, words: dict[str, Any]) -> go.Figure:
    """Weekday × hour: mean cases reported."""
    figure = go.Figure(
        go.Heatmap(
            z=report.hours, x=[f"{hour}" for hour in range(24)], y=words["weekdays"], colorscale=SCALE, zmin=0,
            xgap=1, ygap=1, hovertemplate="%{y} %{x}:00<br>%{z:.1f}<extra></extra>",
            colorbar={"thickness": 8, "outlinewidth": 0, "nticks": 4},
        )
    )  # fmt: skip
    figure.update_layout(**_house(240))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, nticks=12)
    return figure


def _house(height: int) -> dict[str, Any]:
    return {
        "template": "none", "height": height, "margin": {"l": 44, "r": 48, "t": 28, "b": 28},
        "font": {"family": FONT, "size": 13, "color": MIDDLE}, "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff",
    }  # fmt: skip
