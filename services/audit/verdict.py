"""A check of the audit in words: for whoever runs ``lianqin audit verify``, and for the auditor's page. Pure."""

from collections.abc import Iterator

import msgspec

from services.audit.found import Break, ChainFault, Checked
from services.audit.signer import Signer

SHOWN = 50


class ChainVerdict(msgspec.Struct, frozen=True):
    """What a check has found: ``rows`` rows, up to number ``last``, whose head is ``head``.

    ``broken_at`` and ``why`` (gap, link, seal) name the first row that does not follow (0: none does not). ``faults``
    are all rows that are not as they should be, as ranges, but for the ``accepted`` ones. ``unknown`` rows are sealed
    with keys that are not known; ``unsealed`` counts rows without a seal of a known key where there should be one.
    ``missing`` are given heads that are in no row, ``met`` those that are; ``lost_heads`` are those of the file.
    ``is_cut``: a file without its end. ``is_empty``: a store without a row.
    """

    first: int
    rows: int
    last: int
    head: str
    broken_at: int = 0
    why: str = ""
    unknown: int = 0
    is_sealed: bool = False
    unsealed: int = 0
    missing: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    is_cut: bool = False
    is_empty: bool = False
    faults: tuple[ChainFault, ...] = ()
    accepted: tuple[ChainFault, ...] = ()
    marks: tuple[ChainFault, ...] = ()
    lost_heads: tuple[str, ...] = ()
    heads_met: int = 0
    heads_file: str = ""
    others: int = 0
    unreadable: tuple[int, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing was found that should not be."""
        return not (self.broken_at or self.faults or self.missing or self.is_cut or self.is_empty)

    @property
    def lines(self) -> list[str]:
        """In words, for whoever runs the command."""
        if self.is_empty:
            first = "EMPTY: there is no row: nothing was ever written down, or the audit was emptied"
        elif self.broken_at:
            first = f"BROKEN: {Break(self.broken_at, self.why)}"
        else:
            first = f"{self.rows:,} rows up to number {self.last} follow from each other"
            first += f"; head {self.head}" if self.rows else ""
        return [first, *self._faults(), *self._seals(), *self._heads()]

    def _faults(self) -> Iterator[str]:
        if self.broken_at and self.broken_at > self.first:
            yield f"{self.broken_at - self.first:,} rows before it follow from each other"
        for fault in self.faults[:SHOWN]:
            yield self._said(fault)
        if len(self.faults) > SHOWN:
            yield f"and {len(self.faults) - SHOWN:,} more ranges"
        for fault in self.accepted[:SHOWN]:
            yield f"accepted, but not proven: {_rows(fault)}: {_FAULT[fault.why]}"
        for mark in self.marks[:SHOWN]:
            yield f"marked by a process as it went on behind them: {_rows(mark)} ({mark.why})"

    def _said(self, fault: ChainFault) -> str:
        if fault.why == "unsealed" and fault.last == self.last:
            rows = f"the last {fault.rows:,} rows ({fault.first}-{fault.last})"
        else:
            rows = _rows(fault)
        return f"{_WORD[fault.why]}: {rows}: {_FAULT[fault.why]}"

    def _seals(self) -> Iterator[str]:
        if self.unknown:
            yield (
                f"{self.unknown:,} rows are sealed with keys that LIANQIN_DATA_KEY does not name: "
                "give the key, or --retired with its name"
            )
        if self.is_sealed and self.is_well and not self.unknown:
            yield "the data key has sealed them" + (", but for those that were accepted" if self.accepted else "")
        elif not self.is_sealed and self.rows and not self.unknown:
            yield "no key: none of them is sealed, and whoever can write to the database can make them all anew"

    def _heads(self) -> Iterator[str]:
        for head in self.missing:
            yield f"MISSING: the head {head} is in no row from {self.first} on: they were made anew, or cut off"
        for head in self.met:
            yield f"the head {head} is among them"
        if self.heads_file:
            lost = len(self.lost_heads)
            yield f"of the heads in {self.heads_file} {self.heads_met:,} are among them, {lost:,} are not"
        if self.others:
            yield f"{self.others:,} heads there are of other databases: not looked for"
        if self.unreadable:
            yield f"line {self.unreadable[0]} there is no head (of {len(self.unreadable):,} such lines): not looked for"
        if self.is_cut:
            yield "the file's end is missing or another's: it was cut off"


_WORD = {
    "gap": "MISSING",
    "link": "CHANGED",
    "seal": "FORGED",
    "unsealed": "NOT SEALED",
    "unknown": "UNKNOWN KEY",
    "time": "WRONG TIME",
    "head": "CUT OFF OR MADE ANEW",
}
_FAULT = {
    "gap": "not there, or in another order",
    "link": "not as they were written",
    "seal": "sealed, but not with the data key",
    "unsealed": (
        "they carry no seal of a known key: written before there was one, by a process without LIANQIN_DATA_KEY, "
        "or by somebody who has not got it"
    ),
    "unknown": "the key that they name is not known",
    "time": "the time goes back by more than a minute without a row that says so, or is before 2020",
    "head": "a head of this number was noted outside, and is not in the chain",
}


def verdict_of(found: Checked, signer: Signer, heads: frozenset[str], first: int) -> ChainVerdict:
    """What was found, held against the ``heads`` that were asked for."""
    broken = found.broken
    return ChainVerdict(
        first, found.rows, found.last, noted(found.last, found.link) if found.rows else "",
        0 if broken is None else broken.number, "" if broken is None else broken.why, found.unknown,
        bool(signer) and found.rows > 0,
        sum(fault.rows for fault in found.faults if fault.why in {"unsealed", "unknown"}),
        tuple(sorted(heads - found.heads)), tuple(sorted(heads & found.heads)), faults=found.faults,
        accepted=found.accepted, marks=found.marks, lost_heads=found.noted_missed, heads_met=found.noted_met,
    )  # fmt: skip


def noted(number: int, link: str) -> str:
    """As it is printed: 1234:9f86d081 884c7d65 9a2feaa0 c55ad015. Half of the link is more than can be forged."""
    return f"{number}:{' '.join(link[i : i + 8] for i in range(0, 32, 8))}" if number else ""


def _rows(fault: ChainFault) -> str:
    return f"row {fault.first}" if fault.first == fault.last else f"rows {fault.first}-{fault.last}"
