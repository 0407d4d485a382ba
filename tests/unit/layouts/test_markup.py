"""A panel's HTML is what its components say: a reader of HTML gets the same tree back, or the content is refused."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from dash import dcc, html
from dash.development.base_component import Component
from hypothesis import given
from hypothesis import strategies as st

from dashboard.layouts.camera_panel import camera_panel, safe_link, seen_by
from dashboard.layouts.markup import ATTRIBUTES, ELEMENTS, FLAGS, markup
from dashboard.layouts.watch_panel import watch_panel
from dashboard.texts import texts
from services.board.readers.camera import CameraView, PlaceView
from services.board.watched_areas import Watch
from services.coverage.alone import Alone, Watcher
from services.coverage.told import Sight, WatchedSpot
from services.district.package import District
from tests.parsed_markup import parsed, told

HARMFUL = "<script>alert(1)</script>\"' onerror=x &amp; \r\n \0 </p>"

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
attributes = st.fixed_dictionaries({}, optional={
    "id": words, "className": words, "title": words, "role": words, "tabIndex": st.integers(-1, 3),
    "hidden": st.booleans(), "data-case": words, "aria-label": words,
    "href": st.sampled_from(["https://a.cn/?b=1&c=\"'<>", "/desk?x=1", "rtsp://10.0.0.1/live"]),
})  # fmt: skip


def elements(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda kind, children, given: kind(
            children, **{key: value for key, value in given.items() if key != "href" or kind is html.A}
        ),
        st.sampled_from(sorted(ELEMENTS, key=ELEMENTS.__getitem__)),
        st.lists(inside, max_size=4),
        attributes,
    )


contents = st.lists(st.recursive(words | st.integers(), elements, max_leaves=12), max_size=3)


@given(contents)
def test_what_is_not_refused_is_read_back_as_it_was_built(content: list[Any]) -> None:
    try:
        text = markup(content)
    except ValueError:
        return  # what a browser would move elsewhere
    assert parsed(text) == told(content)


@given(words)
def test_any_text_stays_text_everywhere(text: str) -> None:
    data: Any = {"data-name": text, "aria-label": text}
    content = [html.P([text, html.B(text)], id=text, className=text, title=text, **data), html.Dl(html.Dd(text))]
    assert parsed(markup(content)) == told(content)
    assert not re.search(r"<(?!/?(?:p|b|dl|dd)\b)", markup(content))


@pytest.mark.parametrize("content", [
    html.Script("alert(1)"), html.Iframe(src="/x"), html.Img(src="/x"), html.Form(),
    html.Img(src="//evil.cn/api/v1/photo?"), html.Img(src="https://evil.cn/1.jpg"), html.Img("x"), html.Audio(src="/x"),
    html.Link(), dcc.Link("x", "/x"),
    html.A("x", href="javascript:alert(1)"), html.A("x", href="//evil.cn"), html.A("x", href="data:text/html,x"),
    html.P("x", style={"color": "red"}), html.P("x", n_clicks=1), html.P("x", draggable="true"), 1 + 2j, True, {},
    html.P(html.Div("x")), html.Ol("x"), html.Dl(html.P("x")), html.Li("x"), html.Table(html.Tr(html.Td("x"))),
    html.A(html.Span(html.A("x"))), html.Button(html.Button("x")), html.H2(html.H3("x")), html.P(title=True),
], ids=str)  # fmt: skip
def test_what_runs_loads_styles_or_would_be_moved_is_refused(content: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        markup(content)


def test_nothing_that_runs_or_styles_is_known() -> None:
    names = {*ATTRIBUTES, *FLAGS}
    assert not {name for name in names if name.startswith("on")} & names
    assert names.isdisjoint({"style", "srcDoc", "action", "formAction"})
    assert set(ELEMENTS.values()).isdisjoint({"script", "style", "iframe", "object", "embed", "form", "link"})


def test_a_picture_is_a_photo_of_ours_alone() -> None:
    photo = html.A(html.Img(src="/api/v1/photo?case=A&photo=1", alt=HARMFUL), href="/api/v1/photo?case=A")
    assert parsed(markup(photo)) == told(photo)


def test_one_script_alone_puts_html_into_a_page() -> None:
    folder = Path(__file__).parents[3] / "dashboard/assets"
    scripts = [p for p in folder.rglob("*") if p.suffix in {".js", ".mjs"} and "vendor" not in p.parts]
    wanted = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|parseFromString|setHTML")
    assert [p.name for p in scripts if wanted.search(p.read_text("utf-8"))] == ["panel.js"]


@given(st.one_of(words, st.sampled_from(["http", "HTTPS", "rtsp", "javascript"]).map(lambda s: f"{s}://a/{s}"), words))
def test_the_address_of_a_camera_that_is_let_through_is_one_that_is_written(url: str) -> None:
    if link := safe_link(url):
        assert parsed(markup(html.A("x", href=link))) == told([html.A("x", href=link)])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_panels_of_cameras_and_watched_areas_are_read_back(tiny: District, language: str) -> None:
    spoken = texts(language)
    sight = Sight(
        id=HARMFUL, name=HARMFUL, kind=HARMFUL, lon=118.9, lat=31.9, state="offline", view="fixed", grade="B",
        fault=HARMFUL, since=1, azimuths=[10, 200], hfov=60, range_m=80, levels_m=[80, 40, 20, 10], moved_m=3,
        reasons=[HARMFUL], estimated=["hfov"], url="rtsp://10.0.0.1/?a=\"<b>&'",
    )  # fmt: skip
    spot = WatchedSpot(id="area:KA1", kind="area", name=HARMFUL, lon=118.9, lat=31.9)
    view = CameraView(sight, False, False, Alone(10.0, 5.0, None), (spot,), 3, (), 0)  # type: ignore[arg-type]  # no shape is drawn
    watch = Watch("W1", HARMFUL, "S1", HARMFUL, 3, 1, None, None)
    hot = {"street": "S1", "domain": "01", "n": 3, "open": 1, "newest_at": 5, "cases": [HARMFUL]}
    place = PlaceView(False, (Watcher(sight, 22.0, True), Watcher(sight, 30.0, False)))
    contents: list[Sequence[Component]] = [
        camera_panel(view, spoken, tiny, True),
        camera_panel(None, spoken, tiny),
        watch_panel([watch], [hot], spoken, tiny),
        watch_panel([], [], spoken, tiny),
        [html.Dl([html.Dd(fact) for _, fact in seen_by(place, spoken)])],
    ]
    for content in contents:
        assert parsed(markup(content)) == told(content)
        assert "<script" not in markup(content)
