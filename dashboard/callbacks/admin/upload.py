"""/admin/upload: a table as CSV or Excel, or a package as a zip or its files; read, checked, shown, then saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, request

from dashboard.callbacks.admin.package_faults import fault_lines
from dashboard.callbacks.admin.package_pages import PAGES, PackagePages, Unsaved
from dashboard.door.access import person
from dashboard.door.routes import add_routes, redirect
from services.admin.changes import PART_OF, Author, ChangeRefused
from services.admin.roster_gaps import DAYS, roster_faults, seat_names
from services.admin.table_edit import rows_of
from services.admin.upload import (
    MOST_FILES,
    MOST_TABLE,
    MOST_UPLOADED,
    UploadedPackage,
    UploadRefused,
    package_of_files,
    package_of_zip,
    table_file,
)
from services.admin.upload_service import PACKAGE, FileDifference, Uploads
from services.district.load import PackageError, PackageFault
from services.files.fault import FileFault

TABLES = ("roster", "campaigns", "departments", "class_map", "categories")
LINES, ROSTER_FAULTS = 40, 8


@dataclass(frozen=True, slots=True)
class UploadPage:
    """The page, what it takes, and its save."""

    pages: PackagePages
    uploads: Uploads

    @property
    def words(self) -> dict[str, Any]:
        """The texts of this page."""
        found: dict[str, Any] = self.pages.words["upload"]
        return found

    def upload_page(self) -> Response:
        """Show the forms, or what an upload that waits would change."""
        return self._show(_kind(request.args.get("kind", "")), request.args.get("upload", "")[:32])

    def upload_files(self) -> Response:
        """Read what comes, check it, keep it for its reason. Nothing is in force by it."""
        request.max_content_length = MOST_UPLOADED
        asking, kind = person(), _kind(request.args.get("kind", ""))
        try:
            given = [(one.filename or "", one.read()) for one in request.files.getlist("file") if one.filename]
            if not given:
                raise UploadRefused("no_file")
            labels = self._labels()
            is_whole = kind == PACKAGE and request.form.get("how") == "whole"
            said = given[0][0] if len(given) == 1 else given[0][0].replace("\\", "/").split("/")[0]
            made = self.uploads.keep(
                Author(asking.user_id, asking.name),
                kind,
                said[:200],
                lambda: self._read(kind, given, labels),
                is_whole=is_whole,
            )
        except PackageError as error:
            lines = fault_lines(error.faults, self.pages.shell.words())
            return self._show(kind, "", 400, wrong=self.words["faults"], lines=lines)
        except FileFault as error:
            faults = [
                PackageFault(f"{kind}.csv", f"line {f.line}" if f.line else "", f.problem, f.remedy)
                for f in error.faults
            ]
            lines = fault_lines(faults, self.pages.shell.words())
            return self._show(kind, "", 400, wrong=self.words["no_table"], lines=lines)
        except UploadRefused as refused:
            return self._show(kind, "", 400, wrong=self._refusal(refused))
        except ChangeRefused as refused:
            code = 400 if refused.code == "same" else 409
            return self._show(kind, "", code, wrong=self.pages.refusal(refused))
        self.pages.shell.record("package_uploaded", asking, f"{kind} {made.said}"[:200], {"upload": made.id})
        return redirect(self.pages.shell.to("/admin/upload", kind=kind, upload=made.id), 303)

    def save_upload(self) -> Response:
        """Save what was uploaded as a version, or forget it."""
        asking, form = person(), request.form
        author = Author(asking.user_id, asking.name)
        kind, upload = _kind(form.get("kind", "")), form.get("upload", "")[:32]
        if form.get("do") == "drop":
            self.uploads.drop(author)
            return redirect(self.pages.shell.to("/admin/upload", kind=kind), 303)
        from_ms = self.pages.tomorrow() if form.get("from") == "tomorrow" else 0
        reason = form.get("reason", "").strip()[:501]
        try:
            made = self.pages.save(self.uploads.save(author, upload, reason, from_ms))
        except UploadRefused as refused:
            return self._show(kind, "", 409, wrong=self._refusal(refused))
        except Unsaved as error:
            return self._show(kind, upload, error.code, wrong=error.words, lines=error.lines)
        self.uploads.drop(author)
        page = "/admin/upload" if kind == PACKAGE else f"/admin/tables/{kind}"
        return redirect(self.pages.shell.to(page, done=made.number), 303)

    def _read(
        self, kind: str, given: list[tuple[str, bytes]], labels: Mapping[str, str]
    ) -> tuple[UploadedPackage, str]:
        """The files of the package that were given, and as what; without a request. Raises UploadRefused, FileFault."""
        if kind == PACKAGE:
            if len(given) == 1 and given[0][1][:2] == b"PK":
                return package_of_zip(given[0][1]), "zip"
            return package_of_files(given), "folder"
        if len(given) > 1:
            raise UploadRefused("one_file")
        content, how = table_file(kind, given[0][1], labels, self._moment)
        return UploadedPackage({f"{kind}.csv": content}, []), how

    def _labels(self) -> dict[str, str]:
        """What the pages call a column, in the page's language → the column."""
        columns: Mapping[str, Mapping[str, str]] = self.pages.words["tables"]["columns"]
        return {label["name"]: column for column, label in columns.items()}

    def _moment(self, text: str) -> str:
        shell = self.pages.shell
        try:
            return datetime.fromtimestamp(shell.entered(text) / 1000, shell.district.zone).isoformat()
        except (ValueError, OverflowError):
            return text  # the check says that it is none

    def _refusal(self, refused: UploadRefused) -> str:
        return str(self.words["refused"][refused.code]).format(**refused.fields)

    def _show(self, kind: str, upload: str, code: int = 200, *, wrong: str = "", lines: Sequence[str] = ()) -> Response:
        shell, words, asking = self.pages.shell, self.pages.words, person()
        waits: dict[str, Any] | None = None
        if upload:
            try:
                waits = self._waiting(Author(asking.user_id, asking.name), upload)
            except UploadRefused as refused:
                code, wrong = 409 if code == 200 else code, wrong or self._refusal(refused)
        part = PACKAGE if kind == PACKAGE else PART_OF[f"{kind}.csv"]
        return shell.show(
            kind if kind != PACKAGE else "upload", "admin_upload.html", code, wrong=wrong, lines=[*lines],
            said="" if wrong else self.pages.done(), o=words, r=words["upload"], kind=kind, waits=waits,
            table=shell.words()["admin"]["rail"][kind] if kind != PACKAGE else "",
            back=shell.to(PAGES[part] if kind == PACKAGE else f"/admin/tables/{kind}"),
            most=MOST_UPLOADED // 2**20 if kind == PACKAGE else MOST_TABLE // 2**20, most_files=MOST_FILES,
            history=self.pages.history(part, self.name_of) if kind == PACKAGE else [], part=part, about="",
            shadowed=self.pages.shadowed(),
        )  # fmt: skip

    def _waiting(self, author: Author, upload: str) -> dict[str, Any]:
        one, found, files = self.uploads.kept(author, upload)
        words = self.words
        return {
            "id": one.id,
            "said": one.said,
            "how": words["came"].get(one.how, words["came"]["other"].format(k=one.how)),
            "left_out": one.left_out,
            "files": [self._file(file) for file in found],
            "roster": self._gaps(files.get("roster.csv")),
        }

    def _file(self, one: FileDifference) -> dict[str, Any]:
        """What an upload changes in a file, in words."""
        words = self.pages.words
        lines = [self._line(*line) for line in one.lines] if one.fate == "changed" else []
        return {
            "name": words["fault"]["file"].get(one.file.replace(".", "_"), one.file),
            "file": one.file,
            "fate": self.words["fate"][one.fate],
            "lines": lines[:LINES],
            "more": words["and_more"].format(n=len(lines) - LINES) if len(lines) > LINES else "",
        }

    def _line(self, what: str, before: str, after: str) -> dict[str, str]:
        words = self.pages.words
        if what == "…":
            return {"what": words["and_more"].format(n=after), "before": "", "after": ""}
        key, _, column = what.partition("|")
        name = self.name_of(key, column) if what else words["whole_file"]
        fate = self.words["row_new"] if not before else self.words["row_gone"] if not after else ""
        return {"what": name, "before": before or words["none"], "after": after or words["none"], "fate": fate}

    def name_of(self, key: str, column: str) -> str:
        """What a difference is about: a file where it is named, a row or a value, a column."""
        file, colon, rest = key.partition(": ")
        if colon and file.endswith((".csv", ".toml", ".geojson")):
            shown = self.pages.words["fault"]["file"].get(file.replace(".", "_"), file)
            key = f"{shown} {rest or self.pages.words['whole_file']}"
        fields: Mapping[str, Mapping[str, str]] = self.pages.words["field"]
        labels: Mapping[str, Mapping[str, str]] = self.pages.words["tables"]["columns"]
        key = str(fields[key]["name"]) if key in fields else key
        return f"{key} {labels.get(column, {'name': column})['name']}" if column else key

    def _gaps(self, roster: bytes | None) -> list[str]:
        """Where the uploaded roster leaves a seat alone, or has two shifts at once."""
        if roster is None:
            return []
        shell, words = self.pages.shell, self.pages.words["tables"]
        rows = [row.cells for row in rows_of("roster", roster)]
        faults = roster_faults(rows, shell.clock.now_ms(), shell.district.code)
        seats = seat_names(shell.district)
        lines = [
            words[one.kind].format(
                seat=seats.get(one.seat, words["centre"]),
                a=shell.at(one.start, "%m-%d %H:%M"),
                b=shell.at(one.end, "%m-%d %H:%M"),
            )
            for one in faults[:ROSTER_FAULTS]
        ]
        head = [words["faults"].format(n=DAYS)] if lines else []
        rest = len(faults) - ROSTER_FAULTS
        return [*head, *lines, *([self.pages.words["and_more"].format(n=rest)] if rest > 0 else [])]


def _kind(text: str) -> str:
    return text if text in TABLES else PACKAGE


def register_upload(server: Flask, pages: PackagePages, uploads: Uploads) -> None:
    """Add the page, what it takes, and its save."""
    page = UploadPage(pages, uploads)
    add_routes(
        server,
        [
            ("/admin/upload", "GET", page.upload_page),
            ("/admin/upload", "POST", page.upload_files),
            ("/admin/upload/save", "POST", page.save_upload),
        ],
    )
