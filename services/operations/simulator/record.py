"""A case on the desk of the demo's case system: its state, its last moment, its dice, and how an event is written."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.contract.case import Case, Limit
from services.contract.case import Step as Act
from services.operations.simulator.dice import Dice
from services.operations.simulator.office import OfficeHours
from services.operations.simulator.scene import Scene
from services.operations.simulator.step import StoryStep
from services.platform.clock import MINUTE_MS

_replace = msgspec.structs.replace


def is_open(case: Case) -> bool:
    """Whether a case still is somebody's work (DOMAIN.md §2)."""
    return case.merged_into is None and case.status not in {"not_filed", "closed", "forced_closed", "voided"}


@dataclass(slots=True)
class StoryRecord:
    """One case and all that its story is told from."""

    case: Case
    now_ms: int
    dice: Dice
    scene: Scene
    office: OfficeHours
    street: str
    domain: str
    limit: Limit
    twin: str | None = None
    place: dict[str, Any] = field(default_factory=dict)
    until_ms: int | None = None

    def event(self, kind: str, at_ms: int, act: Act | None = None, **changes: Any) -> StoryStep:
        """The next event: at least a second after the last one, the version one higher."""
        self.now_ms = at_ms = self.not_before(at_ms)
        self.case = _replace(self.case, version=self.case.version + 1, step=act, **changes)
        return StoryStep(at_ms, kind, self.case)

    def not_before(self, at_ms: int) -> int:
        """The moment itself, or a second after the last event."""
        return max(at_ms, self.now_ms + 1000)

    def after(self, mean_minutes: float) -> int:
        """A moment some minutes from the last event."""
        return self.now_ms + int((0.3 + self.dice.wait(mean_minutes)) * MINUTE_MS)

    @property
    def late(self) -> float:
        """Which share of its cases this street closes late."""
        return self.scene.late.get(self.street, 0.08)

    @property
    def brigade(self) -> str:
        """The unit that answers at level 1; empty where the package names none."""
        return self.scene.brigades.get(self.street, "")

    def department(self, domain: str = "") -> str:
        """A department that leads the case's domain (or the given one)."""
        departments = self.scene.departments
        return self.dice.pick(departments.get(domain or self.domain) or departments.get("") or ("",))
