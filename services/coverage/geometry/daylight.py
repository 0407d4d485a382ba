"""Day or night at a place: the sun's height after NOAA's short formula, good to a minute or two. Pure."""

import math

# Civil twilight ends when the sun is this far below the horizon: from there on a camera needs light.
NIGHT_BELOW_DEG = -6.0
_J2000_MS = 946_728_000_000


def sun_height(lon: float, lat: float, ms: int) -> float:
    """The sun's height above the horizon in degrees at Unix milliseconds ``ms``."""
    days = (ms - _J2000_MS) / 86_400_000
    mean = math.radians((357.528 + 0.985_600_3 * days) % 360)
    longitude = math.radians(280.46 + 0.985_647_4 * days + 1.915 * math.sin(mean) + 0.02 * math.sin(2 * mean))
    tilt = math.radians(23.439 - 4e-7 * days)
    declination = math.asin(math.sin(tilt) * math.sin(longitude))
    ascension = math.atan2(math.cos(tilt) * math.sin(longitude), math.cos(longitude))
    sidereal = math.radians((280.460_618_37 + 360.985_647_366_29 * days + lon) % 360)
    phi, hour = math.radians(lat), sidereal - ascension
    return math.degrees(
        math.asin(math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour))
    )


def is_night(lon: float, lat: float, ms: int) -> bool:
    """Whether it is darker than civil twilight."""
    return sun_height(lon, lat, ms) < NIGHT_BELOW_DEG
