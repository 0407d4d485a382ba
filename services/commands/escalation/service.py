"""A person's answer to what the policy proposes: confirmed it is a command like any other, declined it stands down."""

import msgspec
from sqlalchemy import Engine

from services.cases.escalation import Proposal
from services.platform.offload import Offload, directly
from services.platform.wakeups import Wakeups
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta
from services.projector.store import read
from services.projector.store.write import Feed, Writer

DECLINED = "declined"


def decline(engine: Engine, wakeups: Wakeups, now: int, proposal: Proposal, offload: Offload = directly) -> bool:
    """Mark it as declined, if it still stands; whether it did.

    The row stays while the rule strikes, so that the policy does not ask the same again; when it no longer strikes the
    escalator takes it back, and a new occasion is a new proposal.
    """
    declined = msgspec.structs.replace(proposal, mode=DECLINED)

    def rows(writer: Writer, _feed: Feed) -> Delta | None:
        standing = {p.case_id: p for p in read.all_proposals(writer.connection)}
        if standing.get(proposal.case_id) != proposal:
            return None
        writer.proposals([declined], [])
        return Delta(last_entry="", proposals=[declined])

    return announce(engine, wakeups, now, rows, offload) > 0
