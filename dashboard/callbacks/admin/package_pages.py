"""What the pages of the package share: saving with a version token, the history beside a form, undo, refusals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import flask
from flask import Flask, Response, request

from dashboard.callbacks.admin.package_faults import fault_lines
from dashboard.callbacks.admin.shell import AdminShell
from dashboard.door.access import person
from dashboard.door.routes import add_routes, redirect
from services.admin.changes import FILES, Author, ChangeRefused, PackageChange, PackageVersion
from services.admin.package_service import PackageKeeper
from services.district.load import PackageError
from services.district.watch_windows import read_windows, written_windows
from services.platform.clock import DAY_MS, MINUTE_MS

HISTORY = 60
# The page on which each part is changed.
PAGES = {
    "policy": "/admin/policy",
    "areas": "/admin/areas",
    "roster": "/admin/tables/roster",
    "campaigns": "/admin/tables/campaigns",
    "departments": "/admin/tables/departments",
    "classes": "/admin/tables/class_map",
    "package": "/admin/upload",
}
NameOf = Callable[[str, str], str]


class Unsaved(Exception):
    """What was asked for was not saved; ``words`` say why, ``lines`` every fault."""

    def __init__(self, words: str, lines: Sequence[str] = (), code: int = 409) -> None:
        super().__init__(words)
        self.words, self.lines, self.code = words, lines, code


@dataclass(frozen=True, slots=True)
class PackagePages:
    """The package of this process, changed on the pages of /admin."""

    shell: AdminShell
    keeper: PackageKeeper

    @property
    def words(self) -> dict[str, Any]:
        """The texts of these pages."""
        found: dict[str, Any] = self.shell.words()["package"]
        return found

    def save(self, change: PackageChange) -> PackageVersion:
        """Save a change and put it on the audit. Raises Unsaved."""
        return self._kept(lambda author: self.keeper.save(author, change))

    def undo(self) -> PackageVersion:
        """Take back the version that the form names. Raises Unsaved."""
        form = request.form
        number, seen = entered_number("number"), entered_number("seen")
        undo = self.keeper.back_before if form.get("how") == "back" else self.keeper.undo
        return self._kept(lambda author: undo(author, number, form.get("reason", "").strip()[:501], seen))

    def _kept(self, work: Callable[[Author], PackageVersion]) -> PackageVersion:
        asking = person()
        try:
            made = work(Author(asking.user_id, asking.name))
        except PackageError as error:
            raise Unsaved(self.words["faults"], fault_lines(error.faults, self.shell.words()), 400) from None
        except ChangeRefused as refused:
            raise Unsaved(self.refusal(refused), code=400 if refused.code == "reason" else 409) from None
        self.shell.record(
            "package_changed",
            asking,
            f"{made.part} {made.about}".strip(),
            {
                "version": made.number,
                "part": made.part,
                "act": made.act,
                "reason": made.reason,
                **({"undoes": made.undoes} if made.undoes else {}),
                "hash": {
                    file: f"{one[:16] or '—'} → {other[:16] or '—'}" for file, (one, other) in made.hashes.items()
                },
            },
        )
        return made

    def refusal(self, refused: ChangeRefused) -> str:
        """Why a change was not made, in words."""
        words, by = self.words, refused.by
        if refused.code == "stale":
            if by is None:
                return str(words["stale_now"])
            return str(words["stale"]).format(name=by.name or by.who, t=self.ago(by.at))
        if refused.code == "conflict" and by:
            return str(words["conflict"]).format(n=by.number, name=by.name or by.who)
        return str(words["bad_reason" if refused.code == "reason" else refused.code])

    def ago(self, ms: int) -> str:
        """How long since, near the present; else when."""
        minutes = (self.shell.clock.now_ms() - ms) // MINUTE_MS
        if 0 <= minutes < 60:
            return str(self.words["minutes_ago"]).format(n=minutes) if minutes else str(self.words["just_now"])
        return self.shell.at(ms)

    def saved(self, made: PackageVersion) -> str:
        """What is said when something was saved or taken back."""
        if made.effective_at > made.at:
            return str(self.words["saved_later"]).format(n=made.number, t=self.shell.at(made.effective_at))
        return str(self.words["undone" if made.undoes else "saved"]).format(n=made.number)

    def shadowed(self) -> str:
        """A sentence where a file of the folder was replaced by hand under a change that was made here."""
        files = self.keeper.shadowed()
        return str(self.words["conflict_files"]).format(files=" ".join(files)) if files else ""

    def done(self) -> str:
        """What is said of the version that the address names as just made."""
        number = request.args.get("done", "")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            return ""
        try:
            return self.saved(self.keeper.version(int(number))[0])
        except ChangeRefused:
            return ""

    def tomorrow(self) -> int:
        """When the next day begins, by the district's calendar (Unix milliseconds)."""
        zone, now = self.shell.district.zone, self.shell.clock.now_ms()
        day = datetime.fromtimestamp(now / 1000, zone).date() + timedelta(days=1)
        found = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
        return found if found > now else now + DAY_MS

    def history(self, part: str, name_of: NameOf, about: str = "") -> list[dict[str, Any]]:
        """The changes of a part's files, newest first, each with what may be taken back; of ``package`` all."""
        words, parts = self.words, {str(name): files for name, files in FILES.items()}
        found = self.keeper.history(parts.get(part, ()), limit=HISTORY)
        newest = self.keeper.newest({file for one in found for file in one.files})
        return [
            {
                "number": one.number,
                "who": one.name or one.who,
                "at": self.shell.at(one.at),
                "reason": one.reason,
                "since": words["since"].format(t=self.shell.at(one.effective_at)) if one.effective_at > one.at else "",
                "act": words[f"act_{one.act}"].format(n=one.undoes or "") if one.act != "change" else "",
                "lines": [*self._lines(one, name_of)],
                "is_newest": all(newest[file] == one.number for file in one.files),
                "seen": max(newest[file] for file in one.files),
            }
            for one in found
            if not about or one.about == about or any(what == about for what, _before, _after in one.changes)
        ]

    def _lines(self, one: PackageVersion, name_of: NameOf) -> Iterator[dict[str, str]]:
        words = self.words
        for what, before, after in one.changes:
            if what == "…":
                yield {"what": words["and_more"].format(n=after), "before": "", "after": ""}
                continue
            key, _, column = what.partition("|")
            both = [self.windows_said(text) if column == "windows" else text for text in (before, after)]
            yield {
                "what": name_of(key, column) if what else words["whole_file"],
                "before": both[0] or words["none"],
                "after": both[1] or words["none"],
            }

    def windows_said(self, kept: str) -> str:
        """When an area is watched, in the page's language; as it stands where it cannot be read."""
        try:
            return written_windows(read_windows(kept), is_chinese=self.shell.words()["language"] != "en")
        except ValueError:  # a version keeps a bounded part of a long text
            return kept

    def undo_version(self) -> Response:
        """Take a version back; the answer is the page of its part, which says so."""
        part = request.form.get("part", "")
        if part not in PAGES:
            flask.abort(404)
        about = request.form.get("about", "")[:200]
        try:
            made = self.undo()
        except Unsaved as error:
            here, back = PAGES[part].rpartition("/")[2], self.shell.to(PAGES[part], about=about)
            return self.shell.show(
                here, "admin_unsaved.html", error.code, wrong=error.words, lines=error.lines, back=back
            )
        aim = self.shell.to(
            PAGES[part], **({"field": about} if part == "policy" else {"about": about}), done=made.number
        )
        return redirect(aim, 303)


def entered_number(name: str) -> int:
    """A whole number of the form; 0 where it is none."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def register_package(server: Flask, pages: PackagePages) -> None:
    """Add the undo that all of these pages have."""
    add_routes(server, [("/admin/package/undo", "POST", pages.undo_version)])
