"""Reads what people here have asked about one case, with their names: for colleagues, who must know who has it."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine, select

from services.access.tables import accounts
from services.cases.tables import commands


class CaseAct(NamedTuple):
    """One command or answer of a person: ``who`` is the account's name, ``user_id`` its id, by which a case system
    knows them; ``reason`` masked; ``rule`` of a proposal.
    """

    command_id: str
    at: int
    who: str
    type: str
    state: str
    reason: str
    rule: str
    user_id: str


class _Written(msgspec.Struct):
    reason: str = ""
    rule: str = ""


_WRITTEN = msgspec.json.Decoder(_Written).decode


def names_in(acts: Sequence[CaseAct]) -> dict[str, str]:
    """Command → who gave it: an event names the command that it carries out."""
    return {act.command_id: act.who for act in acts}


def acts_of(engine: Engine, case_id: str) -> list[CaseAct]:
    """What was asked about the case, the oldest first; an account that is gone is named by its id."""
    c = commands.c
    query = (
        select(c.command_id, c.at, c.who, accounts.c.name, c.type, c.state, c.data)
        .outerjoin_from(commands, accounts, accounts.c.user_id == c.who)
        .where(c.case_id == case_id)
        .order_by(c.at, c.command_id)
    )
    with engine.connect() as connection:
        found = connection.execute(query).all()
    return [
        CaseAct(key, at, name or who, kind, state, written.reason, written.rule, who)
        for key, at, who, name, kind, state, data in found
        for written in (_WRITTEN(data),)
    ]
