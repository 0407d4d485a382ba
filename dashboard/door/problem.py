"""Every refusal in the product's own face: a page with a way back for who reads it, JSON for what asks by script.

Which of the two is told by what the request takes (``Accept``) and how it goes (``Sec-Fetch-Mode``).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import flask
import msgspec
from flask import Response, request

from dashboard.door.navigation import home_link, in_language, links
from dashboard.texts import LANGUAGES, texts
from services.access.rights import Person

# The app's extension that names the district: language → name.
DISTRICT_NAME = "lianqin.district_name"
# What has words of its own in texts ``problem``; the others share those of «400» and «500».
CODES = (400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503)
RETRY_AFTER_S = 5


def problem(
    code: int, detail: str = "", *, headers: Mapping[str, str] | None = None, more: Mapping[str, object] | None = None
) -> Response:
    """Refuse with ``code``; ``detail`` says what exactly, «中文 / English» for people, ``more`` for scripts."""
    if not wants_page():
        error = detail or " / ".join(texts(language)["problem"][_key(code)]["title"] for language in LANGUAGES)
        answer = Response(
            msgspec.json.encode({"error": error, **(more or {})}), code, content_type="application/json; charset=utf-8"
        )
    else:
        answer = Response(_page(code, detail), code, content_type="text/html; charset=utf-8")
        if code == 503 and request.method == "GET":
            answer.headers["Refresh"] = str(RETRY_AFTER_S)
    answer.headers["Cache-Control"] = "no-store"
    if code == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    answer.headers.update(headers or {})
    return answer


def wants_page() -> bool:
    """Whether a person will read the answer in a browser's window."""
    is_window = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return is_window and "text/html" in request.headers.get("Accept", "")


def front_page(person: Person) -> Response:
    """What ``/`` shows on a wall's machine: on to the wall by itself, or the log-in for who sits down there."""
    words = _words()
    body = flask.render_template(
        "front.html", w=words, title=words["pages"]["wall_here"], name=_district(words), aim=home_link(person, words),
        log_in=in_language("/login", words), other=_other_language(words), seconds=20,
    )  # fmt: skip
    answer = Response(body, content_type="text/html; charset=utf-8")
    answer.headers["Refresh"] = f"20; url={home_link(person, words)}"
    return answer


def _page(code: int, detail: str) -> str:
    words, found = _words(), flask.g.get("found")
    asking: Person | None = found.person if found is not None else None
    key, other = _key(code), texts("zh-CN" if words["language"] == "en" else "en")
    said = words["problem"][key]
    return flask.render_template(
        "problem.html", w=words, title=f"{code} {said['title']}", name=_district(words), say=said["say"],
        detail=_in_language(detail, words) if detail else "", home=home_link(asking, words), asking=asking,
        links=links(asking, words) if asking is not None else [], also=other["problem"][key]["title"],
        also_language=other["language"], other=_other_language(words),
        log_in=in_language("/login", words) if code == 401 else "",
    )  # fmt: skip


def _key(code: int) -> str:
    return str(code if code in CODES else 500 if code >= 500 else 400)


def _words() -> dict[str, Any]:
    """In the page's language, else that of the page from which one came."""
    asked = request.args.get("lang", "")
    came_from_english = not asked and "lang=en" in (request.referrer or "").partition("?")[2].split("&")
    return texts("en" if came_from_english else asked)


def _in_language(detail: str, words: dict[str, Any]) -> str:
    chinese, both, english = detail.rpartition(" / ")
    return detail if not both else english if words["language"] == "en" else chinese


def _district(words: dict[str, Any]) -> str:
    name = flask.current_app.extensions.get(DISTRICT_NAME)
    return str(name(words["language"])) if name is not None else ""


def _other_language(words: dict[str, Any]) -> str:
    language = "zh-CN" if words["language"] == "en" else "en"
    if request.method not in {"GET", "HEAD"}:
        return f"/?lang={language}"  # what was sent is not sent again by a link
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'lang': language})}"
