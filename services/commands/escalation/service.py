"""A person's answer to what the policy proposes: confirmed it is a command like any other, declined it stands down."""

import msgspec
from sqlalchemy import Engine

from services.access.rights import Person, seat_of
from services.cases.escalation import DECLINED, DeclinedProposal, Proposal, encode_declined
from services.commands import store
from services.commands.judge import Sent, command_id
from services.platform.offload import Offload, directly
from services.platform.wakeups import Wakeups
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta
from services.projector.store import read
from services.projector.store.write import Feed, Writer

# What stands among the commands of the case: nothing is sent, and it is done as it is written.
TYPE = "proposal.decline"


def decline(
    engine: Engine,
    wakeups: Wakeups,
    now: int,
    proposal: Proposal,
    *,
    person: Person,
    why: str,
    district: str,
    offload: Offload = directly,
) -> bool:
    """Mark it as declined, if it still stands; whether it did. ``why`` is masked, ``district`` its code.

    The row stays while the rule strikes, so that the policy does not ask the same again; when it no longer strikes the
    escalator takes it back, and a new occasion is a new proposal. That it was declined stays among the commands.
    """
    said = DeclinedProposal(person.name, now, why)
    declined = msgspec.structs.replace(proposal, mode=DECLINED, declined=encode_declined(said).decode())
    act = Sent(
        command_id(district, person.user_id, f"decline|{proposal.decision}|{proposal.at}", proposal.case_id), "", now,
        person.user_id, person.role, seat_of(person, district), TYPE, proposal.case_id, proposal.version,
        msgspec.json.encode({"rule": proposal.rule, "reason": why}), "done", now,
    )  # fmt: skip

    def rows(writer: Writer, _feed: Feed) -> Delta | None:
        standing = {p.case_id: p for p in read.all_proposals(writer.connection)}
        if standing.get(proposal.case_id) != proposal:
            return None
        writer.proposals([declined], [])
        store.keep(writer.connection, [act])
        return Delta(last_entry="", proposals=[declined])

    return announce(engine, wakeups, now, rows, offload) > 0
