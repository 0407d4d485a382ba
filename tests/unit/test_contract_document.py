"""The written contract is the code's own: documents, schemas and types say one thing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.contract.asyncapi import (
    DeadEntry,
    WakeUp,
    document,
    document_text,
    event_types,
    schema_files,
    write_schemas,
)
from services.contract.codes import CASE_TYPES
from services.contract.commands import COMMANDS
from services.contract.others import BODIES
from services.contract.parse import Refused
from services.operations.simulator import orders
from services.projector.worker import dead_fields

WRITTEN = Path(__file__).parents[2] / "docs/contract"
REMEDY = "run `lianqin contract docs/contract`"


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _refs(item)


def _resolve(root: Any, ref: str) -> Any:
    assert ref.startswith("#/")
    for step in ref[2:].split("/"):
        root = root[step]
    return root


def test_the_written_contract_is_what_the_code_generates() -> None:
    assert (WRITTEN / "asyncapi.json").read_text("utf-8") == document_text(), REMEDY
    written = {path.name: path.read_text("utf-8") for path in (WRITTEN / "schemas").iterdir()}
    assert written == schema_files(), REMEDY


def test_every_reference_leads_somewhere() -> None:
    for root in (document(), *map(json.loads, schema_files().values())):
        for ref in _refs(root):
            assert _resolve(root, ref) is not None


def test_the_channels_are_the_streams_of_the_contract_with_their_braces_in_the_parameter() -> None:
    channels = document()["channels"]
    assert {name: channel["address"] for name, channel in channels.items()} == {
        name: f"lianqin:{{tag}}:{name}" for name in ("events", "commands", "dead", "board")
    }
    assert channels["events"]["parameters"]["tag"]["examples"] == ["{320400}"]


def test_every_type_is_a_message_of_its_channel_with_the_cloudevents_attributes() -> None:
    found = document()
    assert set(event_types()) == CASE_TYPES | set(BODIES)
    assert set(found["channels"]["events"]["messages"]) == set(event_types())
    assert set(found["channels"]["commands"]["messages"]) == set(COMMANDS)
    for name, body in (event_types() | COMMANDS).items():
        message = found["components"]["messages"][name]
        attributes = message["headers"]
        assert attributes["required"] == ["specversion", "id", "source", "type", "time", "data"]
        assert attributes["properties"]["type"]["const"] == name
        assert message["payload"] == {"$ref": f"#/components/schemas/{body.__name__}"}


def test_a_schema_requires_what_the_parser_requires_and_forbids_no_other_field() -> None:
    schemas = document()["components"]["schemas"]
    for body in {*event_types().values(), *COMMANDS.values(), DeadEntry, WakeUp}:
        fields = msgspec.structs.fields(body)
        assert set(schemas[body.__name__]["properties"]) == {f.encode_name for f in fields}
        assert set(schemas[body.__name__].get("required", [])) == {f.encode_name for f in fields if f.required}
    assert "additionalProperties" not in document_text()


def test_every_command_of_the_contract_has_a_type_and_the_demos_case_system_knows_it() -> None:
    assert set(COMMANDS) == set(orders.COMMANDS)


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_a_command_names_who_asks_and_which_version_was_seen(kind: str) -> None:
    names = {f.encode_name for f in msgspec.structs.fields(COMMANDS[kind]) if f.required}
    assert {"expected_version", "actor"} <= names
    assert ("camera_id" if kind == "camera.repair" else "case_id") in names


def test_a_command_is_written_without_what_it_leaves_at_its_default() -> None:
    text = b'{"case_id":"A1","expected_version":3,"actor":{"user":"u","role":"duty"},"to":"D014"}'
    order = msgspec.json.decode(text, type=COMMANDS["case.escalate"])
    assert msgspec.json.decode(msgspec.json.encode(order)) == msgspec.json.decode(text)
    assert order.reason_code == "other"  # type: ignore[attr-defined]  # Escalate's own
    with pytest.raises(msgspec.ValidationError, match="500"):
        msgspec.json.decode(text[:-1] + b',"reason":"' + b"x" * 501 + b'"}', type=COMMANDS["case.escalate"])


def test_a_dead_entry_has_the_fields_that_the_document_names() -> None:
    refused = Refused("1-0", "bad_value", "data: …", "/case-system", "case.reported")
    assert msgspec.convert(dead_fields(refused, 5), DeadEntry).at == "5"


def test_writing_takes_away_a_schema_whose_type_is_gone(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "Gone.schema.json").touch()
    (tmp_path / "schemas" / "notes.txt").touch()
    assert write_schemas(tmp_path) == len(schema_files()) + 1
    assert {p.name for p in (tmp_path / "schemas").iterdir()} == {*schema_files(), "notes.txt"}
