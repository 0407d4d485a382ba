"""What is wrong with a file: where, what, and what to do about it."""

from dataclasses import dataclass

from services.platform.refusal import Refusal


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing wrong. ``line`` counts from 1 as an editor does, 0: the whole file; ``column`` is a column's name."""

    line: int
    column: str
    problem: str
    remedy: str

    @property
    def where(self) -> str:
        """«line 3, column name», or what of it is known."""
        parts = [f"line {self.line}"] if self.line else []
        return ", ".join([*parts, f"column {self.column}"] if self.column else parts)

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}. {self.remedy}" if self.where else f"{self.problem}. {self.remedy}"


class FileFault(Refusal):
    """A file that cannot be read as what it should be; ``faults`` are all that were found, the first lines first."""

    def __init__(self, *faults: RowFault) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def whole_file(problem: str, remedy: str) -> FileFault:
    """The error about a whole file."""
    return FileFault(RowFault(0, "", problem, remedy))
