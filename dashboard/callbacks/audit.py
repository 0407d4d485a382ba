"""The auditor's page: what people did, newest first; look for it, take it along, check the chain. Plain HTML."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import flask
import msgspec
from flask import Flask, Response, request
from gevent.lock import BoundedSemaphore
from sqlalchemy import Engine

from dashboard.door.access import person, refuse
from dashboard.door.bodies import number
from dashboard.door.exporting import download
from dashboard.door.navigation import links
from dashboard.door.recording import Recorder
from dashboard.texts import texts
from services.access.rights import ROLES
from services.audit import ACTIONS, ALARMING, KEPT_DAYS, AuditRecord
from services.audit import log_service as store
from services.audit.log_service import AuditQuery
from services.audit.verdict import ChainVerdict
from services.district.package import District
from services.platform.clock import DAY_MS, machine_ms
from services.platform.text import safe

SHOWN = 100
MOST_ROWS = 100_000
ALARMING_FOR_MS, ALARMING_SHOWN = 7 * DAY_MS, 20
LONGEST_CHECK_S = 300
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Auditing:
    """What the page needs."""

    engine: Engine
    district: District
    data_key: str
    heads_file: Path
    offload: Callable[[Any], Any]
    record: Recorder

    def wanted(self) -> AuditQuery:
        """What the query asks for; a day or an action that is none is not asked for."""
        asked = {name: request.args.get(name, "")[:200] for name in ("who", "action", "object", "since", "until")}
        since, until = self._day(asked["since"]), self._day(asked["until"])
        actions = (asked["action"],) if asked["action"] in ACTIONS else ()
        return AuditQuery(
            asked["who"].strip(),
            actions,
            asked["object"].strip(),
            None if since is None else self._midnight(since),
            None if until is None else self._midnight(until + DAY),
        )

    def _day(self, text: str) -> date | None:
        try:
            found = date.fromisoformat(text)
        except ValueError:
            return None
        return found if 2000 <= found.year <= 2100 else None

    def _midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self.district.zone).timestamp() * 1000)

    def page(self, verdict: ChainVerdict | None = None, wrong: str = "", code: int = 200) -> Response:
        """The page for what the query asks."""
        words, wanted, below = texts(request.args.get("lang", "")), self.wanted(), number("below", 0, 0, (1 << 63) - 1)

        alarming = AuditQuery(actions=ALARMING, since=machine_ms() - ALARMING_FOR_MS)

        def read() -> tuple[list[AuditRecord], store.Head, AuditRecord | None, list[AuditRecord]]:
            with self.engine.connect() as connection:
                rows = store.newest(connection, wanted, SHOWN + 1, below or None)
                odd = store.newest(connection, alarming, ALARMING_SHOWN)
                return rows, store.head(connection), next(store.records(connection, 1), None), odd

        rows, head, first, odd = self.offload(read)
        asked = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value}
        self.record("audit_read", person(), "", {"asked": asked, "rows": min(len(rows), SHOWN), "below": below})
        query = {k: v for k in ("who", "action", "object", "since", "until", "lang") if (v := request.args.get(k))}
        more = f"/audit?{urlencode({**query, 'below': rows[SHOWN - 1].number})}" if len(rows) > SHOWN else ""
        other = {**query, "lang": "zh-CN" if words["language"] == "en" else "en"}
        body = flask.render_template(
            "audit.html", w=words, a=words["audit"], p=person(), rows=[*self.lines(rows[:SHOWN], words)], more=more,
            asked=query, query=urlencode(query), newest=f"/audit?{urlencode(query)}" if below else "", head=head.noted,
            actions=ACTIONS, kept=KEPT_DAYS, since="" if first is None else self.at(first.at), verdict=verdict,
            alarming=[*self.lines(odd, words)], wrong=wrong, links=links(person(), words),
            other=f"/audit?{urlencode(other)}", name=self.district.name, most=MOST_ROWS,
        )  # fmt: skip
        return Response(body, code, content_type="text/html; charset=utf-8")

    def lines(self, rows: Iterable[AuditRecord], words: dict[str, Any]) -> Iterator[list[str]]:
        """Rows in words: number, time, who, role and street, from where, what, of what, what else."""
        labels, roles, streets = words["audit"], words["role"], self.district.streets
        for row in rows:
            role = roles[row.role] if row.role in ROLES else labels["operator"] if row.role else ""
            street = streets[row.street].name if row.street in streets else row.street
            yield [
                str(row.number), self.at(row.at), row.who or labels["nobody"], f"{role} {street}".strip(), row.address,
                labels["actions"].get(row.action, row.action), row.object, detail_text(row.detail, words),
            ]  # fmt: skip

    def at(self, ms: int) -> str:
        """A moment of the machine's clock in the district's zone; one that is none as its number."""
        try:
            return datetime.fromtimestamp(ms / 1000, self.district.zone).strftime("%Y-%m-%d %H:%M:%S")
        except (ValueError, OverflowError, OSError):
            return str(ms)

    def check(self, head: str) -> ChainVerdict:
        """Go through the chain in a process of its own: hashing a million rows here would hold up the wall.

        Raises ValueError in words when it cannot be checked.
        """
        command = [sys.executable, "-m", "dashboard.cli", "audit", "verify", "--json"]
        if head:
            command += [f"--head={head}"]
        environment = {
            **os.environ,
            "LIANQIN_DATABASE_URL": self.engine.url.render_as_string(hide_password=False),
            "LIANQIN_DATA_KEY": self.data_key,
            "LIANQIN_AUDIT_HEADS": str(self.heads_file),
        }
        try:
            done = subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST_CHECK_S, check=False)
            return msgspec.json.decode(done.stdout, type=ChainVerdict)
        except subprocess.TimeoutExpired:
            raise ValueError(f"it took longer than {LONGEST_CHECK_S} s") from None
        except msgspec.DecodeError:
            raise ValueError(done.stderr.decode(errors="replace").strip()[-300:]) from None


def detail_text(detail: str, words: dict[str, Any]) -> str:
    """A row's detail in words: names from the table, codes in the reader's language, texts as they stand."""
    labels, comma = words["audit"]["detail"], str(words["unit"]["list"])

    def said(key: str, value: object) -> str:
        if isinstance(value, dict):
            return comma.join(f"{labels.get(k, k)} {said(k, v)}" for k, v in value.items())
        if isinstance(value, list):
            return comma.join(said(key, one) for one in value)
        if isinstance(value, bool):
            return str(words["audit"]["yes" if value else "no"])
        text = str(value)
        tables = {
            **{name: words["audit"][name] for name in ("why", "how", "verb", "as", "actions")},
            "type": words["command"],
            "role": words["role"],
            "rule": words["rule"],
            "kind": words["alarm"]["names"] | words["log"]["kinds"],
            "field": words["personal"]["fields"] | words["audit"]["fields"],
            "purpose": words["personal"]["purposes"] | words["audit"]["purposes"],
        }
        return str(tables.get(key, {}).get(text, text))

    try:
        found = msgspec.json.decode(detail, type=dict[str, Any])
    except msgspec.DecodeError:  # nothing of ours: the auditor must see it all the same
        return detail
    order = {name: place for place, name in enumerate(labels)}
    return "；".join(
        f"{labels.get(key, key)} {said(key, value)}"
        for key, value in sorted(found.items(), key=lambda item: order.get(item[0], len(order)))
        if key != "seals" and value not in ("", [], {}, 0)  # encrypted keys are for ``audit verify``
    )


def register_audit(server: Flask, auditing: Auditing) -> None:
    """Add the page, the file and the check."""
    one_check = BoundedSemaphore(1)

    @server.get("/audit")
    def audit_page() -> Response:
        return auditing.page()

    @server.post("/audit")
    def audit_check() -> Response:
        labels = texts(request.args.get("lang", ""))["audit"]
        if not one_check.acquire(blocking=False):
            return auditing.page(wrong=labels["busy"], code=409)
        try:
            head = request.form.get("head", "")[:200].strip()
            auditing.record("audit_read", person(), "", {"verb": "verify"})
            verdict = auditing.check(head)
        except ValueError as error:
            return auditing.page(wrong=labels["failed"].format(why=error), code=409)
        finally:
            one_check.release()
        return auditing.page(verdict)

    @server.get("/api/v1/audit.csv")
    def audit_csv() -> Response:
        words, wanted, asking = texts(request.args.get("lang", "")), auditing.wanted(), person()
        made_by = words["audit"]["made_by"].format(by=f"{asking.user_id} {asking.name}", at=auditing.at(machine_ms()))

        def table() -> tuple[str, int]:
            out = io.StringIO()
            written = csv.writer(out)
            written.writerow([safe(made_by)])
            written.writerow(words["audit"]["columns"])
            rows = 0
            with auditing.engine.connect() as connection:
                for line in auditing.lines(store.wanted_records(connection, wanted), words):
                    rows += 1
                    if rows > MOST_ROWS:
                        break
                    written.writerow([safe(cell) for cell in line])
            return "\ufeff" + out.getvalue(), rows

        text, rows = auditing.offload(table)
        if rows > MOST_ROWS:
            refuse(413, words["audit"]["too_many"].format(n=f"{MOST_ROWS:,}"))
        name = f"audit-{auditing.at(machine_ms())[:10]}.csv"
        return download(
            auditing.record, asking, "audit.csv", text.encode(), kind="text/csv; charset=utf-8", name=name, rows=rows
        )
