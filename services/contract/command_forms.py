"""What a person fills in of each command: read from the command's own type, so that a form can send nothing else. Pure.

The one description of the desks' forms: the page draws its fields from it and puts together what it sends by it.
"""

from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

from services.contract.case import Limit
from services.contract.commands import COMMANDS, NEED_NO_REASON

# What our own server fills in, the case that was picked, what a phone says of itself: nobody is asked for it.
_OURS = frozenset({"case_id", "expected_version", "actor", "acted_at", "attachments"})

FieldKind = Literal[
    "unit", "units", "case", "patrol", "camera", "choice", "number", "limit", "moment", "degrees", "text"
]


class FormField(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of a command. ``options``: the codes or numbers that it may be; ``longest`` in characters."""

    name: str
    kind: FieldKind
    is_required: bool = False
    options: list[str | int] = []
    longest: int = 0


@cache
def command_forms() -> dict[str, tuple[FormField, ...]]:
    """Each type of command with its fields in their order; the reason is one of them.

    A reason is required but for signing. Raises TypeError for a field of a type that no form knows.
    """
    return {kind: _fields(kind, type_) for kind, type_ in COMMANDS.items()}


def _fields(command: str, type_: type[msgspec.Struct]) -> tuple[FormField, ...]:
    told = inspect.type_info(type_)
    assert isinstance(told, inspect.StructType)
    # A repair of a camera may name the case that it is for.
    ours = _OURS if command.startswith("case.") else _OURS - {"case_id"}
    return tuple(_field(command, one) for one in told.fields if one.encode_name not in ours)


def _field(command: str, one: inspect.Field) -> FormField:
    name, (bare, names) = one.encode_name, _bare(one.type)
    # A code that has a standing value of its own is asked for all the same: a form starts with no choice made.
    is_required = one.required or (isinstance(bare, inspect.LiteralType) and one.default is not None)
    if name == "reason":
        is_required = command not in NEED_NO_REASON
    longest = 0
    options: list[str | int] = []
    kind: FieldKind
    if isinstance(bare, inspect.LiteralType):
        kind, options = "choice", _words(bare)
    elif isinstance(bare, inspect.ListType) and _bare(bare.item_type)[1] == "unit":
        kind = "units"
    elif names:
        kind = names
    elif isinstance(bare, inspect.StrType):
        kind, longest = "text", bare.max_length or 0
    elif isinstance(bare, inspect.DateTimeType):
        kind = "moment"
    elif isinstance(bare, inspect.StructType) and bare.cls is Limit:
        kind, (unit,) = "limit", [field for field in bare.fields if field.encode_name == "unit"]
        options = _words(unit.type) if isinstance(unit.type, inspect.LiteralType) else []
    elif isinstance(bare, inspect.IntType) and bare.ge is not None and bare.le is not None:
        kind, options = "number", list(range(bare.ge, bare.le + 1))
    elif isinstance(bare, inspect.FloatType):
        kind = "degrees"
    else:
        raise TypeError(f"{command}: no form knows how to ask for {name} ({bare})")
    return FormField(name, kind, is_required, options, longest)


def _words(told: inspect.LiteralType) -> list[str | int]:
    return [word for word in told.values if isinstance(word, str)]


def _bare(told: inspect.Type) -> tuple[inspect.Type, Any]:
    """The type without «or None» and without what is said about it, and what a key names."""
    names: Any = None
    while isinstance(told, inspect.Metadata | inspect.UnionType):
        if isinstance(told, inspect.Metadata):
            names = (told.extra or {}).get("names", names)
            told = told.type
        else:
            (told,) = [one for one in told.types if not isinstance(one, inspect.NoneType)]
    return told, names
