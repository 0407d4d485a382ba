"""What is told to whoever asked is one tree of errors, with words in both languages, and one handler answers it."""

import ast
import inspect
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from dash import Dash, html
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, OperationalError

from dashboard.door.access import refuse
from dashboard.door.refusals import register_refusals
from dashboard.texts import texts
from services.access.passwords import WHY, BadPassword
from services.access.reveal_rules import REFUSALS as REVEAL
from services.access.reveal_rules import RevealRefused
from services.access.service import LogInRefused
from services.duty.service import REFUSALS as DUTY
from services.duty.service import DutyRefused
from services.platform.refusal import Refusal

ROOT = Path(__file__).parents[2]
# Errors that do not leave their own module or package: whoever calls catches them and tells something else.
INSIDE = {
    "Refusal", "Waiting", "NotTakenIn", "_RefusedError", "_Refused", "Broken", "RowError", "UnreadableFile",
    "RefusedPacket", "EditImpossible", "MergeConflict", "Unsaved", "_Wrong",
}  # fmt: skip


def _trees() -> Iterator[ast.Module]:
    for package in ("services", "dashboard"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text("utf-8"))


def test_every_error_that_somebody_is_told_is_a_refusal() -> None:
    loose = {
        node.name
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        if any(isinstance(base, ast.Name) and base.id in {"Exception", "ValueError"} for base in node.bases)
    }
    assert loose == INSIDE, "a new error is a Refusal, or stays inside and stands in the list"


def _subclasses(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _raised() -> set[tuple[str, str]]:
    """(class, code) of every ``raise Name("code", …)`` in the product."""
    found = set()
    for tree in _trees():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            call = node.exc
            first = call.args[0] if call.args else None
            if isinstance(call.func, ast.Name) and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add((call.func.id, first.value))
    return found


def test_each_code_of_an_error_with_words_has_them_in_both_languages() -> None:
    with_words = {
        kind.__name__: kind.texts
        for kind in _subclasses(Refusal)
        if kind.texts and "code" in list(inspect.signature(kind).parameters)[:1]
    }
    asked = {with_words[name] + code for name, code in _raised() if name in with_words}
    asked |= {DutyRefused.texts + code for code in DUTY} | {RevealRefused.texts + code for code in REVEAL}
    asked |= {BadPassword.texts + code for code in WHY}
    for language in ("zh-CN", "en"):
        for key in sorted(asked | {"login.sso_failed", "login.busy", "login.slow"}):
            found: object = texts(language)
            for part in key.split("."):
                assert isinstance(found, dict) and part in found, (language, key)
                found = found[part]


@pytest.fixture
def client() -> FlaskClient:
    """An app whose addresses refuse, each in its own way."""
    server = flask.Flask("refusing")
    app = Dash("refusing", server=server)
    app.layout = html.Div()
    register_refusals(server, app)

    def _raise(error: Exception) -> None:
        raise error

    away = OperationalError("SELECT 1", {}, sqlite3.OperationalError("unable to open database file"))
    bug = IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))
    for name, error in {
        "duty": DutyRefused("nobody", "nobody is named"),
        "late": LogInRefused("locked", 0),
        "away": away,
        "bug": bug,
    }.items():
        server.add_url_rule(f"/{name}", name, lambda error=error: _raise(error))
    server.add_url_rule("/asked", "asked", lambda: refuse(400, "a number is asked for"))
    return server.test_client()


@pytest.mark.parametrize(
    ("path", "status", "code", "says"),
    [
        ("/duty?lang=en", 409, "nobody", "who"),
        ("/duty", 409, "nobody", "谁"),
        ("/late", 403, "locked", "1"),
        ("/asked", 400, "bad_request", "a number"),
        ("/away?lang=en", 503, "store_away", "database"),
        ("/bug", 500, "store_data", "已记录"),
    ],
)
def test_one_handler_answers_all_of_them(client: FlaskClient, path: str, status: int, code: str, says: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert says in answer.json["error"]
