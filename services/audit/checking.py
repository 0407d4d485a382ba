"""Go through the audit's rows and say which are not as a process with the key has written them. Pure.

With a key every row must carry a valid seal of a known key. What was written before there was one has none: it is
named as a range and not called well, until somebody accepts it in a row that is sealed itself (docs/audit.md).
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from services.audit.chain import BACK_MS
from services.audit.found import ACCEPTABLE, Break, ChainFault, Checked, Ranges
from services.audit.records import AuditRecord, _link
from services.audit.signer import NO_SIGNER, Signer

EARLIEST_MS = 1_577_836_800_000  # 2020-01-01: no row is older than the software


class _Accepting(msgspec.Struct):
    """What a row of ``audit_accepted`` accepts: faults, and the noted heads that are in the chain no more."""

    faults: list[ChainFault] = []
    heads: list[str] = []


class _Marking(msgspec.Struct):
    """What a row of ``unsealed_before`` names."""

    first: int
    last: int
    why: str = ""


def verify(records: Iterable[AuditRecord], before: str = "", signer: Signer = NO_SIGNER) -> Break | None:
    """The first row that does not follow from the ones before it, or None. Seals that are missing: see ``check``."""
    return check(records, before=before, signer=signer).broken


def check(
    records: Iterable[AuditRecord],
    *,
    before: str = "",
    signer: Signer = NO_SIGNER,
    heads: Iterable[str] = (),
    noted: Mapping[int, Collection[str]] | None = None,
    retired: Collection[str] = (),
) -> Checked:
    """Go through rows in their order, in constant memory, to the end.

    ``before`` is the hash of the row before the first of them. ``heads`` are links that somebody has noted, or their
    beginnings. ``noted`` are whole links that were written outside the database, by their numbers. ``retired`` names
    sealing keys that are no longer had: their rows pass, unchecked, before the first row of a key that is had.
    """
    walk = _Walk(before, signer, heads, noted or {}, retired)
    for record in records:
        walk.see(record)
    return walk.found()


class _Walk:
    """The state between two rows."""

    def __init__(
        self,
        before: str,
        signer: Signer,
        heads: Iterable[str],
        noted: Mapping[int, Collection[str]],
        retired: Collection[str],
    ) -> None:
        self._before, self._signer, self._noted, self._retired = before, signer, noted, retired
        self._is_first_known = not before
        self._wanted = {head for head in heads if head}
        self._met: set[str] = set()
        self._noted_met, self._noted_seen = 0, set[int]()
        self._rows = self._last = self._sealed = self._unknown = self._at = 0
        self._link = before.partition(":")[0]
        self._broken: Break | None = None
        self._faults, self._has_seals = Ranges(), False
        self._missed: list[tuple[int, str]] = []
        self._past_keys = Ranges()  # rows of retired keys
        self._marks: list[ChainFault] = []
        self._accepted, self._accepted_heads = set[ChainFault](), set[str]()

    def see(self, record: AuditRecord) -> None:
        """One more row."""
        link, _, rest = record.hash.partition(":")
        name, _, seal = rest.partition(":")
        is_ours = self._signer.knows(name) and self._signer.is_sealed(name, link, seal)
        follows = self._follow(record, link, name)
        if follows and self._signer.knows(name) and not is_ours:
            self._break(record.number, "seal", record.number)
        self._judge_seal(record, name)
        self._judge_time(record, is_ours=is_ours and follows)
        if is_ours and follows:
            self._sealed = record.number
            self._listen(record)
        self._rows, self._last, self._at = self._rows + 1, record.number, record.at
        self._before, self._link = record.hash, link
        if self._wanted:
            self._met |= {head for head in self._wanted if link.startswith(head)}
        for head in self._noted.get(record.number, ()):
            self._noted_seen.add(record.number)
            if head == link:
                self._noted_met += 1
            else:
                self._missed.append((record.number, head))

    def _follow(self, record: AuditRecord, link: str, name: str) -> bool:
        expected = self._last + 1 if self._rows else 1 if self._is_first_known else record.number
        if record.number != expected:
            missing = (expected, record.number - 1) if record.number > expected else (record.number, record.number)
            self._break(record.number, "gap", *missing)
            return False
        if _link(self._before, name, record) != link:
            self._break(record.number, "link", record.number)
            return False
        return True

    def _break(self, number: int, why: str, first: int, last: int = 0) -> None:
        self._broken = self._broken or Break(number, why)
        self._faults.add(why, first, last)

    def _judge_seal(self, record: AuditRecord, name: str) -> None:
        if not name:
            self._faults.add("unsealed", record.number)
            return
        self._has_seals = True
        if self._signer.knows(name):
            return
        self._unknown += 1
        # Behind a row of a key that is had, the name of one that is not proves nothing: anybody may write it.
        if name not in self._retired or self._sealed:
            self._faults.add("unknown", record.number)
        else:
            self._past_keys.add("unknown", record.number)

    def _judge_time(self, record: AuditRecord, *, is_ours: bool) -> None:
        is_marked = record.action == "clock_back" and is_ours
        has_gone_back = bool(self._signer) and self._rows > 0 and record.at < self._at - BACK_MS and not is_marked
        if has_gone_back or record.at < EARLIEST_MS:
            self._faults.add("time", record.number)

    def _listen(self, record: AuditRecord) -> None:
        """A sealed row may accept what stands before it, or mark it. What it does not say right it does not say."""
        try:
            if record.action == "audit_accepted":
                accepting = msgspec.json.decode(record.detail, type=_Accepting)
                self._accepted |= {fault for fault in accepting.faults if fault.last < record.number}
                self._accepted_heads |= set(accepting.heads)
            elif record.action == "unsealed_before":
                marking = msgspec.json.decode(record.detail, type=_Marking)
                self._marks.append(ChainFault(marking.why, marking.first, marking.last))
        except msgspec.DecodeError:
            self._faults.add("seal", record.number)

    def found(self) -> Checked:
        """What was found, at the end."""
        unseen = sorted(self._noted.keys() - self._noted_seen)
        self._missed += [(number, head) for number in unseen for head in self._noted[number]]
        for past in self._past_keys if not self._sealed else ():
            self._faults.add(*past)  # no row of a key that is had stands behind them and holds them
        lost, accepted_lost = Ranges(), Ranges()
        for number, head in sorted(self._missed):
            (accepted_lost if noted_name(number, head) in self._accepted_heads else lost).add("head", number)
        faults = [
            fault
            for fault in self._faults
            # Nobody has ever sealed here: the chain is all there is, and whoever shows this says so.
            if fault.why != "unsealed" or self._signer or self._has_seals
        ]
        accepted = [fault for fault in faults if self._is_accepted(fault)]
        return Checked(
            self._rows, self._last, self._link, self._sealed, self._unknown, frozenset(self._met), self._broken,
            (*(fault for fault in faults if fault not in accepted), *lost), (*accepted, *accepted_lost),
            tuple(self._marks), self._noted_met, tuple(noted_name(*one) for one in sorted(self._missed)),
        )  # fmt: skip

    def _is_accepted(self, fault: ChainFault) -> bool:
        return fault.why in ACCEPTABLE and any(
            fault.why == one.why and one.first <= fault.first and fault.last <= one.last for one in self._accepted
        )


def noted_name(number: int, link: str) -> str:
    """A noted head, short: its number and a quarter of its link."""
    return f"{number}:{link[:16]}"
