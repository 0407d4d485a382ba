"""One thing that the doctor has looked at."""

from dataclasses import dataclass
from typing import Literal

Word = Literal["ok", "wrong", "note"]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """``what`` is so about ``subject``; a wrong one says in ``remedy`` what to do."""

    word: Word
    subject: str
    what: str
    remedy: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something has to be done."""
        return self.word == "wrong"

    def __str__(self) -> str:
        return f"{self.word:5}  {self.subject}: {self.what.rstrip('.')}" + (f". {self.remedy}" if self.remedy else "")


def ok(subject: str, what: str) -> DoctorFinding:
    """As it should be."""
    return DoctorFinding("ok", subject, what)


def note(subject: str, what: str, remedy: str = "") -> DoctorFinding:
    """Worth knowing; nothing need be done."""
    return DoctorFinding("note", subject, what, remedy)


def wrong(subject: str, what: str, remedy: str) -> DoctorFinding:
    """Something has to be done."""
    return DoctorFinding("wrong", subject, what, remedy)
