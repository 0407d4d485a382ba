"""What the indexer writes: documents of cases, their tokens, tokens of reporters. In a given connection."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from services.cases.tables import cases
from services.platform.database import is_postgres
from services.platform.search_text import normal
from services.projector.store.tables import history, search_due
from services.search.expression import doc_numbers, fts_words
from services.search.query import CaseDoc
from services.search.tables import search_docs, search_people

LONGEST_ADDRESS = 200
_BITS = 14
_TURN = 0x73656172  # «sear»


class DueCase(NamedTuple):
    """A case that the index has to look at; ``is_whole``: its people anew as well."""

    n: int
    case_id: str
    is_whole: bool


class KeptDoc(NamedTuple):
    """A row of ``search_docs``."""

    doc: int
    case_id: str
    text: str
    codes: str
    address: str
    is_open: bool

    @property
    def as_case(self) -> CaseDoc:
        """As it is searched; ``doc`` has the second of the report alone."""
        return CaseDoc(self.case_id, second_of(self.doc) * 1000, self.text, tuple(self.codes.split("\n")))


def kept_doc(row: Sequence[Any]) -> KeptDoc:
    """A row as it was read; SQLite's truth is a number."""
    doc, case_id, text, codes, address, is_open = row
    return KeptDoc(doc, case_id, text, codes, address, bool(is_open))


class _Told(msgspec.Struct):
    title: str | None = None
    address: str | None = None


_TOLD = msgspec.json.Decoder(_Told).decode
_DOC = [search_docs.c[name] for name in KeptDoc._fields]


def first_doc(at_ms: int) -> int:
    """The least number that a document of a case reported at ``at_ms`` (Unix ms) can have."""
    return max(at_ms, 0) // 1000 << _BITS


def second_of(doc: int) -> int:
    """The second (Unix) in which the case of a document was reported."""
    return doc >> _BITS


def take_turn(connection: Connection) -> None:
    """Wait for the other indexer, where two projectors run: one at a time until the commit."""
    if is_postgres(connection):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_TURN,))


def next_due(connection: Connection, limit: int) -> list[DueCase]:
    """The oldest notes of what is due."""
    c = search_due.c
    rows = connection.execute(select(c.n, c.case_id, c.is_whole).order_by(c.n).limit(limit))
    return [DueCase(row[0], row[1], bool(row[2])) for row in rows]


def count_due(connection: Connection) -> int:
    """How many notes of changed cases wait for the index."""
    return int(connection.execute(select(func.count()).select_from(search_due)).scalar() or 0)


def drop_due(connection: Connection, notes: Iterable[int]) -> None:
    """Forget these notes."""
    c = search_due.c.n
    connection.execute(delete(search_due).where(c == bindparam("b_n")), [{"b_n": n} for n in notes])


def kept_docs(connection: Connection, case_ids: Sequence[str]) -> dict[str, KeptDoc]:
    """The documents of these cases, by case."""
    rows = connection.execute(select(*_DOC).where(search_docs.c.case_id.in_(case_ids)))
    return {row[1]: kept_doc(row) for row in rows}


def present_docs(connection: Connection, case_ids: Sequence[str], kept: dict[str, KeptDoc]) -> dict[str, KeptDoc]:
    """The documents of these cases as they should be; ``doc`` is 0 where the case has none yet.

    Of a case whose events are in the archive the words stay that were kept of it.
    """
    c = cases.c
    columns = (c.case_id, c.reported_at, c.is_open, c.class_name, c.street, c.community, c.grid, c.lead_unit, c.domain)
    joined = select(*columns, history.c.data).join(history, history.c.entry == c.entry, isouter=True)
    found = {}
    for row in connection.execute(joined.where(c.case_id.in_(case_ids))):
        case_id, old = row[0], kept.get(row[0])
        if row[9] is not None:
            told = _TOLD(row[9])
            title, address = normal(told.title or ""), (told.address or "")[:LONGEST_ADDRESS]
            where = normal(address)
        elif old is not None:
            _, _, title, where = old.text.split("\n")
            address = old.address
        else:
            title = where = address = ""
        doc = old.doc if old is not None and second_of(old.doc) == max(row[1], 0) // 1000 else 0
        found[case_id] = KeptDoc(
            doc or first_doc(row[1]),
            case_id,
            "\n".join((normal(case_id), normal(row[3]), title, where)),
            "\n".join(text.replace("\n", " ") for text in row[4:9]),
            address,
            bool(row[2]),
        )
    return found


def put_docs(connection: Connection, kept: dict[str, KeptDoc], present: dict[str, KeptDoc]) -> int:
    """Write what has changed; returns how many documents."""
    changed = [new for case_id, new in present.items() if kept.get(case_id) != new]
    gone = [old for case_id, old in kept.items() if case_id not in present or old != present[case_id]]
    _drop_tokens(connection, [old for old in gone if not old.is_open])
    staying = [new for new in changed if (old := kept.get(new.case_id)) is not None and old.doc == new.doc]
    moved = {old.doc for old in gone} - {new.doc for new in staying}
    if moved:
        connection.execute(delete(search_docs).where(search_docs.c.doc.in_(moved)))
    if staying:
        names = ("text", "codes", "address", "is_open")
        connection.execute(
            update(search_docs)
            .where(search_docs.c.doc == bindparam("b_doc"))
            .values({name: bindparam(f"b_{name}") for name in names}),
            [{"b_doc": new.doc, **{f"b_{name}": getattr(new, name) for name in names}} for new in staying],
        )
    fresh = _numbered(connection, [new for new in changed if new not in staying])
    if fresh:
        connection.execute(insert(search_docs), [new._asdict() for new in fresh])
    _put_tokens(connection, [new for new in (*staying, *fresh) if not new.is_open])
    return len(changed)


def _numbered(connection: Connection, docs: Sequence[KeptDoc]) -> list[KeptDoc]:
    """Each with a number of its own within its second; a second has room for 16,384 cases."""
    wished = {new.case_id: new.doc + (zlib.crc32(new.case_id.encode()) & ((1 << _BITS) - 1)) for new in docs}
    taken: set[int] = set()
    found = []
    for new in docs:
        doc = wished[new.case_id]
        while doc in taken or _is_taken(connection, doc):
            doc = first_doc(second_of(doc) * 1000) + ((doc + 1) & ((1 << _BITS) - 1))
        taken.add(doc)
        found.append(new._replace(doc=doc))
    return found


def _is_taken(connection: Connection, doc: int) -> bool:
    return connection.execute(select(search_docs.c.doc).where(search_docs.c.doc == doc)).first() is not None


def _put_tokens(connection: Connection, docs: Sequence[KeptDoc]) -> None:
    if not docs:
        return
    if is_postgres(connection):
        rows = [(new.doc, doc_numbers(new.as_case)) for new in docs]
        connection.exec_driver_sql("INSERT INTO search_index (doc, tokens) VALUES (%s, %s)", rows)
        return
    words = [(new.doc, fts_words(doc_numbers(new.as_case))) for new in docs]
    connection.exec_driver_sql("INSERT INTO search_index (rowid, tokens) VALUES (?, ?)", words)


def _drop_tokens(connection: Connection, docs: Sequence[KeptDoc]) -> None:
    """FTS5 keeps no text: to take a row out it must be told what had been put in."""
    if not docs:
        return
    if is_postgres(connection):
        connection.exec_driver_sql("DELETE FROM search_index WHERE doc = ANY(%s)", ([old.doc for old in docs],))
        return
    words = [("delete", old.doc, fts_words(doc_numbers(old.as_case))) for old in docs]
    connection.exec_driver_sql("INSERT INTO search_index (search_index, rowid, tokens) VALUES (?, ?, ?)", words)


def put_people(connection: Connection, anew: Sequence[str], tokens: Iterable[tuple[bytes, str]]) -> None:
    """Write (token, case); of the cases ``anew`` those that stood before are dropped first."""
    p = search_people.c
    if anew:
        connection.execute(delete(search_people).where(p.case_id.in_(anew)))
    rows = sorted(set(tokens))
    if not rows:
        return
    known = {
        (bytes(row[0]), row[1])
        for row in connection.execute(select(p.token, p.case_id).where(p.case_id.in_({case_id for _, case_id in rows})))
    }
    if fresh := [{"token": token, "case_id": case_id} for token, case_id in rows if (token, case_id) not in known]:
        connection.execute(insert(search_people), fresh)
