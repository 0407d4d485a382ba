"""What a process works out once, however many web processes and stores its tests make.

A web process of the product compiles its templates, addresses and statements when it starts and lives for weeks; the
tests make some thousand of them, which are all alike.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import flask
import jinja2
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from services.platform import database


def keep(patch: pytest.MonkeyPatch) -> None:
    """From here on nothing of it is compiled a second time."""
    patch.setitem(flask.Flask.jinja_options, "bytecode_cache", Templates())
    patch.setattr(Rule, "_compile_builder", _addresses(Rule._compile_builder))
    patch.setattr(database, "create_engine", partial(_engine, _Statements()))
    if "dash" in sys.modules:
        from dash._hooks import HooksManager

        HooksManager.register_setuptools()  # reads every installed package's list of entry points
        patch.setattr(HooksManager, "_registered", True)


class Templates(jinja2.BytecodeCache):
    """Templates that were compiled already."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if (kept := self._kept.get(bucket.key + bucket.checksum)) is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._kept[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


def _addresses(compiled: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """Functions that write an address: they are made of the rule's text alone, unless the rule has defaults."""
    kept: dict[tuple[object, ...], Any] = {}

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compiled(rule, append_unknown)
        key = (rule.rule, *rule._trace, append_unknown)
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    return once


class _Statements:
    """Compiled statements by the kind of database: every engine of a kind speaks to the same server or file format."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(4000)

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._kept.get((key[0].name, *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._kept[key[0].name, *key[1:]] = compiled


def _engine(statements: _Statements, url: str, **more: Any) -> Engine:
    return create_engine(url, **more, execution_options={"compiled_cache": statements})
