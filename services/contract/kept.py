"""Read what the store has kept. Events of older versions may be longer than the contract allows today.

They were accepted then and stay: a text is cut to today's length, a list to today's number. Pure.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from services.contract.case import Case, Part
from services.contract.others import BODIES

P = TypeVar("P", bound=Part)


def kept_decoder(body: type[P]) -> Callable[[bytes], P]:
    """A decoder for kept data of ``body``. Raises what msgspec raises where more than a length is wrong."""
    strict = msgspec.json.Decoder(body)

    def decode(data: bytes) -> P:
        try:
            return strict.decode(data)
        except msgspec.ValidationError as error:
            if "length" not in str(error):
                raise
        return msgspec.convert(_cut(msgspec.json.decode(data), _shape(body)), body)

    return decode


kept_case = kept_decoder(Case)
kept_body = {name: kept_decoder(body) for name, body in BODIES.items()}


@cache
def _shape(body: type[Part]) -> inspect.Type:
    return inspect.type_info(body)


def _cut(value: Any, shape: inspect.Type) -> Any:
    """``value`` with every text and list no longer than ``shape`` allows."""
    if isinstance(shape, inspect.UnionType):
        shape = next((one for one in shape.types if not isinstance(one, inspect.NoneType)), shape)
    if isinstance(shape, inspect.Metadata):
        return _cut(value, shape.type)
    if isinstance(shape, inspect.StrType) and isinstance(value, str):
        return value[: shape.max_length]
    if isinstance(shape, inspect.ListType) and isinstance(value, list):
        return [_cut(item, shape.item_type) for item in value[: shape.max_length]]
    if isinstance(shape, inspect.StructType) and isinstance(value, dict):
        shapes = {field.encode_name: field.type for field in shape.fields}
        return {name: _cut(item, shapes[name]) if name in shapes else item for name, item in value.items()}
    return value
