"""The contract as AsyncAPI 3.0 and JSON Schema, generated from the types that the parser uses (CONTRACT.md).

An entry's fields are the CloudEvents attributes: they are the message's ``headers``; its ``data`` is the ``payload``.
A schema says what is read. It does not forbid other fields: those are left out and counted (publishers grow).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from services.contract.case import Case
from services.contract.codes import CASE_TYPES, DeadReason
from services.contract.commands import COMMANDS
from services.contract.others import BODIES, TEXT_LIMITS
from services.contract.parse import LONGEST_ATTRIBUTE, LONGEST_TYPE, MAX_ENTRY_BYTES, MAX_NESTING

VERSION = "1.0.0"
_COMPONENT = "#/components/schemas/{name}"
_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class DeadEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A refused entry: its stream id, why, a sentence that names field and value, and when (Unix ms, as text)."""

    entry_id: Annotated[str, Meta(max_length=41)]
    reason: DeadReason
    detail: Annotated[str, Meta(max_length=500)]
    source: Annotated[str, Meta(max_length=LONGEST_ATTRIBUTE)]
    type: Annotated[str, Meta(max_length=LONGEST_TYPE)]
    at: Annotated[str, Meta(max_length=20)]


class WakeUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest revision of the store (a whole number, as text): read the outbox behind yours."""

    revision: Annotated[str, Meta(max_length=20)]


def event_types() -> dict[str, type[msgspec.Struct]]:
    """Every type of the ``events`` stream and the struct of its data."""
    found: dict[str, type[msgspec.Struct]] = dict.fromkeys(sorted(CASE_TYPES), Case)
    return found | BODIES


def document() -> Schema:
    """The AsyncAPI 3.0 document, from the dashboard's point of view: it receives events and sends commands."""
    events, commands = event_types(), COMMANDS
    _, schemas = msgspec.json.schema_components([*dict.fromkeys(_all_types())], ref_template=_COMPONENT)
    messages = {name: _message(name, body) for name, body in (events | commands).items()}
    messages |= {"dead": _plain("dead", DeadEntry), "board": _plain("board", WakeUp)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "A district's joint duty (大联勤): events and commands",
            "version": VERSION,
            "description": (
                "Redis streams. One entry is one CloudEvents 1.0 event, one attribute a field: the fields are the "
                f"message's headers, the field data is its payload. An entry is at most {MAX_ENTRY_BYTES} bytes, data "
                f"at most {MAX_NESTING} deep. Unknown fields are left out and counted; an unknown case.* type is "
                "applied and counted. Never trim events by MAXLEN. docs/contract.md says the rest in words."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel("events", "What happened: published by the case system and other sources.", events),
            "commands": _channel("commands", "What is asked of the case system.", commands),
            "dead": _channel("dead", "Refused entries, for people (lianqin dead list).", ["dead"]),
            "board": _channel("board", "Wake-ups for the web processes; short.", ["board"]),
        },
        "operations": {
            "readEvents": _operation("receive", "events"),
            "sendCommands": _operation("send", "commands"),
            "setAside": _operation("send", "dead"),
            "wakeUp": _operation("send", "board"),
        },
        "components": {
            "messages": messages,
            "schemas": {name: _published(name, schema) for name, schema in sorted(schemas.items())},
        },
    }


def document_text() -> str:
    """The document as JSON, which is YAML too."""
    return _text(document())


def schema_files() -> dict[str, str]:
    """One self-contained JSON Schema for each type of data: file name → text."""
    files: dict[str, str] = {}
    for kind in dict.fromkeys(_all_types()):
        _, found = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
        own = _published(kind.__name__, found.pop(kind.__name__))
        head = {"$schema": _JSON_SCHEMA, "$id": f"urn:lianqin:contract:{kind.__name__}"}
        rest = {"$defs": {name: _published(name, schema) for name, schema in sorted(found.items())}} if found else {}
        files[f"{kind.__name__}.schema.json"] = _text(head | own | rest)
    return files


def write_schemas(folder: Path) -> int:
    """Write ``asyncapi.json`` and ``schemas/*.schema.json`` into ``folder``; the number of files. Old ones go."""
    schemas = folder / "schemas"
    schemas.mkdir(parents=True, exist_ok=True)
    files = schema_files()
    for old in schemas.glob("*.schema.json"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        (schemas / name).write_text(text, encoding="utf-8")
    (folder / "asyncapi.json").write_text(document_text(), encoding="utf-8")
    return len(files) + 1


def _all_types() -> list[type[msgspec.Struct]]:
    return [*event_types().values(), *COMMANDS.values(), DeadEntry, WakeUp]


def _channel(name: str, description: str, messages: Mapping[str, object] | list[str]) -> Schema:
    return {
        # The key is lianqin:{320400}:events: the braces are a Redis Cluster hash tag, so they belong to the value.
        "address": f"lianqin:{{tag}}:{name}",
        "description": description,
        "parameters": {
            "tag": {
                "description": "The district's code in braces, which are part of the key (a Redis Cluster hash tag).",
                "examples": ["{320400}"],
            }
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, channel: str) -> Schema:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _message(name: str, body: type[msgspec.Struct]) -> Schema:
    is_command = name in COMMANDS
    return {
        "name": name,
        "title": name,
        "contentType": "application/json",
        "headers": _attributes(name, is_command),
        "payload": {"$ref": _COMPONENT.format(name=body.__name__)},
        **({"correlationId": {"location": "$message.header#/id"}} if is_command else {}),
    }


def _plain(name: str, body: type[msgspec.Struct]) -> Schema:
    """An entry whose fields are no CloudEvent."""
    return {"name": name, "title": name, "payload": {"$ref": _COMPONENT.format(name=body.__name__)}}


def _attributes(name: str, is_command: bool) -> Schema:
    """The CloudEvents attributes: fields of the entry, all text."""
    meaning = "the command_id" if is_command else "unique within source: the pair deduplicates"
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_ATTRIBUTE}
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"type": "string", "const": "1.0"},
            "id": {**text, "description": meaning},
            "source": {**text, "examples": ["/case-system"]},
            "type": {"type": "string", "const": name},
            "subject": {
                "type": "string",
                "description": f"the case_id, where there is one; longer than {LONGEST_ATTRIBUTE} characters: cut",
            },
            "time": {"type": "string", "format": "date-time", "description": "RFC 3339 with an offset"},
            "datacontenttype": {"type": "string", "const": "application/json"},
            "data": {"type": "string", "contentMediaType": "application/json", "description": "the payload"},
        },
    }


def _published(name: str, schema: Schema) -> Schema:
    """A type's schema without the ban on other fields, and with the lengths beyond which texts are cut."""
    found = {key: value for key, value in schema.items() if key != "additionalProperties"}
    limits = next((limits for body, limits in TEXT_LIMITS.items() if body.__name__ == name), None)
    if limits is not None:
        properties = dict(found["properties"])
        for field, limit in limits.items():
            properties[field] = {"description": f"longer than {limit} characters: cut and flagged", **properties[field]}
        found["properties"] = properties
    return found


def _text(value: Schema) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
