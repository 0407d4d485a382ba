"""The list of the next camera sites for an engineer: GeoJSON, and CSV that Excel opens with its Chinese. Pure.

A plan is greedy, so its first n sites are the plan for n. Text that comes from elsewhere cannot become a formula.
"""

import csv
import io
from typing import Any

import msgspec

MOST_SITES = 50
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class PlannedSite(msgspec.Struct, frozen=True):
    """One site of the thing ``plan``."""

    rank: int
    lon: float
    lat: float
    pole: str = ""
    name: str = ""
    street: str = ""
    model: str = ""
    azimuth: float = 0.0
    hfov: float = 0.0
    range_m: float = 0.0
    gain: float = 0.0
    covered_m2: float = 0.0
    cases: int = 0
    shape: list[int] = []


class Planned(msgspec.Struct, frozen=True):
    """The thing ``plan``; ``curve`` has a value for 0, 1, … sites."""

    at: int = 0
    sites: list[PlannedSite] = []
    curve: list[float] = []


decode_plan = msgspec.json.Decoder(Planned).decode


def first_sites(plan: Planned, n: int) -> list[PlannedSite]:
    """The best ``n`` sites."""
    return plan.sites[: max(0, min(n, MOST_SITES))]


def plan_geojson(plan: Planned, n: int) -> dict[str, Any]:
    """Points in WGS-84 with everything that the plan says of each."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [site.lon, site.lat]},
            "properties": {
                "rank": site.rank, "pole": site.pole, "name": site.name, "street": site.street, "model": site.model,
                "azimuth": site.azimuth, "hfov": site.hfov, "range_m": site.range_m, "gain": site.gain,
                "total": _total(plan, site), "covered_m2": site.covered_m2, "cases": site.cases,
            },
        }
        for site in first_sites(plan, n)
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def plan_csv(plan: Planned, n: int, words: dict[str, Any], streets: dict[str, str]) -> str:
    """A row a site under the headings of ``words``, with a byte order mark."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(words["columns"])
    for site in first_sites(plan, n):
        model = words["models"].get(site.model, site.model)
        writer.writerow(
            [
                site.rank, safe(site.pole), safe(site.name), safe(streets.get(site.street, site.street)),
                f"{site.lon:.7f}", f"{site.lat:.7f}", safe(model), f"{site.azimuth:g}", f"{site.hfov:g}",
                f"{site.range_m:g}", f"{site.covered_m2:.0f}", site.cases, f"{100 * site.gain:.2f}",
                f"{100 * _total(plan, site):.2f}",
            ]
        )  # fmt: skip
    return out.getvalue()


def safe(text: str) -> str:
    """Text that a spreadsheet takes for text: an apostrophe before what would begin a formula."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _total(plan: Planned, site: PlannedSite) -> float:
    return plan.curve[site.rank] if 0 <= site.rank < len(plan.curve) else 0.0
