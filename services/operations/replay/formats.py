"""The forms of case files that can be replayed, recognised by their columns; the name only helps to complain."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from services.operations.replay import boston, pingshan, sanfrancisco
from services.operations.replay.reading import Row
from services.operations.replay.source import ReplayError, SourceCase, number_or_none


@dataclass(frozen=True, slots=True)
class City:
    """The district that a form's cases belong to. ``boundaries`` is a file of the boundary folder, or empty."""

    code: str
    name: str
    name_en: str
    time_zone: str
    boundaries: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its local clock."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True)
class Format:
    """One form of file: ``columns`` tell it from the others, ``read`` makes a case of a row or raises RowError.

    ``box`` (west, south, east, north) is given where other cities publish the same columns: its cases lie in it.
    """

    name: str
    hint: str
    columns: frozenset[str]
    city: City
    read: Callable[[int, Row, tzinfo], SourceCase]
    box: tuple[float, float, float, float] | None = None

    @property
    def source(self) -> str:
        """The CloudEvents source of its events."""
        return f"/replay/{self.name}"


BOSTON = City("boston", "波士顿", "Boston", "America/New_York", "boston_neighborhoods.geojson.gz")
SAN_FRANCISCO = City("sf", "旧金山", "San Francisco", "America/Los_Angeles", "sf_supervisor_districts.geojson.gz")
PINGSHAN = City("440310", "坪山区", "Pingshan", "Asia/Shanghai")

FORMATS = (
    Format("boston-2026", "boston311_2026", frozenset(
        "case_id open_date case_topic service_name assigned_department case_status closure_reason close_date "
        "target_close_date on_time report_source full_address neighborhood longitude latitude".split()
    ), BOSTON, boston.read_2026),
    Format("boston-2013", "boston311_2013", frozenset(
        "case_enquiry_id open_dt sla_target_dt closed_dt on_time case_status reason type department location "
        "neighborhood latitude longitude source".split()
    ), BOSTON, boston.read_2013),
    Format("boston-open311", "boston_open311", frozenset(
        "service_request_id status service_name service_code requested_datetime updated_datetime address lat "
        "long".split()
    ), BOSTON, boston.read_open311, (-71.25, 42.2, -70.8, 42.45)),
    Format("pingshan-2018", "pingshan", frozenset(
        "REC_ID CREATE_TIME EVENT_SRC_NAME EVENT_TYPE_ID EVENT_TYPE_NAME MAIN_TYPE_NAME SUB_TYPE_ID SUB_TYPE_NAME "
        "STREET_ID STREET_NAME COMMUNITY_ID COMMUNITY_NAME DISPOSE_UNIT_ID DISPOSE_UNIT_NAME INTIME_ARCHIVE_NUM "
        "OVERTIME_ARCHIVE_NUM".split()
    ), PINGSHAN, pingshan.read),
    Format("sf-311", "sf311", frozenset([
        "CaseID", "Opened", "Closed", "Status", "Responsible Agency", "Category", "Request Type", "Address",
        "Supervisor District", "Latitude", "Longitude", "Source",
    ]), SAN_FRANCISCO, sanfrancisco.read),
)  # fmt: skip


# Sharing fewer of its columns than this a file is like no form, and none is named as the nearest.
_NEAR_SHARE = 0.6
_LOOKED_AT = 500


def form_named(name: str) -> Format:
    """The form of a name. Raises ReplayError that lists the names."""
    if found := next((form for form in FORMATS if form.name == name), None):
        return found
    raise ReplayError(f"{name!r} is no known form: forms are {', '.join(form.name for form in FORMATS)}")


def recognise(path: Path, columns: Sequence[str], rows: Iterable[Row] = (), told: Format | None = None) -> Format:
    """The form of a file: the one that the caller has told, else by its columns, and by where its cases lie.

    Raises ReplayError that names what is missing, or what to say where the columns alone do not tell.
    """
    have = set(columns)
    if told is not None:
        if missing := told.columns - have:
            raise ReplayError(f"{path.name}: as {told.name} it lacks the columns {', '.join(sorted(missing))}")
        return told
    if found := next((form for form in FORMATS if form.columns <= have), None):
        if found.box is not None and not _lies_in(rows, found.box):
            raise ReplayError(
                f"{path.name}: has the columns of {found.name}, and its cases do not lie in {found.city.name_en}: "
                f"describe the form with --mapping FILE, or say --form {found.name} if it is that all the same"
            )
        return found
    known = ", ".join(form.name for form in FORMATS)
    remedy = "describe it with --mapping FILE"
    named = next((form for form in FORMATS if form.hint in path.name), None)
    nearest = named or max(FORMATS, key=lambda form: len(form.columns & have) / len(form.columns))
    missing_text = ", ".join(sorted(nearest.columns - have))
    if named or len(nearest.columns & have) >= _NEAR_SHARE * len(nearest.columns):
        raise ReplayError(
            f"{path.name}: not a known form ({known}); as {nearest.name} it lacks the columns {missing_text}: {remedy}"
        )
    raise ReplayError(f"{path.name}: not a known form ({known}), nor like one of them: {remedy}")


def _lies_in(rows: Iterable[Row], box: tuple[float, float, float, float]) -> bool:
    """Whether most of the first positions lie in the box; a file without one tells nothing."""
    inside = known = 0
    for row in islice(rows, _LOOKED_AT):
        lon, lat = number_or_none(row.get("long", "")), number_or_none(row.get("lat", ""))
        if lon is not None and lat is not None and (lon, lat) != (0, 0):
            known += 1
            inside += box[0] <= lon <= box[2] and box[1] <= lat <= box[3]
    return known > 0 and inside * 2 > known
