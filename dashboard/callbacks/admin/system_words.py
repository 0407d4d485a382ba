"""The state of the system in the words of the page: a finding by its code, a refused entry with its remedy."""

from collections.abc import Mapping
from typing import Any

from dashboard.callbacks.admin.shell import AdminShell
from services.admin.dead_letters_service import DeadLetter, DeadLetterError
from services.admin.doctor.finding import DoctorFinding
from services.admin.system_service import SystemLook
from services.jobs.job import Job
from services.platform.clock import HOUR_MS

GIB = 1 << 30
# What has to be mended stands first, what is as it should be last.
ORDER = ("wrong", "note", "ok")
DAYS_FEW = 30


class SystemWords:
    """Words of one answer: the language is the request's."""

    def __init__(self, shell: AdminShell) -> None:
        self._shell, self._words = shell, shell.words()
        self._a = self._words["admin"]

    def word(self, table: str, key: str) -> str:
        """A text of a table of ``[admin]``."""
        return str(self._a[table][key])

    def line(self, one: DoctorFinding) -> dict[str, str]:
        """A finding: whose matter it is, the word for how it is, what is so, what to do."""
        text: Mapping[str, str] = self._a["doctor"][one.code]
        values = {key: self._value(key, value) for key, value in one.values.items()}
        subject = values.get("process", "") or str(self._a["subjects"][one.subject])
        return {
            "word": one.word,
            "state": str(self._a["words"][one.word]),
            "subject": subject,
            "what": text["what"].format(**values),
            "remedy": text.get("remedy", "").format(**values),
        }

    def in_order(self, lines: list[dict[str, str]]) -> list[dict[str, str]]:
        """What has to be mended first."""
        return sorted(lines, key=lambda line: ORDER.index(line["word"]))

    def verdict(self, lines: list[dict[str, str]], sources: list[dict[str, str]]) -> str:
        """The page's first sentence: what is to be mended, a source that is late among it; else what is to be known."""
        a, comma = self._a["system"], str(self._words["unit"]["list"])
        quiet = [one["name"] for one in sources if one["code"] in {"late", "stopped"}]
        wrong = [*(line["subject"] for line in lines if line["word"] == "wrong"), *quiet]
        if wrong:
            return str(a["look_at"]).format(n=len(wrong), names=comma.join(dict.fromkeys(wrong)))
        known = list(dict.fromkeys(line["subject"] for line in lines if line["word"] == "note"))
        return str(a["nothing_to_mend"]).format(n=len(known), names=comma.join(known)) if known else str(a["all_well"])

    def _value(self, key: str, value: object) -> str:
        """A value of a finding as it is read: a moment, a share, a process by its name."""
        if key == "process":
            return str(self._words["process"].get(str(value), value))
        if key == "at" and isinstance(value, int):
            return self._shell.at(value) if value else "—"
        if key == "action":
            return str(self._words["audit"]["actions"].get(str(value), value))
        if key == "share" and isinstance(value, float):
            return f"{value:.0%}"
        if isinstance(value, float):
            return f"{value:,.1f}"
        return f"{value:,}" if isinstance(value, int) else "—" if value is None else str(value)

    def source(self, row: list[Any]) -> dict[str, str]:
        """A source: its name, the wall's word for it, since when or when last."""
        _, name, word, at = row
        return {
            "name": str(name),
            "code": str(word),
            "word": str(self._words["source"][word]),
            "at": self._shell.at(at, "%m-%d %H:%M:%S") if at else "—",
        }

    def size(self, look: SystemLook) -> list[tuple[str, str]]:
        """What the database's size means: for how long there is room."""
        a, size = self._a["system"], look.size
        if size is None:
            return [(str(a["size"]), str(a["unknown"]))]
        grows = a["grows"].format(gib=size.a_day / GIB) if size.a_day is not None else a["grows_unknown"]
        if size.free is None:
            left = a["elsewhere"]
        elif size.days_left is None:
            left = a["left_unknown"].format(gib=size.free / GIB)
        else:
            left = a["left"].format(n=f"{size.days_left:,}", gib=size.free / GIB)
        return [
            (str(a["size"]), str(a["gib"]).format(gib=size.bytes / GIB)),
            (str(a["growth"]), str(grows)),
            (str(a["room"]), str(left)),
            (str(a["backup"]), self._backup(look)),
        ]

    def _backup(self, look: SystemLook) -> str:
        """When the last backup was made, and how long ago that is: in whole hours, from two days on in days."""
        a = self._a["system"]
        if look.backup is None or look.backup.at is None:
            return str(a["backup_none"])
        hours = max(look.at - look.backup.at, 0) // HOUR_MS
        text = a["backup_days"] if hours >= 48 else a["backup_hours"] if hours else a["backup_fresh"]
        return str(text).format(at=self._shell.at(look.backup.at), n=hours // 24 if hours >= 48 else hours)

    def letter(self, one: DeadLetter) -> dict[str, str]:
        """A refused entry: why, what to do, who has tried it again."""
        reason = self._a["dead"][one.reason]
        retried = ""
        if one.retried_at:
            retried = str(self._a["system"]["was_retried"]).format(
                at=self._shell.at(one.retried_at, "%m-%d %H:%M"), by=one.retried_by
            )
        return {
            "entry": one.entry, "at": self._shell.at(one.at, "%m-%d %H:%M"), "source": one.source or "—",
            "type": one.type, "why": str(reason["what"]), "remedy": str(reason["remedy"]), "detail": one.detail,
            "masked": one.masked[:4000], "retried": retried,
        }  # fmt: skip

    def reason(self, code: str, n: int) -> dict[str, Any]:
        """A kind of refusal with its count."""
        return {"code": code, "name": str(self._a["dead"][code]["what"]), "n": n}

    def kind(self, code: str) -> str:
        """A kind of paper."""
        return str(self._a["papers"].get(code, code))

    def job(self, job: Job) -> dict[str, str]:
        """A paper that somebody has asked for."""
        return {
            "id": job.id,
            "kind": self.kind(job.kind),
            "who": job.who,
            "at": self._shell.at(job.asked_at, "%m-%d %H:%M"),
            "state": str(self._a["job_states"][job.state]),
            "code": job.state,
            "said": job.said,
        }

    def refused(self, error: DeadLetterError) -> str:
        """Why an entry was not published again, and what to do."""
        values = dict(error.fields)
        if "reason" in values:
            values["reason"] = self._a["dead"][values["reason"]]["what"]
        return str(self._a["dead_refused"][error.code]).format(**values)
