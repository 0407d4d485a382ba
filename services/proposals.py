"""A person's answer to what the policy proposes: confirmed it is a command like any other, declined it stands down."""

import msgspec
from sqlalchemy import Engine

from services.announcing import announce
from services.escalation.rules import Proposal
from services.projector.delta import Delta
from services.store import read
from services.store.write import Feed, Writer

DECLINED = "declined"


def decline(engine: Engine, now: int, proposal: Proposal) -> bool:
    """Mark it as declined, if it still stands; whether it did.

    The row stays while the rule strikes, so that the policy does not ask the same again; when it no longer strikes the
    escalator takes it back, and a new occasion is a new proposal.
    """
    declined = msgspec.structs.replace(proposal, mode=DECLINED)
    is_standing = False

    def rows(writer: Writer, _feed: Feed) -> Delta:
        nonlocal is_standing
        standing = {p.case_id: p for p in read.all_proposals(writer.connection)}
        is_standing = standing.get(proposal.case_id) == proposal
        if not is_standing:
            return Delta(last_entry="")
        writer.proposals([declined], [])
        return Delta(last_entry="", proposals=[declined])

    announce(engine, now, rows)
    return is_standing
