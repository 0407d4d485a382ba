"""What will happen to a case on its way, drawn when work begins: the shares that DOMAIN.md §1 and §5 lead to expect."""

from dataclasses import dataclass

from services.operations.simulator.course import Course, draw_length
from services.operations.simulator.record import StoryRecord


@dataclass(slots=True)
class Fate:
    """How far up the case goes and what comes between."""

    is_late: bool = False
    reaches: str = "community"
    reason: str = ""
    returns: int = 0
    reworks: int = 0
    is_suspended: bool = False
    is_extended: bool = False
    is_urged: bool = False
    is_supervised: bool = False
    is_whistled: bool = False


def draw(record: StoryRecord, course: Course) -> Fate:
    """Draw the fate of a case, and with it the length of its course."""
    dice, late = record.dice, record.late
    is_late = draw_length(course, late, dice)
    fate = Fate(is_late=is_late)
    chance = dice.share()
    fate.returns = (1 if chance < 0.05 + late / 4 else 0) + (1 if chance < 0.007 else 0)
    fate.reworks = 2 if dice.chance(0.004) else 1 if dice.chance(0.03 + late / 5) else 0
    fate.reaches, fate.reason = _reach(record, fate)
    fate.is_suspended = not is_late and fate.reaches != "district" and dice.chance(0.024) and course.hours > 4
    fate.is_extended = not is_late and not fate.is_suspended and fate.reaches != "district" and dice.chance(0.03)
    fate.is_urged = dice.chance(0.16 if is_late else 0.02)
    fate.is_supervised = dice.chance(0.12 if is_late else 0.007)
    fate.is_whistled = fate.reaches == "street" and dice.chance(0.05)
    if fate.is_extended:
        course.take(dice.between(1.05, 1.75))
    return fate


def _reach(record: StoryRecord, fate: Fate) -> tuple[str, str]:
    """How high the case goes, and why it leaves the street."""
    chance = record.dice.share()
    if fate.returns > 1 or fate.reworks > 1:
        if chance < 0.6:
            return "district", "ping_pong" if fate.returns > 1 else "rework_limit"
    elif fate.is_late and chance < 0.17:
        return "district", "level_deadline"
    elif chance < 0.043:
        return "district", ("beyond_power", "needs_departments", "repeat")[int(chance / 0.043 * 2.35)]
    return "street" if chance < 0.27 + record.late / 3 else "community", ""
