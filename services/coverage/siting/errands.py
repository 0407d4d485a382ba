"""``lianqin coverage plan``: the next camera sites from the store as it stands, for people at a terminal."""

from collections.abc import Iterator

from services.coverage.reader import read_model
from services.coverage.siting.plan import make_plan, snapshot
from services.coverage.told import SitePlan
from services.district.doors import open_doors
from services.platform.settings import Settings


def plan_sites(settings: Settings, n: int, budget: float | None) -> SitePlan:
    """Work out the next ``n`` sites. Raises ValueError where there is nothing to plan with."""
    doors = open_doors(settings, migrate=False)
    now = doors.clock.now_ms()
    with doors.engine.connect() as connection, connection.begin():
        model = read_model(connection, doors.district, now)
    if not model.cameras:
        raise ValueError(
            "no cameras are known: put cameras.csv into the district package, or `lianqin coverage import FILE`"
        )
    model.measure_spots()
    plan = make_plan(snapshot(model, now), n, budget=budget)
    if not plan.poles:
        raise ValueError("there is nowhere to put a camera: the package has neither poles.geojson nor roads.geojson")
    return plan


def plan_lines(plan: SitePlan, streets: dict[str, str]) -> Iterator[str]:
    """The plan as a table."""
    yield f"{plan.candidates:,} candidates: {plan.poles:,} places ({plan.pole_source}) × directions × models"
    yield f"{'':>3}  {'gain':>6} {'total':>6}  {'m²':>6} {'cases':>5}  site"
    for site in plan.sites:
        aimed = f"{site.azimuth:.0f}°, {site.hfov:.0f}° wide, {site.range_m:.0f} m"
        where = " ".join(filter(None, (streets.get(site.street, site.street), site.name, site.pole)))
        gained = f"{site.gain:6.2%} {plan.curve[site.rank]:6.2%}  {site.covered_m2:6.0f} {site.cases:>5}"
        yield f"{site.rank:>3}  {gained}  {where}: {site.model}, {aimed}"
    n = len(plan.sites)
    yield f"outdoor ground seen: {plan.district[0]:.2%} → {plan.district[n]:.2%}"
    for name in ("areas", "roads", "places"):
        values: list[int] = getattr(plan, name)
        yield f"key {name} covered: {values[0]} → {values[n]}"
