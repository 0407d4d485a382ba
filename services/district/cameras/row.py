"""One camera as a file names it, before anybody has judged it."""

from dataclasses import dataclass, field

from services.platform.refusal import Refusal


@dataclass(frozen=True, slots=True)
class CameraRow:
    """Values under the names of ``camera.changed``; text, numbers and lists as the file has them, empty ones left out.

    ``event`` is what a catalogue's notice says has happened: ``ON OFF VLOST DEFECT DEL``, or empty for a whole camera.
    """

    number: int
    values: dict[str, object] = field(default_factory=dict)
    event: str = ""

    @property
    def camera_id(self) -> str:
        """The id as it stands in the file; empty where there is none."""
        return str(self.values.get("camera_id") or "").strip()


class NotReadable(Refusal):
    """A whole file that cannot be read; the text says why, ``remedy`` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy
