"""The handover sheet as an A4 page: headings and tables, the same on the screen and on paper. No data access here."""

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.handover_brief import Signatures, appendices, brief
from dashboard.layouts.log_lines import log_text, seat_name, shift_name, street_name
from dashboard.layouts.moments import minute_text
from services.contract.codes import SENSITIVE_DOMAINS
from services.district.package import District
from services.district.spot_names import spots_en
from services.duty.handover import CASE_LISTS, SHOWN
from services.duty.sheet import CaseLine, HandoverNote, Sheet


def sheet_page(
    sheet: Sheet,
    signatures: Signatures,
    words: dict[str, Any],
    district: District,
    notes: Sequence[HandoverNote] = (),
) -> html.Article:
    """One A4 page to read in three minutes; behind it, folded on a screen, everything."""
    page = _Page(sheet, words, district)
    behind = [
        *page.head(), *page.counts(), *page.cases(), *(page.reports() if "reports" in page.letters else ()),
        *page.alarms(), *(page.cameras() if "cameras" in page.letters else ()), *page.sources(), *page.watched(),
        *page.commands(), *page.changes(), *page.log(), *page.signed(signatures),
    ]  # fmt: skip
    return html.Article(
        [
            brief(sheet, signatures, words, district, notes),
            html.Details([html.Summary(words["handover"]["behind"]), *behind], className="behind"),
        ],
        className="handover-sheet",
    )


class _Page:
    """The parts of one page."""

    def __init__(self, sheet: Sheet, words: dict[str, Any], district: District) -> None:
        self.sheet, self.all, self.district = sheet, words, district
        self.words: dict[str, Any] = words["handover"]
        self.letters = appendices(sheet, district)

    def title(self, part: str, text: str) -> html.H2:
        """The heading of a part, with the letter that the first page names."""
        letter = self.letters[part]
        return html.H2([self.words["part"].format(letter=letter), " ", text], id=f"part-{letter}")

    def head(self) -> list[Component]:
        sheet, words = self.sheet, self.words
        seat = seat_name(sheet.seat, self.all, self.district)
        hours = f"{self.at(sheet.shift_from)} – {self.at(sheet.shift_until)}"
        following = f"{shift_name(sheet.next_shift, self.all)} – {self.at(sheet.next_until)}"
        return [
            html.H1([words["title"], html.Small(f" {seat}")]),
            html.P(words["span"].format(since=self.at(sheet.since), at=self.at(sheet.at)), className="span"),
            _table(
                ["", words["handing"], words["taking"]],
                [
                    [words["shift"], f"{shift_name(sheet.shift, self.all)} {hours}", following],
                    ["", self.people(sheet.handing), self.people(sheet.taking)],
                    [words["leader"], sheet.handing_leader or "—", sheet.taking_leader or "—"],
                ],
            ),
        ]

    def counts(self) -> list[Component]:
        sheet, words = self.sheet, self.words
        stands = ("open", "overdue", "due_soon", "suspended", "at_district", "untaken")
        flows = ("reported", "closed", "escalated", "taken")
        return [
            self.title("counts", words["counts"]),
            _table(
                ["", *(words[name] for name in stands)],
                [
                    [words[when], *(getattr(found, name) for name in stands)]
                    for when, found in (("begin", sheet.begin), ("end", sheet.end))
                ],
            ),
            _table(
                ["", *(words[name] for name in flows)],
                [[words["in_shift"], *(getattr(sheet.flow, name) for name in flows)]],
            ),
        ]

    def cases(self) -> list[Component]:
        words = self.words
        found: list[Component] = []
        head = [words[name] for name in ("case", "severity", "class", "place", "unit", "status", "deadline", "about")]
        for name in CASE_LISTS:
            cases = self.sheet.lists.get(name)
            if cases is None:
                continue
            found.append(self.title(name, f"{words['lists'][name]} {cases.n}"))
            found += self.table_or_none(head, [self.case(name, line) for line in cases.lines])
            if cases.rest:
                found.append(html.P(words["rest"].format(n=cases.rest), className="rest"))
        return found

    def case(self, name: str, line: CaseLine) -> list[str]:
        all_words = self.all
        domain = all_words["domain"].get(line.domain, line.domain)
        class_name = self.words["hidden"] if line.domain in SENSITIVE_DOMAINS else line.class_name
        is_english = all_words["language"] == "en" and line.domain not in SENSITIVE_DOMAINS
        grid = self.district.grids.get(line.grid)
        deadline = self.at(line.deadline_at)
        if line.light in {"overdue", "due_soon", "suspended"}:
            deadline += f" {self.words[line.light]}"
        return [
            line.case_id, all_words["word"]["severity"][line.severity], domain if is_english else class_name or domain,
            f"{self.street(line.street)} {grid.name if grid else ''}".strip(), self.unit(line.unit),
            all_words["status"].get(line.status, line.status), deadline, self.about(name, line),
        ]  # fmt: skip

    def about(self, name: str, line: CaseLine) -> str:
        table = {"supervised": self.words["supervised"], "untaken": self.all["reason"], "proposed": self.all["rule"]}
        word = table[name].get(line.about, line.about) if name in table else ""
        return f"{word} {self.at(line.at) if line.at is not None else ''}".strip()

    def reports(self) -> list[Component]:
        words, kinds = self.words, self.all["report"]
        rows = []
        for line in self.sheet.reports:
            names = (kinds["phone"], kinds["written"])
            kind = names[line.number] if line.number < 2 else kinds["follow_up"].format(n=line.number - 1)
            due = kinds["due"].format(at=self.at(line.due_at))
            late = words["overdue"] if line.is_overdue else ""
            rows.append([line.case_id, self.all["word"]["severity"][line.severity], kind, f"{due} {late}".strip()])
        head = [words["case"], words["severity"], kinds["title"], words["deadline"]]
        return [self.title("reports", f"{words['reports']} {len(rows)}"), *self.table_or_none(head, rows)]

    def alarms(self) -> list[Component]:
        words, kinds = self.words, self.all.get("alarm", {}).get("kinds", {})
        rows = [
            [
                kinds.get(a.kind, a.kind),
                a.alarm,
                words["alarm_states"].get(a.state, a.state),
                self.at(a.at),
                a.who or "—",
            ]
            for a in self.sheet.alarms
        ]
        head = [words["alarms"], "", words["status"], words["at"], words["who"]]
        return [self.title("alarms", f"{words['alarms']} {len(rows)}"), *self.table_or_none(head, rows)]

    def cameras(self) -> list[Component]:
        words, cameras = self.words, self.sheet.cameras
        if cameras is None:
            return [self.title("cameras", words["cameras"]), html.P(words["cameras_unknown"])]
        line = words["cameras_line"].format(cameras=cameras.cameras, offline=cameras.offline, degraded=cameras.degraded)
        outages = [words["outage"].format(at=self.at(o.at), n=o.cameras, still=o.still) for o in cameras.outages]
        names = spots_en(self.district) if self.all["language"] == "en" else {}
        lost = [f"{self.street(spot.street)} {names.get(spot.id, spot.name)}" for spot in cameras.lost]
        return [
            self.title("cameras", words["cameras"]),
            html.P(line),
            *_items(outages),
            *([html.H3(f"{words['lost']} {len(lost)}"), *_items(lost)] if lost else []),
        ]

    def sources(self) -> list[Component]:
        words = self.words
        lines = []
        for source in self.sheet.sources:
            word = self.all["source"].get(source.word, source.word)
            since = words["source_since"].format(word=word, since=self.at(source.since))
            lines.append(f"{source.name}: {since}")
        return [self.title("sources", words["sources"]), *(_items(lines) or [html.P(words["none"])])]

    def watched(self) -> list[Component]:
        words, labels = self.words, self.all["watch"]
        rows = [
            [
                f"{self.street(w.street)} {w.name}",
                self.unit(w.watched_by) if w.watched_by else labels["nobody"],
                labels["counts"].format(open=w.open, new=w.new),
                self.at(w.patrolled_at),
            ]
            for w in self.sheet.watched
        ]
        head = [words["watched"], words["unit"], words["counts"], self.all["grid"]["patrol"]]
        return [self.title("watched", words["watched"]), *self.table_or_none(head, rows)]

    def commands(self) -> list[Component]:
        words = self.words
        rows = [
            [
                self.at(c.at),
                self.all["command"].get(c.type, c.type),
                c.case_id,
                words["command_states"].get(c.state, c.state),
                self.refusal(c.reason),
            ]
            for c in self.sheet.commands
        ]
        head = [words["at"], words["commands"], words["case"], words["status"], words["about"]]
        return [self.title("commands", f"{words['commands']} {len(rows)}"), *self.table_or_none(head, rows)]

    def refusal(self, reason: str) -> str:
        """Why the case system refused, in words where there are some: «stale: …»."""
        return str(self.all["refusal"].get(reason.partition(":")[0], reason)) or "—"

    def changes(self) -> list[Component]:
        words, rows = self.words, []
        if not self.sheet.before:
            return [self.title("changes", words["changes"]), html.P(words["first"])]
        for name, change in self.sheet.changes.items():
            if not (change.new or change.gone):
                continue
            gone = [f"{words['why'][why]} {len(ids)}: {self.some(ids)}" for why, ids in change.gone.items()]
            new = f"{len(change.new)}: {self.some(change.new)}" if change.new else "—"
            rows.append([words["lists"][name], new, "; ".join(gone) or "—"])
        if not rows:
            return [self.title("changes", words["changes"]), html.P(words["no_changes"])]
        return [self.title("changes", words["changes"]), _table(["", words["new"], words["gone"]], rows)]

    def log(self) -> list[Component]:
        words = self.words
        rows = [
            [
                self.at(e.at),
                self.all["log"]["kinds"].get(e.kind, e.kind),
                e.who or words["system"],
                f"{e.case_id} {log_text(e, self.all, self.district)}".strip(),
            ]
            for e in self.sheet.log
        ]
        head = [words["at"], self.all["log"]["kind"], words["who"], words["what"]]
        return [self.title("log", f"{words['log']} {len(rows)}"), *self.table_or_none(head, rows)]

    def signed(self, signatures: Signatures) -> list[Component]:
        words = self.words
        rows = [
            [words[name], who or words["not_signed"], self.at(at)]
            for name, who, at in (
                ("sign_out", signatures.out_by, signatures.out_at),
                ("sign_in", signatures.in_by, signatures.in_at),
            )
        ]
        notes: list[Component] = []
        if signatures.digest:
            digest = signatures.digest.partition(":")[0]
            notes.append(html.P(words["digest"].format(digest=digest), className="digest"))
            if not signatures.is_keyed:
                notes.append(html.P(words["unkeyed"], className="dim"))
        if not signatures.is_whole:
            notes.append(html.P(f"▲ {words['changed']}", className="warn"))
        table = _table([words["signed"], words["who"], words["at"]], rows)
        return [html.Section([html.H2(words["signed"]), table, *notes], className="signatures")]

    def table_or_none(self, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Component]:
        return [_table(head, rows)] if rows else [html.P(self.words["none"], className="none")]

    def some(self, ids: Sequence[str]) -> str:
        more = f" {self.words['rest'].format(n=len(ids) - SHOWN)}" if len(ids) > SHOWN else ""
        return str(self.all["unit"]["list"]).join(ids[:SHOWN]) + more

    def people(self, names: Sequence[str]) -> str:
        return str(self.all["unit"]["list"]).join(names) or str(self.words["nobody"])

    def at(self, ms: int | None) -> str:
        return minute_text(ms, self.district.zone)

    def street(self, code: str) -> str:
        return street_name(code, self.all, self.district)

    def unit(self, code: str) -> str:
        name = self.district.units.get(code, code)
        return (self.district.units_en.get(code, name) if self.all["language"] == "en" else name) or "—"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> html.Table:
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(text, scope="col") for text in head])),
            html.Tbody([html.Tr([html.Td(str(cell)) for cell in row]) for row in rows]),
        ]
    )


def _items(lines: Sequence[str]) -> list[Component]:
    return [html.Ul([html.Li(line) for line in lines])] if lines else []
