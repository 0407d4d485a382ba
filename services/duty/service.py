"""The duty desk: the log book, handovers and incident reports of a seat, as a screen asks for them.

A seat is the centre (the district's code), a street or a unit, which keeps no log book. A street's desk sees and
touches that street alone, a unit's the cases that concern it (``services.cases.whose``). What is refused raises
DutyRefused with a code. Reads of the store go through ``offload``; the board is read at once.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine

from services.audit import NO_SIGNER, Signer
from services.audit.log_service import details_of
from services.board.sources import source_rows
from services.board.state import Board
from services.board.watched_areas import WatchedAreas
from services.cases import reader
from services.cases.case import CaseRow
from services.commands import store as commands
from services.contract.personal import mask_text
from services.district.package import District
from services.duty import logbook, reports, store
from services.duty.handover import HandoverTurn, make_sheet
from services.duty.logbook import Entry
from services.duty.passes import Passes
from services.duty.reader import BoardPart, gather, of_board, street_of
from services.duty.reports import Done, DueReport
from services.duty.roster import DutyShift, Roster
from services.duty.seats import WITH_BOOK, WITH_HANDOVER, SeatKind, seat_kind
from services.duty.sheet import Sheet, decode, digest_of, encode
from services.duty.store import KeptHandover
from services.platform.clock import DAY_MS, machine_ms
from services.platform.database import writing
from services.platform.offload import Offload, directly
from services.platform.refusal import Refusal

# Why the desk refuses: the screens have a sentence for each in [handover.refused].
REFUSALS = (
    "kind", "empty", "too_long", "no_case", "other_seat", "no_seat", "nobody", "signed", "same_person", "changed",
    "no_handover", "nothing_to_accept", "done_already", "out_of_order", "ended", "no_text",
    "not_on_roster",
)  # fmt: skip
# What happened longer ago does not come into the log any more.
LOG_BACK_MS = DAY_MS


class DutyRefused(Refusal):
    """The desk refuses; ``code`` is one of ``REFUSALS``."""

    texts = "handover.refused."

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail, code)


class Handover(NamedTuple):
    """A handover with its sheet; ``is_whole``: the sheet is the one whose digest was signed."""

    kept: KeptHandover
    sheet: Sheet
    is_whole: bool


class DutyDesk:
    """The desks of one district's seats."""

    def __init__(
        self,
        engine: Engine,
        district: District,
        offload: Offload = directly,
        areas: WatchedAreas | None = None,
        signer: Signer = NO_SIGNER,
    ) -> None:
        """``areas``: the watched areas, where another already knows the patrols that were seen in them.

        ``signer`` seals the digests of sheets, where there is a data key.
        """
        self._signer = signer
        self.roster = Roster(district)
        self._engine, self._district, self._offload = engine, district, offload
        self._areas = areas if areas is not None else WatchedAreas(district)

    def add_entry(
        self, now: int, seat: str, shift: str, who: str, *, kind: str, text: str, case_id: str = "", token: str = ""
    ) -> Entry:
        """Write a person's entry; ``shift`` empty: the one on duty. A ``token`` sent twice writes one entry."""
        if code := logbook.refusal(kind, text):
            raise DutyRefused(code, f"log entry of kind {kind!r}, {len(text)} characters: {code}")
        self._check(seat, who, WITH_BOOK)
        mark = f"person|{seat}|{who}|{token or uuid.uuid4().hex}"
        entry = Entry(
            now, seat, shift or self.roster.at(seat, now).shift, who, kind, logbook.cleaned(text), case_id, mark
        )

        def write() -> Entry:
            with writing(self._engine) as connection:
                if case_id:
                    self._case(connection, seat, case_id)
                store.write_entries(connection, [entry])
                return store.entry_of(connection, mark)

        return self._offload(write)

    def entries(self, seat: str, since: int, until: int, limit: int = 200, *, masked: bool = True) -> list[Entry]:
        """The seat's log from ``since`` to ``until``, newest first; numbers of people masked, but for who may read."""

        def ask() -> list[Entry]:
            with self._engine.connect() as connection:
                found = store.entries(connection, seat, since, until, limit)
            return list(map(logbook.masked, found)) if masked else found

        return self._offload(ask)

    def keep_log(self, board: Board, now: int, real_now_ms: int | None = None) -> int:
        """Write what the system has to say of every seat and is not in the log yet; returns how many entries.

        Any number of processes may do it, now and then: an entry has one mark and is written once.
        """
        since, centre = now - LOG_BACK_MS, self._district.code
        found = [e for seat in (centre, *self._district.streets) if (e := self._shift_entry(seat, now)) is not None]
        rows = [row for row in board.rows.values() if self._is_told(row)]
        sources = source_rows(board, self._district.sources, _real(real_now_ms))

        def write() -> int:
            self._settle_commands(now)
            with self._engine.connect() as connection:
                rows.extend(store.ended_to_tell(connection, since, self._district.policy.reports.severity))
                passes = store.passes(connection, [row for row in rows if row.event_at >= since])
                found.extend(self._case_entries(rows, passes))
                news = [e for step in store.alarm_steps(connection, since) if (e := logbook.of_alarm(step)) is not None]
                not_done = store.commands_of(connection, since, ("refused", "unsent"))
                news += [e for command in not_done if (e := logbook.of_command(command)) is not None]
                stops = logbook.standing_stops(store.feed_entries(connection, centre, now - 30 * DAY_MS))
                news += logbook.of_feeds(centre, sources, stops, now)
                fresh = [e for e in (*found, *news) if since <= e.at <= now]
                known = store.known_marks(connection, [e.mark for e in fresh])
            return self._write([e for e in fresh if e.mark not in known])

        return self._offload(write)

    def sheet_now(self, board: Board, seat: str, now: int, real_now_ms: int | None = None) -> Sheet:
        """The sheet as it would be signed at ``now``."""
        self._check(seat)
        part = of_board(board, seat, _real(real_now_ms))
        return self._offload(lambda: self._sheet(part, seat, now)[0])

    def sign_out(
        self, board: Board, seat: str, now: int, who: str, *, real_now_ms: int | None = None, reason: str = ""
    ) -> KeptHandover:
        """Make the sheet, sign it for those who go, and keep it: in place of one that nobody has signed for yet.

        ``reason``: why a stranger to the roster signs; a leader has to accept it. Refused: ``signed``, by both.
        """
        self._check(seat, who)
        part = of_board(board, seat, _real(real_now_ms))
        return self._offload(lambda: self._sign_out(part, seat, now, who, reason))

    def sign_in(
        self, seat: str, handover_id: str, who: str, digest: str, *, now: int, reason: str = ""
    ) -> KeptHandover:
        """Sign a sheet for those who come; ``digest`` is of the sheet that they have read; ``reason`` as in sign_out.

        Refused: ``same_person`` as signed out, ``changed`` since it was read, ``signed`` already.
        """
        self._check(seat, who)
        return self._offload(lambda: self._sign_in(seat, handover_id, who, digest, now=now, reason=reason))

    def handover(self, seat: str, handover_id: str) -> Handover:
        """A handover with its sheet; a street's desk has that street's only."""

        def ask() -> Handover:
            with self._engine.connect() as connection:
                kept = self._kept(connection, seat, handover_id)
                is_keyed = self._is_keyed(connection, kept)
            # A digest that names a key must be that key's; one of a time without a key anybody could have made.
            is_forged = bool(self._signer) and ":" in kept.digest and not is_keyed
            is_same = kept.digest.partition(":")[0] == digest_of(kept.sheet)
            return Handover(kept, decode(kept.sheet), is_same and not is_forged)

        return self._offload(ask)

    def is_keyed(self, kept: KeptHandover) -> bool:
        """Whether only who has the data key could have made the digest of a handover."""

        def ask() -> bool:
            with self._engine.connect() as connection:
                return self._is_keyed(connection, kept)

        return self._offload(ask)

    def going(self, seat: str, now: int) -> tuple[str, ...]:
        """Who has the shift that a handover at ``now`` ends, by name; empty where the roster names nobody."""
        self._check(seat)

        def ask() -> tuple[str, ...]:
            with self._engine.connect() as connection:
                return self._ending(connection, seat, now).names

        return self._offload(ask)

    def present_id(self, seat: str, now: int) -> str:
        """The id of the handover that would be signed at ``now``."""
        self._check(seat)

        def ask() -> str:
            with self._engine.connect() as connection:
                return self._id(seat, self._ending(connection, seat, now))

        return self._offload(ask)

    def coming(self, seat: str, handover_id: str) -> tuple[str, ...]:
        """Who takes over by this sheet, by name."""
        sheet = self.handover(seat, handover_id).sheet
        return tuple(filter(None, (*sheet.taking, sheet.taking_leader)))

    def handovers(self, seat: str, limit: int = 60) -> list[KeptHandover]:
        """The seat's handovers, the newest first, without their sheets."""

        def ask() -> list[KeptHandover]:
            with self._engine.connect() as connection:
                return store.handovers(connection, seat, limit)

        return self._offload(ask)

    def reports_due(self, seat: str) -> list[DueReport]:
        """The reports that the seat owes, the first due first: ``left_ms`` and ``is_overdue`` are the countdown."""

        def ask() -> list[DueReport]:
            policy = self._district.policy.reports
            with self._engine.connect() as connection:
                rows = store.severe_cases(connection, street_of(self._district, seat), policy.severity)
                done = store.reports_done(connection, [row.case_id for row in rows])
            return reports.reports_due(rows, done, policy)

        return self._offload(ask)

    def report_done(
        self, now: int, seat: str, case_id: str, number: int, *, who: str, text: str, is_last: bool = False
    ) -> Done:
        """Put a report down as gone out; ``is_last``: no follow-up comes after it (what was said by phone is none).

        Its text is kept with people's numbers masked: nobody needs them there.
        Refused: ``no_case``, ``other_seat``, ``done_already``, ``out_of_order``, ``ended``, ``no_text``, ``too_long``.
        """
        self._check(seat, who, WITH_BOOK)
        written, is_end = logbook.cleaned(text), is_last and number >= reports.WRITTEN
        done = Done(case_id, number, now, who, mask_text(written), is_end)

        def write() -> Done:
            with writing(self._engine) as connection:
                row = self._case(connection, seat, case_id)
                earlier = store.reports_done(connection, [case_id]).get(case_id, [])
                code = reports.refusal(row, earlier, number, written)
                if code or not store.add_report(connection, done):
                    raise DutyRefused(code or "done_already", f"report {number} of case {case_id}: {code}")
                seats = dict.fromkeys((seat, self._district.code, *([row.street] if row.street else [])))
                self._enter(connection, [logbook.of_report(one, done) for one in seats])
            return done

        return self._offload(write)

    def _sheet(self, part: BoardPart, seat: str, now: int) -> tuple[Sheet, DutyShift]:
        with self._engine.connect() as connection, connection.begin():
            duty = self._ending(connection, seat, now)
            earlier = store.handovers(connection, seat, 1, before=duty.from_ms)
            last_id, last, since = "", None, duty.from_ms
            if earlier and (kept := store.handover(connection, earlier[0].id)) is not None:
                last_id, last = kept.id, decode(kept.sheet)
                if kept.shift_from == self.roster.before(seat, duty).from_ms:
                    since = last.at  # what came between the last sheet and the shift's begin is on this one
            turn = HandoverTurn(self._district.code, seat, duty, self.roster.after(seat, duty), min(since, now), now)
            found = gather(connection, self._district, turn, part, areas=self._areas, last=last)
            found = found._replace(notes=store.notes(connection, self._id(seat, duty)))
        return make_sheet(turn, found, last, last_id), duty

    def _is_keyed(self, connection: Connection, kept: KeptHandover) -> bool:
        former = details_of(connection, "key_rotated") if self._signer else []
        return self._signer.learning(former).is_stamped(kept.digest)

    def _ending(self, connection: Connection, seat: str, now: int) -> DutyShift:
        signed = [k.shift_from for k in store.handovers(connection, seat, 4) if k.is_over]
        return self.roster.ending(seat, now, signed)

    def _id(self, seat: str, duty: DutyShift) -> str:
        """The handover's id: it stands before anybody has signed."""
        begins = datetime.fromtimestamp(duty.from_ms / 1000, self._district.zone)
        return f"{seat}-{begins:%Y%m%dT%H%M}"

    def _sign_out(self, part: BoardPart, seat: str, now: int, who: str, reason: str) -> KeptHandover:
        sheet, duty = self._sheet(part, seat, now)
        text = encode(sheet)
        kept = KeptHandover(
            self._id(seat, duty), seat, duty.shift, duty.from_ms, duty.until_ms, now,
            self._signer.stamp(digest_of(text)), who, now, "", None, out_reason=reason, sheet=text,
        )  # fmt: skip
        with writing(self._engine) as connection:
            if not store.keep_handover(connection, kept):
                raise DutyRefused("signed", f"handover {kept.id} has been signed by both already")
            self._enter(connection, [_signature(kept, who, now, is_in=False)])
        return kept

    def _sign_in(self, seat: str, handover_id: str, who: str, digest: str, *, now: int, reason: str) -> KeptHandover:
        with writing(self._engine) as connection:
            kept = self._kept(connection, seat, handover_id)
            if not store.sign_in(connection, handover_id, who, digest=digest, at=now, reason=reason):
                code = "signed" if kept.in_by else "same_person" if kept.out_by == who else "changed"
                raise DutyRefused(code, f"handover {handover_id} cannot be signed by {who}: {code}")
            self._enter(connection, [_signature(kept, who, now, is_in=True)])
        return kept._replace(in_by=who, in_at=now, in_reason=reason)

    def _kept(self, connection: Connection, seat: str, handover_id: str) -> KeptHandover:
        kept = store.handover(connection, handover_id)
        if kept is None or seat not in {self._district.code, kept.seat}:
            raise DutyRefused("no_handover", f"seat {seat} has no handover {handover_id}")
        return kept

    def _case(self, connection: Connection, seat: str, case_id: str) -> CaseRow:
        row = reader.one_case(connection, case_id)
        if row is None:
            raise DutyRefused("no_case", f"there is no case {case_id}")
        street = street_of(self._district, seat)
        if street is not None and row.street != street:
            raise DutyRefused("other_seat", f"case {case_id} is not seat {seat}'s")
        return row

    def _check(self, seat: str, who: str | None = None, kinds: frozenset[SeatKind] = WITH_HANDOVER) -> None:
        if seat_kind(self._district, seat) not in kinds:
            raise DutyRefused("no_seat", f"{seat!r} is the code of none of these: {', '.join(sorted(kinds))}")
        if who is not None and not who.strip():
            raise DutyRefused("nobody", "nobody is named: the desk writes down who did it")

    def _shift_entry(self, seat: str, now: int) -> Entry | None:
        duty = self.roster.listed(seat, now)
        return None if duty is None else logbook.of_shift(seat, duty)

    def _is_told(self, row: CaseRow) -> bool:
        """Whether the log tells of a case."""
        return row.level == "district" or row.escalations > 0 or row.severity <= self._district.policy.reports.severity

    def _case_entries(self, rows: Iterable[CaseRow], passes: Passes) -> list[Entry]:
        """What the log tells of these cases, for the centre and for their street."""
        policy, found = self._district.policy.reports, []
        for row in rows:
            for seat in (self._district.code, *([row.street] if row.street else [])):
                found += logbook.of_case(seat, row, policy, passes)
        return found

    def _settle_commands(self, now: int) -> None:
        """Take over the case system's answers: the web process that waited for one may be gone."""
        with self._engine.connect() as connection:
            has_some = commands.has_answers(connection)
        if has_some:
            with writing(self._engine) as connection:
                commands.settle(connection, now)

    def _write(self, entries: Iterable[Entry]) -> int:
        news = list(entries)
        if not news:
            return 0
        with writing(self._engine) as connection:
            return self._enter(connection, news)

    def _enter(self, connection: Connection, entries: Iterable[Entry]) -> int:
        """Write entries, each in the shift that was on duty at its moment."""
        placed = [msgspec.structs.replace(e, shift=self.roster.at(e.seat, e.at).shift) for e in entries]
        return store.write_entries(connection, sorted(placed, key=lambda e: (e.at, e.mark)))


def _signature(kept: KeptHandover, who: str, at: int, *, is_in: bool) -> Entry:
    return logbook.of_signature(kept.seat, handover_id=kept.id, who=who, at=at, digest=kept.digest, is_in=is_in)


def _real(real_now_ms: int | None) -> int:
    return machine_ms() if real_now_ms is None else real_now_ms
