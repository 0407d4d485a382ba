"""GCJ-02 and BD-09 to WGS-84, once, on the way in (DOMAIN.md §6).

CGCS2000 and WGS-84 agree for display. The GCJ-02 offset is the published polynomial of the eviltransform family; its
inverse is found by fixed-point iteration to under a millimetre of the polynomial itself. Outside China GCJ-02 is the
identity, as the map services do it.
"""

import math

_A = 6_378_245.0
_EE = 0.00669342162296594323
_X_PI = math.pi * 3000.0 / 180.0


def to_wgs84(lon: float, lat: float, coord_sys: str) -> tuple[float, float]:
    """Longitude and latitude in degrees, WGS-84. ``coord_sys`` is one of CGCS2000, WGS84, GCJ02, BD09."""
    if coord_sys in {"WGS84", "CGCS2000"}:
        return lon, lat
    if coord_sys == "BD09":
        lon, lat = _bd09_to_gcj02(lon, lat)
    return _gcj02_to_wgs84(lon, lat)


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The offset that map services in China apply."""
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    ripple = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + ripple * 2.0 / 3.0
    d_lat += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    d_lat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + ripple * 2.0 / 3.0
    d_lon += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    d_lon += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    rad = lat / 180.0 * math.pi
    magic = 1.0 - _EE * math.sin(rad) ** 2
    root = math.sqrt(magic)
    d_lat = d_lat * 180.0 / ((_A * (1.0 - _EE)) / (magic * root) * math.pi)
    d_lon = d_lon * 180.0 / (_A / root * math.cos(rad) * math.pi)
    return lon + d_lon, lat + d_lat


def wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Baidu's further offset, for tests and for the demo's publishers."""
    lon, lat = wgs84_to_gcj02(lon, lat)
    z = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _X_PI)
    theta = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _X_PI)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def _gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    guess_lon, guess_lat = lon, lat
    for _ in range(6):
        shifted_lon, shifted_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon - (shifted_lon - lon), guess_lat - (shifted_lat - lat)
    return guess_lon, guess_lat


def _bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 0.0065, lat - 0.006
    z = math.hypot(x, y) - 0.00002 * math.sin(y * _X_PI)
    theta = math.atan2(y, x) - 0.000003 * math.cos(x * _X_PI)
    return z * math.cos(theta), z * math.sin(theta)
