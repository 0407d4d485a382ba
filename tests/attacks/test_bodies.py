"""Every body that an address takes is bounded: each text, list and number of its type, and its bytes as a whole.

The types are found in the code that reads them, the addresses in the app's own registry, so that a new one is tried.
"""

import ast
import gc
import importlib
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from msgspec import inspect
from sqlalchemy import Engine

from dashboard.door.access import MOST_BYTES
from dashboard.door.refusals import Body
from services.district.package import District
from tests.doors import DUTY, UPDATE, House, house
from tests.integration.test_rights_matrix import ROUTER, attempts, panel_of

pytestmark = pytest.mark.redis
ROOT = Path(__file__).parents[2]
AT_ONCE_S = 0.2  # of our processor time, whatever else the machine does
# What these hold is judged by what it means: the command's own type, and what Dash's callback takes.
OPEN = {"Wish.data", "SavedView.body", "CallbackPlace.value"}


@pytest.fixture
def no_collections() -> Iterator[None]:
    """The collector walks through what all the tests before have left: that is not our time."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


@pytest.fixture
def either(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    """On each database: what one takes for a key the other may not."""
    with house(engine, redis_client, tiny) as found:
        yield found


def body_types() -> dict[str, type]:
    """Name → type of every ``body(...)`` in the endpoints, and what Dash's renderer posts."""
    found: dict[str, type] = {"Body": Body}
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "body"):
                continue
            if node.args and isinstance(node.args[0], ast.Name) and node.args[0].id[0].isupper():
                name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
                found[f"{name}.{node.args[0].id}"] = getattr(importlib.import_module(name), node.args[0].id)
    return found


def unbounded(kind: inspect.Type, where: str) -> Iterator[str]:
    """Where a type takes as much as anybody sends."""
    if isinstance(kind, inspect.Metadata):
        yield from unbounded(kind.type, where)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from unbounded(field.type, f"{kind.cls.__name__}.{field.encode_name}")
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from unbounded(one, where)
    elif isinstance(kind, inspect.StrType | inspect.BytesType):
        if kind.max_length is None:
            yield where
    elif isinstance(kind, inspect.IntType | inspect.FloatType):
        if (kind.le is None and kind.lt is None) or (kind.ge is None and kind.gt is None):
            yield where
    elif isinstance(kind, inspect.TupleType):
        for one in kind.item_types:
            yield from unbounded(one, where)
    elif isinstance(kind, inspect.CollectionType):
        if kind.max_length is None:
            yield where
        yield from unbounded(kind.item_type, where)
    elif isinstance(kind, inspect.DictType):
        if kind.max_length is None or where not in OPEN:
            yield where
    elif isinstance(kind, inspect.AnyType | inspect.RawType):
        if where not in OPEN:
            yield where
    elif not isinstance(kind, inspect.BoolType | inspect.NoneType | inspect.LiteralType | inspect.EnumType):
        yield f"{where}: {kind}"


def test_every_text_list_and_number_of_every_body_has_a_bound() -> None:
    types = body_types()
    assert len(types) >= 10
    found = {name: list(unbounded(inspect.type_info(kind), name)) for name, kind in types.items()}
    assert {name: where for name, where in found.items() if where} == {}


def test_a_body_type_without_a_bound_would_be_found() -> None:
    class Loose(msgspec.Struct):
        text: str
        many: list[int]
        what: dict[str, Any]

    assert list(unbounded(inspect.type_info(Loose), "")) == ["Loose.text", "Loose.many", "Loose.many", "Loose.what"]


HERE = "@@"
# As JSON: ids, texts in Chinese, lists, numbers, and deep ones.
LARGE = [json.dumps(one, ensure_ascii=False) for one in (
    "x" * 100_000, "九" * 30_000, ["x" * 64] * 1_500, [["C1", 1]] * 60_000, [["x" * 100_000, 1]], 1 << 63, 1 << 200,
    {f"k{n}": n for n in range(5_000)}, {"x" * 100_000: 1},
)] + ["[" * 300 + "]" * 300]  # fmt: skip


def holes(body: Any) -> Iterator[Any]:
    """The body with ``HERE`` in the place of each of its parts."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield {**body, name: HERE}
            for inner in holes(value):
                yield {**body, name: inner}
        yield {**body, "another": HERE}
    elif isinstance(body, list):
        for index, one in enumerate(body):
            for inner in holes(one):
                yield [*body[:index], inner, *body[index + 1 :]]


def test_what_is_too_large_is_refused_at_once_at_every_address(
    home: House, no_collections: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Never a fault of ours, never slow, and nothing of it is done."""
    slow: list[str] = []
    with caplog.at_level(logging.ERROR):
        for endpoint, tried in attempts(home, DUTY).items():
            attempt = tried[0]
            if attempt.method != "POST":
                continue
            if attempt.form is not None:
                for name in attempt.form:
                    answer = home.client(DUTY).post(attempt.path, data={**attempt.form, name: "x" * 900_000})
                    assert answer.status_code < 500, f"{endpoint}.{name}: {answer.status_code}"
                home.enter(DUTY)
                continue
            for body in holes(attempt.body):
                frame = json.dumps(body, ensure_ascii=False)
                for large in LARGE:
                    data = frame.replace(f'"{HERE}"', large).encode()
                    at = time.process_time()
                    answer = home.client(DUTY).post(attempt.path, data=data, content_type="application/json")
                    took = time.process_time() - at
                    what = f"{endpoint}: {frame} with {large[:20]}…: {answer.status_code} in {took:.2f} s"
                    assert answer.status_code < 500, what
                    if len(data) > MOST_BYTES and endpoint != "here":
                        assert answer.status_code == 413, what
                    if took > AT_ONCE_S:
                        slow.append(what)
    assert not slow
    assert not caplog.records


def test_ids_in_a_path_may_have_any_length(either: House) -> None:
    for tried in attempts(either, DUTY).values():
        for attempt in tried[:1]:
            head, _, query = attempt.path.partition("?")
            for path in (f"{head}{'x' * 100_000}", f"{head.rpartition('/')[0]}/{'九' * 3_000}"):
                with either.client(DUTY).open(
                    f"{path}?{query}", method=attempt.method, json=attempt.body, data=attempt.form
                ) as answer:
                    assert answer.status_code < 500, f"{attempt.method} {path[:60]}: {answer.status_code}"


def test_a_long_pick_is_no_case_and_a_long_callback_is_refused(home: House) -> None:
    answer = home.get(DUTY, panel_of({"case": "x" * 200_000, "desk": 1}))
    assert (answer.status_code, "No such case" in answer.text) == (200, True)
    assert home.post(DUTY, UPDATE, home.body(ROUTER, "x" * 200_000, "")).status_code == 413
