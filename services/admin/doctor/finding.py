"""One thing that the doctor has looked at: in English for the command line, by code and values for a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Word = Literal["ok", "wrong", "note"]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """``what`` is so about ``subject``; a wrong one says in ``remedy`` what to do.

    ``code`` names the same in ``[admin.doctor]``, whose texts take ``values``.
    """

    word: Word
    subject: str
    what: str
    remedy: str = ""
    code: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Whether something has to be done."""
        return self.word == "wrong"

    def __str__(self) -> str:
        return f"{self.word:5}  {self.subject}: {self.what.rstrip('.')}" + (f". {self.remedy}" if self.remedy else "")


def ok(subject: str, what: str, code: str = "", **values: object) -> DoctorFinding:
    """As it should be."""
    return DoctorFinding("ok", subject, what, "", code, values)


def note(subject: str, what: str, remedy: str = "", code: str = "", **values: object) -> DoctorFinding:
    """Worth knowing; nothing need be done."""
    return DoctorFinding("note", subject, what, remedy, code, values)


def wrong(subject: str, what: str, remedy: str, code: str = "", **values: object) -> DoctorFinding:
    """Something has to be done."""
    return DoctorFinding("wrong", subject, what, remedy, code, values)
