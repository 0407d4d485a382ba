"""What a camera sees with: lens, range, and light by night; half of it a catalogue leaves empty."""

import math
from typing import Any

from services.operations.simulator.dice import Dice
from services.operations.simulator.stands import Stand

# Pixels across, focal length in mm, width of the sensor in mm.
_LENSES: dict[str, tuple[tuple[int, float, float], ...]] = {
    "bullet": ((1920, 4, 5.37), (2560, 4, 5.6), (2560, 6, 5.6), (2560, 6, 5.6), (3840, 4, 7.2), (3840, 8, 7.2)),
    "dome": ((1920, 2.8, 5.37), (2560, 2.8, 5.6), (2560, 4, 5.6)),
    "ptz": ((1920, 4.8, 5.37), (2560, 5.9, 5.6)),
    "checkpoint": ((4096, 25, 14.1), (2560, 16, 8.8)),
    "lookout": ((2560, 60, 7.2), (1920, 30, 5.37)),
}
_RANGES = {"bullet": (45, 85), "dome": (50, 100), "ptz": (120, 250), "checkpoint": (25, 35), "lookout": (800, 1_900)}
# Shares of infrared, white, laser and none; what is left is unknown.
_LIGHTS = {
    "bullet": (0.55, 0.12, 0.0, 0.13),
    "dome": (0.5, 0.1, 0.0, 0.2),
    "ptz": (0.55, 0.05, 0.15, 0.1),
    "checkpoint": (0.05, 0.9, 0.0, 0.0),
    "lookout": (0.1, 0.0, 0.6, 0.2),
}


def lens(kind: str, dice: Dice) -> dict[str, Any]:
    """Field of view, range, tilt and the lens, where they are known at all."""
    found: dict[str, Any] = {}
    pixels, focal, sensor = dice.pick(_LENSES[kind])
    if dice.chance(0.5):
        found |= {"width_px": pixels, "focal_mm": float(focal), "sensor_width_mm": sensor}
    if kind in {"bullet", "checkpoint"} and dice.chance(0.42):
        found["hfov"] = round(math.degrees(2 * math.atan(sensor / 2 / focal)), 1)
    if dice.chance(0.35):
        low, high = _RANGES[kind]
        found["range_m"] = float(5 * round(dice.between(low, high) / 5))
    if dice.chance(0.2):
        found["tilt"] = float(-dice.whole(8, 28))
    return found


def by_night(kind: str, stand: Stand, dice: Dice) -> dict[str, Any]:
    """The camera's own light, and whether the place is lit."""
    found: dict[str, Any] = {}
    chance = dice.share()
    for light, share in zip(("infrared", "white", "laser", "none"), _LIGHTS[kind], strict=True):
        if chance < share:
            found["night"] = light
            break
        chance -= share
    if dice.chance(0.75):
        found["lit_at_night"] = dice.chance(0.92 if stand.is_major else 0.68 if stand.is_town else 0.3)
    return found
