"""Every text and list of the contract has a length: no event makes a key that an index cannot hold."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from sqlalchemy import Engine

from services.contract.asyncapi import DeadEntry, WakeUp
from services.contract.case import Case, Part
from services.contract.commands import COMMANDS
from services.contract.entry import encode_entry
from services.contract.kept import kept_case
from services.contract.others import BODIES, TEXT_LIMITS
from services.contract.parse import Event, Refused, parse
from services.district.package import District
from services.platform.clock import to_rfc3339
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest
from tests.reference import dump
from tests.tiny import NOON, case, entry, middle

# 4 bytes in UTF-8, and of no pattern that PostgreSQL could compress.
RANDOM = random.Random(13)
EXTENSION_B = range(0x20000, 0x2A6D6)

Path = tuple[str, ...]


def noise(length: int) -> str:
    return "".join(chr(RANDOM.choice(EXTENSION_B)) for _ in range(length))


def leaves(shape: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, inspect.Type]]:
    """Every text, list, dict and text of anything below ``shape``, by its path."""
    if isinstance(shape, inspect.Metadata):
        yield from leaves(shape.type, path)
    elif isinstance(shape, inspect.UnionType):
        for one in shape.types:
            yield from leaves(one, path)
    elif isinstance(shape, inspect.StructType):
        for field in shape.fields:
            yield from leaves(field.type, (*path, field.encode_name))
    elif isinstance(shape, inspect.ListType):
        yield path, shape
        yield from leaves(shape.item_type, (*path, "0"))
    elif isinstance(shape, inspect.StrType | inspect.DictType | inspect.AnyType | inspect.RawType | inspect.BytesType):
        yield path, shape


STRUCTS: list[type[msgspec.Struct]] = [Case, *BODIES.values(), *COMMANDS.values(), DeadEntry, WakeUp]


@pytest.mark.parametrize("body", dict.fromkeys(STRUCTS), ids=lambda body: body.__name__)
def test_every_text_and_list_of_the_contract_has_a_length(body: type[Part]) -> None:
    cut = TEXT_LIMITS.get(body, {})
    endless = [
        ".".join(path)
        for path, shape in leaves(inspect.type_info(body))
        if not (len(path) == 1 and path[0] in cut)
        if getattr(shape, "max_length", None) is None
    ]
    assert endless == []


def test_a_struct_without_lengths_would_be_found() -> None:
    class Loose(msgspec.Struct):
        names: list[str]
        more: dict[str, int]

    assert [path for path, shape in leaves(inspect.type_info(Loose)) if getattr(shape, "max_length", None) is None] == [
        ("names",),
        ("names", "0"),
        ("more",),
    ]


def put(data: dict[str, Any], path: Path, value: Any, shape: inspect.StructType) -> dict[str, Any]:
    """``data`` with ``value`` at ``path``; what must stand beside it is there too."""
    name, rest = path[0], path[1:]
    field = next(f for f in shape.fields if f.encode_name == name)
    if not rest:
        return {**data, name: value}
    kind: Any = field.type
    while not isinstance(kind, inspect.StructType | inspect.ListType):
        kind = (
            kind.type
            if isinstance(kind, inspect.Metadata)
            else next(one for one in kind.types if not isinstance(one, inspect.NoneType))
        )
    if isinstance(kind, inspect.StructType):
        return {**data, name: put(least(kind), rest, value, kind)}
    item = kind.item_type
    if len(rest) == 1:
        return {**data, name: [value]}
    assert isinstance(item, inspect.StructType)
    return {**data, name: [put(least(item), rest[1:], value, item)]}


NOW = to_rfc3339(NOON)
LEAST: dict[str, Any] = {
    "from": NOW, "what": "handle", "kind": "leader", "unit": "D1", "value": 1, "case_id": "A", "version": 1,
    "status": "reported", "channel": "GRID", "reported_at": NOW, "camera_id": "K", "unit_id": "U", "notice_id": "N",
    "title": "t", "at": NOW, "command_id": "Q", "digest": "d", "code": "c", **middle(0, 0),
}  # fmt: skip
STATUS = {"CameraStatusChanged": "online"}


def least(shape: inspect.StructType) -> dict[str, Any]:
    found = {f.encode_name: LEAST[f.encode_name] for f in shape.fields if f.required}
    if shape.cls.__name__ in STATUS:
        found["status"] = STATUS[shape.cls.__name__]
    return found


def texts(body: type[Part]) -> list[tuple[Path, int]]:
    """Every text of a body that is no code of a fixed list, with its length."""
    cut = TEXT_LIMITS.get(body, {})
    return [
        (path, cut.get(path[0]) or shape.max_length or 0)
        for path, shape in leaves(inspect.type_info(body))
        if isinstance(shape, inspect.StrType)
    ]


EVENTS = {"case.dispatched": Case, **{kind: BODIES[kind] for kind in BODIES}}
FIELDS = [(kind, path, length) for kind, body in EVENTS.items() for path, length in texts(body)]


def at_length(kind: str, path: Path, length: int) -> dict[bytes, bytes]:
    shape = inspect.type_info(EVENTS[kind])
    assert isinstance(shape, inspect.StructType)
    return entry(put(least(shape), path, noise(length), shape), kind)


@pytest.mark.parametrize(("kind", "path", "length"), FIELDS, ids=[f"{k}-{'.'.join(p)}" for k, p, _ in FIELDS])
def test_a_text_at_its_length_is_taken_and_a_longer_one_is_cut_or_refused_by_name(
    kind: str, path: Path, length: int
) -> None:
    taken = parse("1-0", at_length(kind, path, length), NOON)
    assert isinstance(taken, Event), taken
    assert not [flag for flag in taken.flags if flag.startswith("cut_")]
    longer = parse("1-0", at_length(kind, path, length + 1), NOON)
    if path[0] in TEXT_LIMITS.get(EVENTS[kind], {}):
        assert isinstance(longer, Event)
        assert f"cut_{path[0]}" in longer.flags
        assert len(msgspec.json.decode(longer.data)[path[0]]) == length
        return
    assert isinstance(longer, Refused)
    assert longer.reason == "bad_value"
    assert path[-1] in longer.detail or path[-1] == "0"
    assert f"length <= {length}" in longer.detail


LISTS = [
    (path, shape.max_length)
    for path, shape in leaves(inspect.type_info(Case))
    if isinstance(shape, inspect.ListType) and len(path) == 1
]


@pytest.mark.parametrize(("path", "most"), LISTS, ids=[p[0] for p, _ in LISTS])
def test_a_list_that_is_too_long_is_refused_by_name(path: Path, most: int) -> None:
    part = {"what": "handle", "from": NOW, "until": NOW, "kind": "leader"}
    fields = {"clocks": ["what"], "suspensions": ["from", "until"], "supervisions": ["kind"]}.get(path[0], [])
    item: Any = "x" if path[0] in {"co_units", "attachments"} else {name: part[name] for name in fields}
    assert isinstance(parse("1-0", entry(case(**{path[0]: [item] * most})), NOON), Event)
    longer = parse("1-0", entry(case(**{path[0]: [item] * (most + 1)})), NOON)
    assert isinstance(longer, Refused)
    assert longer.reason == "bad_value"
    assert path[0] in longer.detail


@pytest.mark.parametrize("name", ["id", "source", "type", "subject"])
def test_the_attributes_have_lengths_too(name: str) -> None:
    fields = entry(case()) | {name.encode(): noise(201).encode()}
    found = parse("1-0", fields, NOON)
    if name == "subject":
        assert isinstance(found, Event)
        assert (len(found.subject), "cut_subject" in found.flags) == (200, True)
        return
    assert isinstance(found, Refused)
    assert name in found.detail
    assert len(found.source) <= 200
    assert len(found.type) <= 100


def test_every_text_at_its_length_goes_into_every_store(engine: Engine, tiny: District) -> None:
    """On PostgreSQL a key of an index has 2,704 bytes: 4 for each character, and none of them compressed."""
    entries = [at_length(kind, path, length) for kind, path, length in FIELDS]
    longest: dict[str, Any] = least(inspect.type_info(Case))
    shape = inspect.type_info(Case)
    assert isinstance(shape, inspect.StructType)
    for path, length in texts(Case):
        if len(path) == 1:
            longest = put(longest, path, noise(length), shape)
    longest |= {"step": {"command_id": noise(64)}, "supervisions": [{"kind": "leader", "at": NOW}]}
    entries += [
        encode_entry(noise(200), "case.dispatched", longest, NOON, subject=noise(200), event_id=noise(200)),
        encode_entry(noise(200), "source.heartbeat", {"at": NOW}, NOON, subject=noise(200), event_id=noise(200)),
        encode_entry(noise(200), "case." + noise(95), {"case_id": "A"}, NOON),
    ]
    for bad in ("id", "source", "type"):
        entries.append(entry(case()) | {bad.encode(): noise(5000).encode()})
    named = [(f"{NOON + n}-0", fields) for n, fields in enumerate(entries)]
    ingest = Ingest(engine, tiny, Sealer(""))
    outcome = ingest.apply(named, NOON, named[-1][0])
    assert len(outcome.refused) == 4
    before = dump(engine)
    rebuild(engine, ingest, NOON, lambda _text: None)
    assert dump(engine, "cases", "rollups", "things") == {k: before[k] for k in ("cases", "rollups", "things")}


def test_what_an_older_version_kept_is_read_though_it_is_longer() -> None:
    whistle = {"units": [{"unit": "u" * 99}]}
    old = case(lead_unit=noise(900), co_units=["D1"] * 900, step={"note": noise(9000)}, whistles=[whistle])
    found = kept_case(msgspec.json.encode(old))
    assert (found.case_id, len(found.lead_unit or ""), len(found.co_units)) == ("A1", 64, 500)
    assert found.step is not None
    assert len(found.step.note or "") == 4000
    assert len(found.whistles[0].units[0].unit) == 64
    with pytest.raises(msgspec.ValidationError):
        kept_case(msgspec.json.encode({**old, "version": -1}))
