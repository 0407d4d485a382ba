"""Random blocks of buildings with a camera among them, for everything that sees."""

import math

import numpy as np
import shapely
from numpy.random import Generator, default_rng
from shapely import Polygon

from services.coverage.geometry.footprints import Footprints
from services.coverage.geometry.sweep import Floats


def block(rng: Generator, wide: float = 200.0) -> Polygon:
    """One building: a turned rectangle, an L, a courtyard or a triangle, somewhere within ``wide`` metres."""
    w, h = rng.uniform(4, 40, 2)
    kind = rng.integers(4)
    if kind == 0:
        shape = shapely.box(-w / 2, -h / 2, w / 2, h / 2)
    elif kind == 1:
        shape = shapely.box(0, 0, w, h).difference(shapely.box(w / 3, h / 3, w, h))
    elif kind == 2:
        shape = shapely.box(0, 0, w, h).difference(shapely.box(w / 4, h / 4, 3 * w / 4, 3 * h / 4))
    else:
        shape = Polygon([(0, 0), (w, 0), (w / 3, h)])
    shape = shapely.affinity.rotate(shape, rng.uniform(0, 360), origin=(0, 0))
    return shapely.affinity.translate(shape, *rng.uniform(-wide / 2, wide / 2, 2))


def scene(seed: int, buildings: int = 25) -> tuple[Footprints, Floats]:
    """Buildings, and one view among them that stands clear of every wall: x, y, azimuth, field, range."""
    rng = default_rng(seed)
    solids = Footprints([block(rng) for _ in range(rng.integers(1, buildings + 1))])
    while True:
        x, y = rng.uniform(-80, 80, 2)
        if all(shapely.distance(solid, shapely.Point(x, y)) > 0.05 for solid in solids.solids):
            break
    field = float(rng.choice([20.0, 80.0, 180.0, 200.0, 300.0, 359.9, 360.0]))
    return solids, np.array([[x, y, rng.uniform(0, 360), field, rng.uniform(15, 120)]])


def sector(view: Floats) -> Polygon:
    """The view's whole sector, its arc drawn a hair outside."""
    x, y, azimuth, field, reach = view.ravel().tolist()
    n = max(int(field * 4), 8)
    angles = np.radians(90 - azimuth + np.linspace(-field / 2, field / 2, n + 1))
    outside = reach / math.cos(math.radians(field / n / 2)) + 1e-6
    arc = np.column_stack([x + outside * np.cos(angles), y + outside * np.sin(angles)])
    return Polygon(arc if field >= 360 else np.vstack([arc, [(x, y)]]))
