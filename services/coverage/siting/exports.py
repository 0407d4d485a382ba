"""The list of the next camera sites for an engineer: GeoJSON, and CSV that Excel opens with its Chinese. Pure.

A plan is greedy, so its first n sites are the plan for n. Text that comes from elsewhere cannot become a formula.
"""

import csv
import io
from typing import Any

import msgspec

from services.coverage.told import PlannedSite, SitePlan
from services.platform.text import safe

MOST_SITES = 50
decode_plan = msgspec.json.Decoder(SitePlan).decode


def first_sites(plan: SitePlan, n: int) -> list[PlannedSite]:
    """The best ``n`` sites."""
    return plan.sites[: max(0, n)]


def plan_geojson(plan: SitePlan, n: int) -> dict[str, Any]:
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


def plan_csv(plan: SitePlan, n: int, words: dict[str, Any], streets: dict[str, str]) -> str:
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


def _total(plan: SitePlan, site: PlannedSite) -> float:
    return plan.curve[site.rank] if 0 <= site.rank < len(plan.curve) else 0.0
