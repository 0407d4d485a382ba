"""Send a notice to the desks, take it down, and know which stand: the newest state is read every few seconds."""

import secrets

from sqlalchemy import Engine

from services.audit import Who
from services.audit.log_service import AuditLog
from services.district.package import District
from services.duty import desk_notices_store as store
from services.duty.desk_notice import MOST_STANDING, DeskNotice, NoticeRefused, check_notice
from services.platform.clock import Clock, machine_ms
from services.platform.database import writing

SHOWN = 30


class DeskNotices:
    """The notices of one district; ``standing`` is as of the last ``refresh``. Each raises what the store does."""

    def __init__(self, engine: Engine, district: District, clock: Clock, log: AuditLog) -> None:
        self._engine, self._clock, self._log = engine, clock, log
        self._streets = frozenset(district.streets)
        self.standing: tuple[DeskNotice, ...] = ()

    def refresh(self) -> bool:
        """Read anew which stand; whether that has changed."""
        before = self.standing
        with self._engine.connect() as connection:
            self.standing = tuple(store.standing(connection, self._clock.now_ms()))
        return self.standing != before

    def newest(self) -> list[DeskNotice]:
        """The last ones, over or not, the newest first."""
        with self._engine.connect() as connection:
            return store.newest(connection, SHOWN)

    def send(self, who: Who, name: str, text: str, seat: str, until: int) -> DeskNotice:
        """Send one to every desk, or to a street's. Raises NoticeRefused."""
        now = self._clock.now_ms()
        said = check_notice(text, seat, now, until, self._streets)
        one = DeskNotice(secrets.token_hex(8), seat, said, now, until, who.user_id, name)
        with writing(self._engine) as connection:
            if sum(kept.seat in {"", seat} or not seat for kept in store.standing(connection, now)) >= MOST_STANDING:
                raise NoticeRefused("many", most=MOST_STANDING)
            store.put(connection, one)
            detail = {"verb": "send", "seat": seat, "until": until, "text": said}
            self._log.append(machine_ms(), who, "desk_notice", one.id, within=connection, **detail)
        return one

    def end(self, who: Who, notice_id: str) -> DeskNotice:
        """Take one down before its time. Raises NoticeRefused where it does not stand."""
        with writing(self._engine) as connection:
            found = store.end(connection, notice_id, self._clock.now_ms(), who.user_id)
            if found is None:
                raise NoticeRefused("over")
            self._log.append(machine_ms(), who, "desk_notice", found.id, within=connection, verb="end", seat=found.seat)
        return found
