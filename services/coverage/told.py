"""What the coverage engine tells the screens: the bodies of the things ``sight``, ``spot``, ``region`` and
``coverage``.

Shapes are rings of whole decimetres east and north of the body's ``lon`` and ``lat``, flattened: ``[e0, n0, e1, n1,
…]``, not closed. ``services.district.plane`` has the metres per degree.
"""

from typing import Literal

import msgspec

# The kinds of things that these are.
KINDS = ("coverage", "region", "spot", "sight", "plan")

Ring = list[int]
State = Literal["online", "degraded", "offline", "unstable", "unknown"]
View = Literal["fixed", "reach", "unknown", "none"]
Grade = Literal["A", "B", "C", "D"]
SpotKind = Literal["area", "road", "place", "grid"]
Gap = Literal["none", "permanent", "live", "night", "unknown"]
Way = Literal["", "repair", "turn", "light", "add"]


class Sight(msgspec.Struct, frozen=True, omit_defaults=True):
    """One camera: where it stands, how it is, what it sees and how sure that is. Key: the camera's id.

    ``lon``, ``lat`` is where it sees from (moved out of a footprint by ``moved_m``). ``sees_day`` and ``sees_night``
    say whether it counts now; ``shapes`` are the rings of its visible polygon (``view`` fixed: its field; reach:
    everything that it can turn to; unknown and none: empty), ``now`` those of the sector that a turning camera shows
    at present. ``levels_m`` are the distances of detection, observation, recognition and identification (25, 62.5,
    125, 250 px/m). ``estimated`` names what a default stands for: ``range hfov levels night``; ``reasons`` are codes
    of ``services.coverage.geometry.aim.REASONS``. ``since`` is Unix milliseconds, 0 where nobody knows.
    """

    id: str
    name: str
    kind: str
    lon: float
    lat: float
    state: State
    view: View
    grade: Grade
    street: str = ""
    fault: str = ""
    since: int = 0
    sees_day: bool = False
    sees_night: bool = False
    azimuths: list[float] = []
    hfov: float = 0.0
    range_m: float = 0.0
    levels_m: list[float] = []
    estimated: list[str] = []
    reasons: list[str] = []
    moved_m: float = 0.0
    shapes: list[Ring] = []
    now: list[Ring] = []
    url: str = ""


class WatchedSpot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key area, key road section, key place or grid, and what of it nobody sees. Key: ``kind:code``.

    ``size`` is m² outdoors (area, grid), metres (road) or 1 (place). The five gaps are what is not seen, in the same
    unit: by all cameras there are (``planned``), by those that work (``live``), both by day; ``planned_night`` and
    ``live_night``; and ``now``: working, by the present light, turning cameras only where they look at present. None:
    it could not be computed. ``demand`` is the recent cases, decayed and weighted; ``need`` = demand × weight × share
    of the live gap under the present light. ``cases`` and ``unseen`` are of the last 30 days, ``unseen`` those
    outside every working camera's view. ``gap`` is the kind that makes most of the gap, ``way`` how to close it,
    ``camera`` the nearest camera that could, ``camera_m`` metres away. ``outline`` is what is looked after, ``blind``
    the live gap: polygons as lists of rings (the first around, others holes), of a road its lines.
    """

    id: str
    kind: SpotKind
    name: str
    lon: float
    lat: float
    street: str = ""
    place_type: str = ""
    weight: float = 1.0
    size: float = 0.0
    planned: float | None = None
    live: float | None = None
    planned_night: float | None = None
    live_night: float | None = None
    now: float | None = None
    demand: float = 0.0
    cases: int = 0
    unseen: int = 0
    need: float = 0.0
    gap: Gap = "unknown"
    way: Way = ""
    camera: str = ""
    camera_m: float = 0.0
    outline: list[list[Ring]] = []
    blind: list[list[Ring]] = []


class Region(msgspec.Struct, frozen=True):
    """The district, a street, a community or a grid in 2 m cells: m² outdoors and what of them is seen. Key: the
    code.
    """

    code: str
    kind: Literal["district", "street", "community", "grid"]
    outdoor_m2: float
    planned: float
    live: float
    planned_night: float
    live_night: float


class Outage(msgspec.Struct, frozen=True):
    """Cameras lost together: ``cameras`` at ``at`` (Unix ms), ``still`` of them not back."""

    at: int
    cameras: int
    still: int
    streets: list[str]


class Listed(msgspec.Struct, frozen=True):
    """Official coverage by the list of places that must be covered (采集部位): how many are, of ``n``."""

    n: int
    planned: int
    live: int
    unknown: int


class Coverage(msgspec.Struct, frozen=True):
    """The district in figures. Key: ``all``.

    ``counted`` cameras have a polygon; ``turning`` of them by reach; ``direction_unknown``, ``refused`` (position or
    range that cannot be) and ``indoor`` have none. ``dark_unknown``: nobody knows whether they see by night (counted:
    they do not). ``covered_share`` of a listed place
    must be seen for it to count as covered. ``notes`` are codes of what could not be done (``no_buildings no_cameras
    no_key_spots``). ``proved_at`` is when a recount last agreed with the counters, ``differences`` how many cells of
    the last one did not.
    """

    at: int
    is_night: bool
    cameras: int
    online: int
    intact: int
    unstable: int
    state_unknown: int
    counted: int
    turning: int
    direction_unknown: int
    refused: int
    indoor: int
    dark_unknown: int
    grades: dict[str, int]
    areas: Listed
    roads: Listed
    places: Listed
    outages: list[Outage]
    notes: list[str]
    target_online: float
    target_intact: float
    covered_share: float
    proved_at: int = 0
    differences: int = 0


class PlannedSite(msgspec.Struct, frozen=True):
    """One camera to put up. ``gain`` is a share of all weighted blind ground, ``cases`` those that none sees so far."""

    rank: int
    pole: str
    name: str
    street: str
    lon: float
    lat: float
    model: str
    azimuth: float
    hfov: float
    range_m: float
    gain: float
    covered_m2: float
    cases: int
    cost: float
    shape: list[int]


class SitePlan(msgspec.Struct, frozen=True):
    """Sites, the best first; lists have one value more than sites, for 0, 1, … of them.

    ``curve`` is the share of the weighted blind ground that is seen; ``district`` the share of outdoor ground seen by
    all cameras; ``areas roads places`` how many of the listed are covered. ``candidates`` poles × directions × models.
    """

    at: int
    candidates: int
    poles: int
    pole_source: str
    sites: list[PlannedSite]
    curve: list[float]
    district: list[float]
    areas: list[int]
    roads: list[int]
    places: list[int]
