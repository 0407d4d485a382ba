"""How fast is a search among two million cases, and how large is its index?

The cases are drawn as ``bench.histories`` draws them; their documents and tokens are written directly. Asked is what
people ask: a number or a part of one, an address, a class in a street, days, nothing that there is; of everything and
of one street, of the last 400 days and of what is older.

python -m bench.search --database sqlite|postgres [--cases 2000000] [--folder FOLDER] [--profile]
"""

import argparse
import cProfile
import os
import pstats
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Engine, text

from bench.drawn import draw, rows
from bench.histories import _insert
from dashboard.callbacks.search import RECENT_MS, package_names
from services.cases import tables as case_tables
from services.cases.case import CaseRow
from services.district.load import load
from services.district.package import District
from services.operations.simulator.generate import generate
from services.platform.clock import DAY_MS
from services.platform.database import is_postgres, open_engine, writing
from services.platform.migrate import upgrade
from services.platform.search_text import normal
from services.projector.store.write import open_feed
from services.search.expression import SearchScope, doc_numbers, fts_words
from services.search.query import CodeNames, parse_query
from services.search.reader import SearchReader
from services.search.store import KeptDoc, first_doc
from services.search.tables import search_docs

NOW = 1_795_400_000_000  # in November 2026
ROADS = [
    f"{a}{b}{c}"
    for a in "角楼鹤桥建设文苑书庭星岗雁台翠柳望湖龙泉锦绣石渚枫泾桐荫月潭白鹭"
    for b in "东西南北新旧上下"
    for c in ("大街", "路", "巷", "街", "里")
]
CLASSES = [
    *(
        f"{a}{b}"
        for a in ("上水", "雨水", "污水", "热力", "电力", "通信")
        for b in ("井盖破损", "井盖移位", "管线漏损")
    ),
    *"路灯不亮 垃圾满冒 占道经营 违规广告 路面塌陷 行道树倒伏 非机动车乱停放 施工扬尘 噪音扰民 乱堆物料".split(),
]
CHUNK = 20_000
ASKED = 40  # of each kind


def fill(engine: Engine, district: District, cases: int, say: Callable[[str], None]) -> None:
    """Write cases, documents and tokens; the index of PostgreSQL is made when all are there."""
    upgrade(engine)
    drawn, dice, taken = draw(district, cases, NOW, 1), random.Random(1), set[int]()
    postgres = is_postgres(engine)
    with writing(engine) as connection:
        open_feed(connection, district.code)
        if postgres:
            connection.exec_driver_sql("DROP INDEX search_index_tokens")
        for start in range(0, cases, CHUNK):
            part = drawn.part(slice(start, start + CHUNK))
            named = [_named(row, district, dice) for row in rows(part)]
            _insert(connection, case_tables.cases, [(*msgspec.structs.astuple(row), "") for row in named])
            docs = [_doc(row, district, dice, taken) for row in named]
            _insert(connection, search_docs, docs)
            over = [(doc.doc, doc_numbers(doc.as_case)) for doc in docs if not doc.is_open]
            if postgres:
                driver = connection.connection.driver_connection
                assert driver is not None
                with driver.cursor() as cursor, cursor.copy("COPY search_index (doc, tokens) FROM STDIN") as copy:
                    for row in over:
                        copy.write_row(row)
            else:
                words = [(doc, fts_words(numbers)) for doc, numbers in over]
                connection.exec_driver_sql("INSERT INTO search_index (rowid, tokens) VALUES (?, ?)", words)
            if start % (CHUNK * 10) == 0:
                say(f"{start:,} cases written")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if postgres:
            connection.exec_driver_sql("SET maintenance_work_mem = '512MB'")
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("CREATE INDEX search_index_tokens ON search_index USING gin (tokens)")
        connection.exec_driver_sql("VACUUM ANALYZE" if postgres else "ANALYZE")
    say("indexed")


def _named(row: CaseRow, district: District, dice: random.Random) -> CaseRow:
    """With a number as case systems give them, and a class."""
    day = datetime.fromtimestamp(row.reported_at / 1000, district.zone)
    return msgspec.structs.replace(
        row, case_id=f"{day:%Y%m%d}-{row.entry % 100_000:05}", class_name=dice.choice(CLASSES)
    )


def _doc(row: CaseRow, district: District, dice: random.Random, taken: set[int]) -> KeptDoc:
    community = district.communities.get(row.community)
    address = f"{community.name if community else ''}{dice.choice(ROADS)}{dice.randrange(1, 300)}号"
    doc = first_doc(row.reported_at)
    while doc in taken:
        doc += 1
    taken.add(doc)
    words = (normal(row.case_id), normal(row.class_name), normal(f"{address}{row.class_name}"), normal(address))
    codes = (row.street, row.community, row.grid, row.lead_unit, row.domain)
    return KeptDoc(doc, row.case_id, "\n".join(words), "\n".join(codes), address, row.is_open)


def asked(engine: Engine, district: District, dice: random.Random) -> dict[str, list[str]]:
    """What people ask, by kind."""
    with engine.connect() as connection:
        top = int(connection.execute(text("SELECT max(doc) FROM search_docs")).scalar() or 0)
        low = int(connection.execute(text("SELECT min(doc) FROM search_docs")).scalar() or 0)
        find = text("SELECT case_id, address FROM search_docs WHERE doc >= :at ORDER BY doc LIMIT 1")
        some = [connection.execute(find, {"at": dice.randrange(low, top)}).one() for _ in range(ASKED)]
    streets = [street.name for street in district.streets.values()]
    days = [datetime.fromtimestamp((NOW - dice.randrange(1500) * DAY_MS) / 1000, district.zone) for _ in range(ASKED)]
    return {
        "whole number": [case_id for case_id, _ in some],
        "end of a number": [case_id[-5:] for case_id, _ in some],
        "whole address": [address for _, address in some],
        "road": [dice.choice(ROADS) for _ in some],
        "road and house": [f"{dice.choice(ROADS)}{dice.randrange(1, 300)}号" for _ in some],
        "class": [dice.choice(CLASSES) for _ in some],
        "class in a street": [f"{dice.choice(streets)} {dice.choice(CLASSES)}" for _ in some],
        "road in a street": [f"{dice.choice(streets)} {dice.choice(ROADS)}" for _ in some],
        "class on a day": [f"{day:%Y-%m-%d} {dice.choice(CLASSES)}" for day in days],
        "road in a month": [f"{day:%Y-%m} {dice.choice(ROADS)}" for day in days],
        "a day": [f"{day:%Y-%m-%d}" for day in days],
        "nothing there is": [f"{dice.choice(ROADS)[:2]}无此{i}地" for i, _ in enumerate(some)],
    }


def measure(
    engine: Engine, district: District, names: CodeNames
) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
    """(kind, group, milliseconds that passed and that our thread worked) of every search."""
    reader, dice = SearchReader(engine), random.Random(2)
    today = datetime.fromtimestamp(NOW / 1000, district.zone).date()
    street = next(iter(district.streets))
    for scope_name, scope in (("", SearchScope()), (" (a street's)", SearchScope((("street", street),)))):

        def mine(row: CaseRow, scope: SearchScope = scope) -> bool:
            return not scope.own or row.street == street

        for kind, lines in asked(engine, district, dice).items():
            for group, span in (("over", (NOW - RECENT_MS, NOW + DAY_MS)), ("older", (0, NOW - RECENT_MS))):
                taken = []
                for line in lines:
                    began, worked = time.perf_counter(), time.thread_time()
                    query = parse_query(line, today, district, names)
                    assert not query.problem, (line, query.problem)
                    found = reader.over_ones(query, scope, mine, span)
                    taken.append((1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - worked)))
                    assert found.looked_back_to is None, line
                yield kind + scope_name, group, taken


def _p(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _told(taken: list[tuple[float, float]]) -> str:
    passed, worked = zip(*taken, strict=True)
    numbers = (statistics.median(passed), _p(list(passed), 0.95), max(passed))
    return " ".join(f"{n:7.1f}" for n in (*numbers, statistics.median(worked), _p(list(worked), 0.95)))


def main() -> None:
    """Fill where there is nothing yet, then measure."""
    parser = argparse.ArgumentParser(description="Search among millions of cases")
    parser.add_argument("--database", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--cases", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, help="where a SQLite store is kept for the next time")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - began:7.1f} s  {what}", flush=True)

    folder = options.folder or Path(tempfile.mkdtemp(prefix="lianqin-search-"))
    folder.mkdir(parents=True, exist_ok=True)
    generate(folder / "district")
    district = load(folder / "district")
    server = None
    if options.database == "postgres":
        from tests.servers import Postgres

        server = Postgres()
        server.create()
        url, is_there = server.url, False
    else:
        path = folder / f"search-{options.cases}.db"
        url, is_there = f"sqlite:///{path}", path.exists()
    engine = open_engine(url)
    try:
        if not is_there:
            fill(engine, district, options.cases, say)
        with engine.connect() as connection:
            if is_postgres(engine):
                sizes = text("SELECT pg_total_relation_size('search_docs'), pg_total_relation_size('search_index')")
                say("docs and index: " + " + ".join(f"{n / 1e6:,.0f} MB" for n in connection.execute(sizes).one()))
            else:
                say(f"store: {os.path.getsize(folder / f'search-{options.cases}.db') / 1e6:,.0f} MB")
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        taken: list[tuple[float, float]] = []
        print(f"{'asked':32} {'group':6} {'p50':>7} {'p95':>7} {'max':>7}  ms; of work here p50, p95")
        for kind, group, of_kind in measure(engine, district, package_names(district)):
            taken += of_kind
            print(f"{kind:32} {group:6} {_told(of_kind)}", flush=True)
        print(f"{'all':39} {_told(taken)}")
        if options.profile:
            profile.disable()
            pstats.Stats(profile).sort_stats("cumulative").print_stats(25)
    finally:
        engine.dispose()
        if server is not None:
            server.remove()


if __name__ == "__main__":
    main()
