"""The first page of a handover sheet: what two tired people read in three minutes, and sign. No data access here."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from dashboard.layouts.log_lines import log_text, seat_name, shift_name, street_name
from dashboard.layouts.moments import dated_text, minute_text
from services.contract.codes import SENSITIVE_DOMAINS
from services.district.package import District
from services.duty.handover import CASE_LISTS, LISTS
from services.duty.logbook import Entry
from services.duty.seats import seat_kind
from services.duty.sheet import AheadLine, HandoverNote, Sheet

MINUTE_MS = 60_000
AHEAD_SHOWN, CHANGED_SHOWN, OWED_SHOWN = 7, 4, 5
# The parts that a unit's sheet has not: its streets and the centre report, and watch by cameras.
OF_STREETS = frozenset({"reports", "cameras"})
# Of the log what changes a night, the weightiest first.
WEIGHTY = ("incident", "feed", "escalation", "command")


class Signatures(NamedTuple):
    """Who signed, and when (Unix ms); empty and None: not yet. ``is_whole``: the sheet is the one that was signed.

    ``is_keyed``: only who has the data key could have made its digest. The reasons are of strangers to the roster, whom
    a leader accepts. ``warning``: what a stranger who may sign is told before.
    """

    out_by: str = ""
    out_at: int | None = None
    in_by: str = ""
    in_at: int | None = None
    digest: str = ""
    is_whole: bool = True
    is_keyed: bool = True
    out_reason: str = ""
    in_reason: str = ""
    accepted_by: str = ""
    accepted_at: int | None = None
    warning: str = ""


def appendices(sheet: Sheet, district: District) -> dict[str, str]:
    """The parts behind the first page → their letters, in their order: the first page names them, the parts repeat.

    A unit's sheet has neither reports nor cameras.
    """
    cases = (name for name in CASE_LISTS if name in sheet.lists)
    parts = ["counts", *cases, "reports", "alarms", "cameras", "sources", "watched", "commands", "changes", "log"]
    if seat_kind(district, sheet.seat) == "unit":
        parts = [part for part in parts if part not in OF_STREETS]
    return dict(zip(parts, ascii_uppercase, strict=False))


def brief(
    sheet: Sheet, signatures: Signatures, words: dict[str, Any], district: District, notes: Sequence[HandoverNote] = ()
) -> html.Section:
    """Verdict, what changed, what breaks next, what is owed, notes, the rest as counts, signatures."""
    page = _Brief(sheet, words, district)
    return html.Section(
        [
            page.head(), html.P(page.verdict(), className="verdict"), *page.roster(signatures), *page.changed(),
            *page.ahead(), *page.owed(), *page.notes(notes), *page.rest(), *page.signs(signatures),
        ],
        className="brief",
    )  # fmt: skip


def sheet_title(sheet: Sheet, words: dict[str, Any], district: District) -> str:
    """The page's title, which is the file's name where it is printed into one: whose sheet, and when."""
    page = _Brief(sheet, words, district)
    return f"{page.words['title']} {page.seat()} {dated_text(sheet.at, district.zone)[:16]}"


def brief_lines(sheet: Sheet, words: dict[str, Any], district: District) -> list[str]:
    """The page in some lines of text: what one who signs has read."""
    page = _Brief(sheet, words, district)
    lines = [" · ".join(page.ahead_cells(line)) for line in sheet.ahead[:AHEAD_SHOWN]]
    return [page.verdict(), *lines, *(f"{note.who}: {note.text}" for note in sheet.notes)]


class _Brief:
    """The parts of one page."""

    def __init__(self, sheet: Sheet, words: dict[str, Any], district: District) -> None:
        self.sheet, self.all, self.district = sheet, words, district
        self.words: dict[str, Any] = words["handover"]
        self.letters = appendices(sheet, district)
        self.parts = 0

    def seat(self) -> str:
        return seat_name(self.sheet.seat, self.all, self.district)

    def head(self) -> html.Header:
        sheet, words = self.sheet, self.words
        hours = f"{shift_name(sheet.shift, self.all)} {self.at(sheet.shift_from)}–{self.at(sheet.shift_until)}"
        following = f"{shift_name(sheet.next_shift, self.all)} –{self.at(sheet.next_until)}"
        return html.Header(
            [
                html.H1([words["title"], html.Small(f" {words['short']} · {self.seat()}")]),
                html.P(
                    [
                        f"{hours} → {following}",
                        html.Br(),
                        words["made_at"].format(at=dated_text(sheet.at, self.district.zone)[:16]),
                    ]
                ),
            ]
        )

    def verdict(self) -> str:
        """The night in one line."""
        sheet, words = self.sheet, self.words
        parts = [
            words["verdict"].format(
                open=f"{sheet.end.open:,}",
                open_more=self.more(sheet.end.open - sheet.begin.open),
                overdue=f"{sheet.end.overdue:,}",
                overdue_more=self.more(sheet.end.overdue - sheet.begin.overdue),
            )
        ]
        if sheet.end.untaken:
            parts.append(words["verdict_untaken"].format(n=sheet.end.untaken))
        if sheet.reports:
            first = min(sheet.reports, key=lambda line: line.due_at)
            late = words["verdict_report_late" if first.is_overdue else "verdict_report"]
            parts.append(late.format(n=len(sheet.reports), at=self.at(first.due_at)))
        return str(words["join"]).join(parts) + str(words["full_stop"])

    def more(self, n: int) -> str:
        return str(self.words["as_many"] if not n else self.words["more" if n > 0 else "fewer"].format(n=f"{abs(n):,}"))

    def roster(self, signatures: Signatures) -> list[Component]:
        """Who has signed, or is about to, and is not on the roster, with the two ways out."""
        sheet, words = self.sheet, self.words
        if signatures.accepted_by:
            return []
        found: list[Component] = []
        if signatures.warning:
            found.append(html.P([html.B(f"▲ {signatures.warning}"), html.Br(), words["two_ways"]]))
        for side, reason, who, names in (
            ("handing", signatures.out_reason, signatures.out_by, [*sheet.handing, sheet.handing_leader]),
            ("taking", signatures.in_reason, signatures.in_by, [*sheet.taking, sheet.taking_leader]),
        ):
            if reason:
                on = str(self.all["unit"]["list"]).join(filter(None, names)) or words["nobody"]
                text = words["stranger"].format(side=words[side], who=who, names=on, reason=reason)
                found.append(html.P([html.B(f"▲ {text}"), html.Br(), words["two_ways"]]))
        return [html.Div(found, className="roster", role="alert")] if found else []

    def changed(self) -> list[Component]:
        sheet, words = self.sheet, self.words
        begin, end, flow, cameras = sheet.begin, sheet.end, sheet.flow, sheet.cameras
        online = "—" if not cameras or not cameras.cameras else f"{1 - cameras.offline / cameras.cameras:.1%}"
        of = words["cameras_unknown"]
        if cameras is not None:
            of = f"{cameras.cameras - cameras.offline:,} / {cameras.cameras:,}"
        figures = [
            (words["open"], f"{end.open:,}", words["at_begin"].format(n=f"{begin.open:,}")),
            (words["overdue"], f"{end.overdue:,}", words["at_begin"].format(n=f"{begin.overdue:,}")),
            (words["due_soon"], f"{end.due_soon:,}", words["at_begin"].format(n=f"{begin.due_soon:,}")),
            (f"{words['reported']} · {words['closed']}", f"{flow.reported:,} · {flow.closed:,}", words["in_shift"]),
            (words["escalated"], f"{flow.escalated:,}", words["untaken_n"].format(n=end.untaken)),
            *([(words["cameras_online"], online, of)] if "cameras" in self.letters else []),
        ]
        lines = [
            [self.at(entry.at), log_text(entry, self.all, self.district), entry.case_id] for entry in self.weightiest()
        ]
        span = words["span"].format(since=self.at(sheet.since), at=self.at(sheet.at))
        return [
            self.heading("changed_head", f"{span} · {words['heavy_first']}"),
            html.Dl([_figure(*one) for one in figures], className="figs"),
            *self.rows(lines, words["nothing_changed"]),
        ]

    def weightiest(self) -> list[Entry]:
        """The shift's weightiest entries, of each case one."""
        found = [entry for entry in self.sheet.log if entry.kind in WEIGHTY]
        found.sort(key=lambda entry: (WEIGHTY.index(entry.kind), -entry.at))
        once = {entry.case_id or entry.mark: entry for entry in reversed(found)}
        return [entry for entry in found if once[entry.case_id or entry.mark] is entry][:CHANGED_SHOWN]

    def ahead(self) -> list[Component]:
        sheet, words = self.sheet, self.words
        shown = sheet.ahead[:AHEAD_SHOWN]
        of = "ahead_basis" if sheet.ahead_n > len(shown) else "ahead_basis_all" if shown else "ahead_basis_none"
        basis = words[of].format(until=self.at(sheet.next_until), all=sheet.ahead_n, shown=len(shown))
        rows = [
            html.Li([html.Span(cell) for cell in cells], className="now" if cells[1] == "◆" else "")
            for cells in map(self.ahead_cells, shown)
        ]
        listed: Component = html.Ol(rows, className="breaks") if rows else html.P(words["nothing_breaks"])
        also = [html.P(words["ordinary"].format(n=f"{sheet.ordinary:,}"), className="dim")] if sheet.ordinary else []
        return [self.heading("ahead_head", basis), listed, *also]

    def ahead_cells(self, line: AheadLine) -> list[str]:
        """When, its sign, where and what, what is left, who."""
        words = self.words
        left = line.at - self.sheet.at
        is_soon = left < 60 * MINUTE_MS or line.severity <= 2
        sign = "◆" if line.kind == "untaken" or left <= 0 else "▲" if is_soon else "·"
        is_plain = line.domain in SENSITIVE_DOMAINS or self.all["language"] == "en"
        matter = self.all["domain"].get(line.domain, "") if is_plain else line.class_name
        kind = words["ahead"][line.kind]
        if line.kind == "report":
            number, kinds = int(line.about), self.all["report"]
            kind = (kinds["phone"], kinds["written"])[number] if number < 2 else kinds["follow_up"].format(n=number - 1)
        where = f"{street_name(line.street, self.all, self.district)} {matter or line.case_id}".strip()
        unit = self.district.units.get(line.unit, line.unit)
        who = self.district.units_en.get(line.unit, unit) if self.all["language"] == "en" else unit
        told = words["at_once"] if abs(left) < MINUTE_MS else words["left" if left > 0 else "late_by"]
        return [
            self.at(line.at),
            sign,
            f"{where}，{kind}" if self.all["language"] != "en" else f"{where}, {kind}",
            told.format(t=self.length(abs(left))),
            who or "—",
        ]

    def length(self, ms: int) -> str:
        hours, minutes = divmod(ms // MINUTE_MS, 60)
        return str(self.words["hours"].format(h=hours, m=minutes) if hours else self.words["minutes"].format(m=minutes))

    def owed(self) -> list[Component]:
        if "reports" not in self.letters:
            return []
        words, kinds = self.words, self.all["report"]
        lines = []
        for line in sorted(self.sheet.reports, key=lambda one: one.due_at)[:OWED_SHOWN]:
            names = (kinds["phone"], kinds["written"])
            kind = names[line.number] if line.number < 2 else kinds["follow_up"].format(n=line.number - 1)
            late = words["overdue"] if line.is_overdue else ""
            lines.append([f"☐ {self.at(line.due_at)}", f"{line.case_id} {kind}", late])
        rest = len(self.sheet.reports) - len(lines)
        more = [html.P(words["rest"].format(n=rest), className="dim")] if rest > 0 else []
        return [self.heading("owed_head", words["tick"]), *self.rows(lines, words["none_owed"]), *more]

    def notes(self, notes: Sequence[HandoverNote]) -> list[Component]:
        words = self.words
        lines = [
            [self.at(n.at), (f"{words['addition']}：" if n.is_addition else "") + n.text, n.who]
            for n in (notes or self.sheet.notes)
        ]
        return [self.heading("notes_head", words["own_words"]), *self.rows(lines, words["no_notes"], "notes")]

    def rest(self) -> list[Component]:
        """What is folded behind, as counts, each with the letter of its appendix."""
        words, sheet = self.words, self.sheet
        letters = self.letters | ({"lost_view": self.letters["cameras"]} if "cameras" in self.letters else {})
        counts = {name: len(sheet.members.get(name, ())) for name in LISTS if name in letters}

        def see(name: str) -> html.Small:
            return html.Small([" ", html.A(words["see"].format(letter=letters[name]), href=f"#part-{letters[name]}")])

        cells = [html.Li([f"{words['lists'][name]} ", html.B(f"{n:,}"), see(name)]) for name, n in counts.items() if n]
        return [self.heading("rest_head", words["behind"]), html.Ul(cells, className="fold")]

    def signs(self, signatures: Signatures) -> list[Component]:
        sheet, words = self.sheet, self.words
        leader = sheet.taking_leader or sheet.handing_leader or "—"
        needs = bool(signatures.out_reason or signatures.in_reason)
        accepted = signatures.accepted_by or (words["to_be_accepted"] if needs else words["not_needed"])
        return [
            self.heading("signs_head", words["signs_rule"]),
            html.Div(
                [
                    self.sign("handing", signatures.out_by, signatures.out_at, signatures.out_reason),
                    self.sign("taking", signatures.in_by, signatures.in_at, signatures.in_reason),
                    html.Div(
                        [
                            html.P(words["leader"]),
                            html.P(accepted, className="name"),
                            html.P(f"{leader} {self.at(signatures.accepted_at) if signatures.accepted_at else ''}"),
                        ]
                    ),
                ],
                className="signs",
            ),
        ]

    def sign(self, side: str, who: str, at: int | None, reason: str) -> html.Div:
        words = self.words
        if not who:
            return html.Div(
                [html.P(words[side]), html.P(f"▲ {words['not_handed']}", className="name warn"), html.P("—")]
            )
        word = f"▲ {words['off_roster']}" if reason else words["on_roster"]
        return html.Div([html.P(words[side]), html.P(who, className="name"), html.P(f"{self.at(at)} · {word}")])

    def heading(self, key: str, basis: str) -> html.H2:
        """The next part's heading; which parts there are depends on the seat."""
        self.parts += 1
        gap = " " if self.all["language"] == "en" else "\u3000"
        return html.H2([f"{self.parts}{gap}{self.words[key]}", html.Small(basis)])

    def rows(self, lines: Sequence[Sequence[str]], none: str, name: str = "lines") -> list[Component]:
        if not lines:
            return [html.P(none, className="dim")]
        return [html.Ol([html.Li([html.Span(cell) for cell in line]) for line in lines], className=name)]

    def at(self, ms: int | None) -> str:
        return minute_text(ms, self.district.zone)


def _figure(name: str, value: str, more: str) -> html.Div:
    return html.Div([html.Dt(name), html.Dd([html.Strong(value), html.Small(more)])])
