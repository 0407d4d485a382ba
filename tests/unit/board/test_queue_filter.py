"""The queue's filter: the browser and the server let the same cases through; the export has what the screen shows."""

import csv
import io
import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard.texts import texts
from services.board.case_export import ExportedCase, cases_table, texts_of
from services.board.lenses import DeskLens
from services.board.queue_filter import CHIPS, ColumnFilter, QueueFilter
from services.board.state import Board
from services.cases.case import CaseRow, PresentEscalation
from services.cases.escalation import Proposal
from services.contract.codes import DOMAINS
from services.district.package import District
from tests.tiny import NOON
from tests.unit.board.test_board import board_of, due, row

MODULES = Path(__file__).parents[3] / "dashboard/assets/modules"
# The browser's own modules judge every row by every filter; the names of places are the package's.
SCRIPT = """
const {makeFilters} = await import(`${process.argv[1]}/desk/queue-filters.js`);
const {rowWords} = await import(`${process.argv[1]}/desk/queue-columns.js`);
const {texts, about, places, rows, filters} = JSON.parse(await new Response(process.stdin).text());
const tiles = {street: c => c ? (places.streets[c] || c) : texts.word.unplaced, unit: c => places.units[c] || c,
  className: r => (texts.language !== "en" && r[6]) || texts.domain[r[5]] || texts.domain["99"]};
const {textOf} = rowWords(about, texts, tiles);
process.stdout.write(JSON.stringify(filters.map(f => {
  const state = {only: new Set(f.only), text: f.text, inMap: !!f.box, columns: f.columns};
  const made = makeFilters(state, {about, texts, tiles, textOf});
  if (f.box) made.seeIn({contains: ([lat, lon]) =>
    f.box[0] <= lon && lon <= f.box[2] && f.box[1] <= lat && lat <= f.box[3]});
  return rows.filter(made.passes).map(r => r[0]);
})));
"""
TAKEN = msgspec.json.encode(PresentEscalation("D1", "other", NOON, None, NOON)).decode()
FREE = msgspec.json.encode(PresentEscalation("D1", "other", NOON, None, None)).decode()


def changed(found: CaseRow, **more: Any) -> CaseRow:
    return msgspec.structs.replace(found, **more)


def some_cases() -> list[CaseRow]:
    return [
        due("A1", -1),
        due("A2", 0.2),
        changed(due("A3", 90), lead_unit="D2", channel="APP"),
        changed(row("A4"), lon=None, lat=None),
        changed(due("A5", 2), level="district"),
        changed(due("A6", 2), level="district", escalation=FREE),
        changed(due("A7", -3), level="district", escalation=TAKEN),
        changed(due("B1", 4), street="S2", lon=119.4, domain="06", class_name="消防通道 Blocked"),
    ]


def filters() -> list[dict[str, Any]]:
    plain: dict[str, Any] = {"only": [], "text": "", "box": None, "columns": {}}
    told = [{"only": [name]} for name in sorted(CHIPS)]
    told += [{"only": list(pair)} for pair in itertools.combinations(("overdue", "district", "untaken"), 2)]
    told += [{"text": text} for text in ("a1", "消防", "blocked", "s2", "城管", "手机", "没有这个")]
    told += [{"box": [118.8, 31.8, 119.0, 32.0]}, {"box": [119.3, 31.8, 119.5, 32.0], "text": "b"}]
    for kind in ("contains", "notContains", "equals", "startsWith", "endsWith"):
        told += [{"columns": {"case": {"type": kind, "filter": "A1"}}}]
    either = [{"type": "contains", "filter": "A1"}, {"type": "endsWith", "filter": "b1"}]
    told += [{"columns": {"id": {"operator": join, "conditions": either}}} for join in ("AND", "OR")]
    told += [{"columns": {"street": {"type": "contains", "filter": "2"}, "unit": {"type": "contains", "filter": "—"}}}]
    return [plain | one for one in told]


def made_board(district: District) -> Board:
    board = board_of(district, *some_cases())
    board.proposals["A1"] = Proposal("A1", 1, "repeat", "repeat", "confirm", NOON)
    board.proposals["A2"] = Proposal("A2", 1, "repeat", "repeat", "declined", NOON)
    board.unseen.add("A3")
    return board


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_browser_and_the_server_let_the_same_cases_through(tiny: District, language: str) -> None:
    node = shutil.which("node")
    assert node is not None
    board, words, asked = made_board(tiny), texts(language), filters()
    english = language == "en"

    def neighbour(found: CaseRow) -> str:
        return "S2" if found.case_id == "A2" else ""

    lens = DeskLens(board, dict, neighbour=neighbour)
    streets = {c: tiny.streets_en.get(c, a.name) if english else a.name for c, a in tiny.streets.items()}
    units = {c: tiny.units_en.get(c, n) if english else n for c, n in tiny.units.items()}
    grids = {c: a.name for c, a in tiny.grids.items()}
    communities = {c: a.name for c, a in tiny.communities.items()}
    given = msgspec.json.encode(
        {
            "texts": words,
            "about": {"street": "", "grids": grids, "communities": communities},
            "filters": asked,
            "places": {"streets": streets, "units": units},
            "rows": [lens.row(case_id) for case_id in board.rows],
        }
    )
    call = [node, "--input-type=module", "-e", SCRIPT, str(MODULES)]
    done = subprocess.run(call, input=given, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    said = texts_of(tiny, words)
    for one, shown in zip(asked, json.loads(done.stdout), strict=True):
        wanted = msgspec.convert(one, QueueFilter)
        ours = [r.case_id for r in board.rows.values() if wanted.passes(r, board, said, neighbour)]
        assert ours == shown, one
    assert {frozenset(found) for found in json.loads(done.stdout)} > {frozenset(), frozenset({"A1"})}


def test_a_filter_with_nothing_in_it_is_none() -> None:
    assert not QueueFilter()
    assert QueueFilter(columns={"id": ColumnFilter(filter="A")})


def table(district: District, columns: tuple[str, ...]) -> list[list[str]]:
    found = [ExportedCase(r, 0, NOON, is_untaken=r.case_id == "A6", address="鹤桥路14号") for r in some_cases()]
    text = cases_table(found, columns, district, texts("zh-CN"), by="duty 周敏", now=NOON)
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_file_has_the_columns_of_the_screen_and_always_the_number(tiny: District) -> None:
    assert table(tiny, ("takeover", "grid"))[1] == ["编号", "区接管", "社区", "网格", "地址"]
    whole = table(tiny, ())
    assert len(whole[1]) == len(whole[2]) == 17
    taken = {line[0]: line[1] for line in table(tiny, ("takeover",))[2:]}
    assert (taken["A6"], taken["A7"]) == ("无人签收", "区在办")
    assert taken["A1"].startswith("2026-11-23")


def test_every_class_has_a_word_to_be_searched_by(tiny: District) -> None:
    said = texts_of(tiny, texts("zh-CN"))
    assert all(said["domain"](changed(row(), domain=code)) != code for code in DOMAINS)
