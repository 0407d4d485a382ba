"""The export stands in the order of the screen: the browser's own comparators and the server's sort the same cases."""

import itertools
import json
import shutil
import subprocess
from typing import Any

import msgspec
import pytest

from dashboard.texts import texts
from services.board.case_export import ExportedCase, texts_of
from services.board.lenses import DeskLens
from services.board.queue_filter import is_untaken
from services.board.queue_order import COLUMNS, GROUPS, QueueOrder
from services.cases.escalation import Proposal, takeover
from services.district.package import District
from tests.tiny import NOON
from tests.unit.board.test_board import board_of, due, row
from tests.unit.board.test_queue_filter import MODULES, changed, some_cases

# The table's own sort with the comparators of the columns, within the groups.
SCRIPT = """
globalThis.matchMedia = () => ({matches: false});
globalThis.innerWidth = 1920;
const {makeFilters} = await import(`${process.argv[1]}/desk/queue-filters.js`);
const {makeColumns, rowWords} = await import(`${process.argv[1]}/desk/queue-columns.js`);
const {makeGroups} = await import(`${process.argv[1]}/desk/queue-groups.js`);
const {texts, about, places, rows, orders} = JSON.parse(await new Response(process.stdin).text());
const tiles = {street: c => c ? (places.streets[c] || c) : texts.word.unplaced, unit: c => places.units[c] || c,
  className: r => (texts.language !== "en" && r[6]) || texts.domain[r[5]] || texts.domain["99"]};
process.stdout.write(JSON.stringify(orders.map(o => {
  const state = {only: new Set(), text: "", inMap: false, columns: {}, group: o.group, folded: new Set()};
  const parts = {about, texts, tiles, format: {}, commands: {}, now: () => 0, state, ...rowWords(about, texts, tiles)};
  const groups = makeGroups(state, makeFilters(state, parts), parts);
  const column = makeColumns({...parts, othersAt: () => [], grouped: groups.grouped}).find(c => c.colId === o.column);
  const items = rows.map(row => ({id: row[0], row, key: "", passes: true, marks: []}));
  groups.judgeAll(items);
  groups.regroup();
  groups.recount();
  groups.rerank();
  const sign = o.is_descending ? -1 : 1;
  return items.sort((a, b) => sign * column.comparator(0, 0, {data: a}, {data: b}, o.is_descending)).map(i => i.id);
})));
"""
ABOUT = {"street": "", "unit": "", "grid": "", "rights": []}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_server_sorts_as_the_browser_does(tiny: District, language: str) -> None:
    cases = [
        *some_cases(),
        changed(due("C1", 3), class_name="暴露垃圾", returns=2),
        changed(due("C2", 3), channel="APP", lead_unit="Zeta"),
        changed(due("C5", 3), class_name="1号井盖"),
        changed(due("C6", 3), class_name="POS 机", lead_unit=""),
        changed(due("C3", 3), class_name="占道经营", reworks=1, suspended=True),
        changed(row("C4"), deadline_at=None),
    ]
    board = board_of(tiny, *cases)
    board.proposals = {
        "A1": Proposal("A1", 1, "repeat", "repeat", "confirm", NOON),
        "A2": Proposal("A2", 1, "repeat", "repeat", "declined", NOON),
    }
    lens, words, english = DeskLens(board, dict, neighbour=lambda _: ""), texts(language), language == "en"
    orders = [
        QueueOrder(column, down, group, is_district=True)
        for column, down, group in itertools.product(sorted(COLUMNS), (False, True), sorted(GROUPS))
    ]
    given: dict[str, Any] = {
        "texts": words,
        "about": {**ABOUT, **_names(tiny)},
        "orders": orders,
        "places": {
            "streets": {c: tiny.streets_en.get(c, a.name) if english else a.name for c, a in tiny.streets.items()},
            "units": {c: tiny.units_en.get(c, n) if english else n for c, n in tiny.units.items()},
        },
        "rows": [lens.row(case_id) for case_id in board.rows],
    }
    node = shutil.which("node")
    assert node is not None
    call = [node, "--input-type=module", "-e", SCRIPT, str(MODULES)]
    done = subprocess.run(call, input=msgspec.json.encode(given), capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    said = texts_of(tiny, words)
    for order, shown in zip(orders, json.loads(done.stdout), strict=True):
        assert [one.row.case_id for one in order.sorted(_exported(board), said, is_english=english)] == shown, order


def _names(district: District) -> dict[str, dict[str, str]]:
    return {
        "grids": {code: area.name for code, area in district.grids.items()},
        "communities": {code: area.name for code, area in district.communities.items()},
    }


def _exported(board: Any) -> list[ExportedCase]:
    found = []
    for one in board.rows.values():
        struck, proposal = takeover(one, board.district.policy.escalation), board.proposals.get(one.case_id)
        found.append(
            ExportedCase(
                one,
                board.lights[one.case_id],
                struck[0] if struck else None,
                is_untaken(one),
                is_proposed=proposal is not None and proposal.mode != "declined",
            )
        )
    return found
