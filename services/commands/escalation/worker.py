"""``lianqin escalator``: the policy at work. One leader at a time; it reads the store, proposes through the store and
commands through the ``commands`` stream (CONTRACT.md).

Proposals are rows and deltas like everything else on the board: walls hear of them as they hear of a case. A command
is sent before its proposal is written: killed in between, the next leader finds it in Redis and sends no second.
"""

import logging
import threading
from collections.abc import Callable, Sequence

import msgspec
import redis
from sqlalchemy import Engine

from services.cases import reader
from services.cases.escalation import Proposal, command_id
from services.cases.repeats import HotSpot, hot_spots
from services.commands.escalation.worklist import EscalationDesk
from services.contract.commands import Actor, Escalate
from services.contract.entry import encode_entry
from services.district.leads import lead_of
from services.district.package import District
from services.district.place import Placer
from services.platform.clock import DAY_MS, Clock
from services.platform.database import reading
from services.platform.every import Every
from services.platform.leading import lead
from services.platform.lease import Lease
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.wakeups import Wakeups
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta, ThingChange
from services.projector.outbox.follow import RevisionDelta, StoreFollower
from services.projector.outbox.read import read_mark
from services.projector.store import read
from services.projector.store.write import Feed, Writer

log = logging.getLogger(__name__)

SOURCE = "/lianqin/escalator"
ACTOR = Actor(user="escalator", role="policy")
# The clock strikes between changes: everything is judged again this often.
PASS_EVERY_S = 5.0
# A command without an answer after this long is asked for: was it refused?
ANSWER_AFTER_MS = 3_000
GATHER_EVERY_S = 60.0
HOT_SPOTS_TOLD = 20
_ENCODE = msgspec.json.Encoder().encode


class Escalator:
    """One process of the policy. ``checkpoint`` is called with the name of each step: the kill tests stand there."""

    name = "escalator"

    def __init__(
        self,
        engine: Engine,
        client: redis.Redis,
        district: District,
        clock: Clock,
        *,
        lease: Lease | None = None,
        checkpoint: Callable[[str], None] = lambda step: None,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._engine, self._client, self._district, self._clock = engine, client, district, clock
        self._lease = lease or Lease(client, district.code)
        self._checkpoint, self._pulse = checkpoint, pulse
        self._wakeups = Wakeups(client, district.code)
        self.desk = EscalationDesk(district.policy.escalation)
        self._changed: set[str] = set()
        self._store = StoreFollower(engine, self.load, self._take)
        self._pass_every, self._gather_every = Every(PASS_EVERY_S), Every(GATHER_EVERY_S)
        self._gathered = b""
        self._placer = Placer(district)

    def run(self, stop: threading.Event, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Lead or stand by until ``stop``, or until another package is loaded; what is away is waited for."""
        lead(self, self._lease, self._wakeups, stop, is_outdated=is_outdated, pulse=self._pulse)

    def load(self) -> None:
        """Take over the state of the store: open cases, closed ones that repeats are measured by, proposals."""
        policy = self._district.policy.escalation
        since = self._clock.now_ms() - int(2 * policy.repeat_days * DAY_MS)
        self.desk = EscalationDesk(policy)
        with reading(self._engine) as connection:
            mark = read_mark(connection)
            for row in reader.closed_since(connection, since):
                self.desk.put(row)
            for row in reader.open_cases(connection):
                self.desk.put(row)
            self.desk.settle(read.all_proposals(connection), [])
        self._changed.clear()
        self._pass_every.reset()
        self._gathered = b""
        self._store.start_at(mark)

    def work(self) -> None:
        """Judge what has changed; now and then everything, for the clock's sake."""
        self._store.follow()
        changed = set(self._changed)
        if self._pass_every.take():
            self._act(None)
            self._ask_for_answers()
            if self._gather_every.take():
                self._gather()
        elif changed:
            self._act(changed)
        self._changed -= changed

    def _take(self, steps: Sequence[RevisionDelta]) -> None:
        """What the outbox holds behind us."""
        gone = [case_id for step in steps for case_id in step.delta.gone]
        with self._engine.connect() as connection:
            left = {row.case_id: row for row in reader.cases_of(connection, gone)}
        for step in steps:
            delta = step.delta
            for row in (*delta.rows, *(left[case_id] for case_id in delta.gone if case_id in left)):
                self.desk.put(row)
                self._changed.add(row.case_id)
            self.desk.settle(delta.proposals, delta.withdrawn)

    def _act(self, case_ids: set[str] | None) -> None:
        found = self.desk.take(case_ids, self._clock.now_ms())
        sent = [self._command(proposal) for proposal in found.commanded]
        self._checkpoint("sent")
        self._write([*found.proposed, *(proposal for proposal in sent if proposal is not None)], found.withdrawn)

    def _command(self, proposal: Proposal, refused: str = "") -> Proposal | None:
        """Send the command of a decision, unless somebody has; None: we do not lead any more."""
        row = self.desk.rows[proposal.case_id]
        ours = command_id(self._district.code, proposal.decision, refused)
        body = Escalate(
            case_id=row.case_id,
            expected_version=row.version,
            actor=ACTOR,
            to=lead_of(self._district, row.domain),
            reason_code=proposal.reason_code,  # type: ignore[arg-type]  # of the rules' own table
        )
        fields = encode_entry(SOURCE, "case.escalate", body, self._clock.now_ms(), subject=row.case_id, event_id=ours)
        stands = self._lease.send(proposal.decision, refused, ours, fields)
        return msgspec.structs.replace(proposal, command_id=stands) if stands else None

    def _write(self, proposed: list[Proposal], withdrawn: list[str]) -> None:
        """One transaction: the rows, and the delta that tells the walls."""
        if not proposed and not withdrawn:
            return

        def rows(writer: Writer, _feed: Feed) -> Delta:
            writer.proposals(proposed, withdrawn)
            return Delta(last_entry="", proposals=proposed, withdrawn=withdrawn)

        announce(self._engine, self._wakeups, self._clock.now_ms(), rows)
        over = [self.desk.proposals[case_id].decision for case_id in withdrawn if case_id in self.desk.proposals]
        # Our own delta comes to us through the outbox too; it changes nothing then.
        self.desk.settle(proposed, withdrawn)
        self._lease.forget(over)
        self._checkpoint("written")

    def _gather(self) -> None:
        """Now and then: where cases of one class gather; the walls hear of it as of any thing."""
        now, policy = self._clock.now_ms(), self._district.policy.merging
        spots = hot_spots(self.desk.seen_since(now - int(policy.hot_spot_days * DAY_MS)), policy)[:HOT_SPOTS_TOLD]
        body = _ENCODE([_told(spot, self._placer) for spot in spots])
        if body == self._gathered:
            return
        self._gathered = body

        def rows(writer: Writer, feed: Feed) -> Delta:
            thing = ThingChange("hot_spots", "all", feed.revision + 1, 0, msgspec.Raw(body))
            writer.things([(thing.kind, thing.key, thing.version, thing.entry, body)])
            return Delta(last_entry="", things=[thing])

        announce(self._engine, self._wakeups, now, rows)

    def _ask_for_answers(self) -> None:
        """A command that was refused (most often: somebody was first, the version is stale) is sent anew."""
        now = self._clock.now_ms()
        waiting = [
            p
            for p in self.desk.proposals.values()
            if p.command_id and now - p.at > ANSWER_AFTER_MS and p.case_id in self.desk.rows
        ]
        if not waiting:
            return
        with self._engine.connect() as connection:
            refused = read.refused_commands(connection, [p.command_id for p in waiting])
        again = []
        for proposal in waiting:
            if proposal.command_id in refused and self.desk.rows[proposal.case_id].level != "district":
                fresh = msgspec.structs.replace(proposal, at=now, version=self.desk.rows[proposal.case_id].version)
                if (sent := self._command(fresh, proposal.command_id)) is not None:
                    again.append(sent)
        self._write(again, [])


def _told(spot: HotSpot, placer: Placer) -> dict[str, object]:
    """A hot spot as the walls hear of it, with the street it lies in."""
    ((street, _, _),) = placer.find([(spot.lon, spot.lat)])
    return {
        "lon": round(spot.lon, 6), "lat": round(spot.lat, 6), "street": street, "domain": spot.domain,
        "n": len(spot.case_ids), "open": spot.open, "newest_at": spot.newest_at, "cases": spot.case_ids[-20:],
    }  # fmt: skip
