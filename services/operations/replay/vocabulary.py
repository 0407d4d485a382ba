"""Words of the source systems → the contract's: the small tables where two spellings of one thing meet.

Boston's file of 2026 mixes two case systems (Lagan's old words and the new BCS ones), and the files of 2013–2017 have
the old words only; every table here takes both.
"""

import re

from services.contract.codes import Channel, Status

CHANNELS: dict[str, Channel] = {
    # Boston, old words then new ones
    "Constituent Call": "H12345", "Call": "H12345",
    "Citizens Connect App": "APP", "BOS311": "APP",
    "City Worker App": "GRID",
    "Employee Generated": "DEPT", "Maximo Integration": "DEPT",
    "Self Service": "MEDIA", "Twitter": "MEDIA", "Email": "MEDIA",
    # San Francisco
    "Phone": "H12345", "Mobile/Open311": "APP", "Web": "MEDIA", "Integrated Agency": "DEPT",
    # Pingshan
    "12345": "H12345", "固话投诉": "H12345", "12319": "SZCG", "@坪山": "APP", "美丽深圳": "APP", "政府信箱": "MEDIA",
}  # fmt: skip
# A channel that no table knows: the most general way in, remarked on.
OTHER_CHANNEL: Channel = "MEDIA"

# What an unclosed case stands at when the file was written. None of them ends a case.
BOSTON_STATES: dict[str, Status] = {
    "Open": "dispatched",
    "In progress": "handling",
    "Apply": "handled",  # the unit has entered its result (see ``boston.state_of``), the closing is not yet recorded
    "Submit": "filed",  # entered and never routed: no unit has been told
    "Create": "filed",
    "Error": "dispatched",  # the routing stuck; nothing says that work began
    "Needs Reallocation": "returned",  # the unit says that it is not its case
}
UNDISPATCHED_WORDS = frozenset({"Submit", "Create"})

# Boston's departments: code → (name, the spellings of both systems).
BOSTON_UNITS: dict[str, tuple[str, tuple[str, ...]]] = {
    "PWD": ("Public Works Department", ("Public Works Department (PWD)", "PWDx")),
    "PARKS": ("Parks & Recreation", ("Parks & Recreation", "PARK")),
    "ANIMAL": ("Animal Care & Control", ("Animal Care & Control", "ANML")),
    "B311": ("Boston 311", ("Boston 311", "INFO")),
    "BTD": ("Boston Transportation Department", ("Boston Transportation Department (BTD)", "BTDT")),
    "PROP": ("Property Management", ("City of Boston Property Management", "PROP")),
    "ISD": ("Inspectional Services", ("ISD",)),
    "CABLE": ("Cable & Broadband", ("Cable & Broadband",)),
    "BPD": ("Boston Police Department", ("Boston Police Department (BPD)", "BPD_")),
    "BPHC": ("Boston Public Health Commission", ("Boston Public Health Commission (BPHC)",)),
    "MBTA": ("MBTA", ("MBTA (Mass Bay Transit Authority)",)),
    "BFD": ("Boston Fire Department", ("Boston Fire Department (BFD)",)),
    "EVERSOURCE": ("Eversource", ("Eversource",)),
    "DCR": ("Mass DCR", ("Mass DCR",)),
    "MOH": ("Mayor's Office of Housing", ("Mayor's Office of Housing (MOH)", "DND_")),
    "BWSC": ("Boston Water and Sewer Commission", ("BWSC",)),
    "BHA": ("Boston Housing Authority", ("BHA_",)),
    "GEN": ("General services", ("GEN_",)),
}
BOSTON_UNIT_CODES = {word: code for code, (_, words) in BOSTON_UNITS.items() for word in words}

# Boston's neighbourhoods: name → the code in the city's boundary file.
BOSTON_STREETS = {
    "Roslindale": "15", "Jamaica Plain": "11", "Mission Hill": "13", "Longwood": "28", "Bay Village": "33",
    "Leather District": "27", "Chinatown": "26", "North End": "14", "Roxbury": "16", "South End": "32",
    "Back Bay": "2", "East Boston": "8", "Charlestown": "4", "West End": "31", "Beacon Hill": "30", "Downtown": "7",
    "Fenway": "34", "Brighton": "25", "West Roxbury": "19", "Hyde Park": "10", "Mattapan": "12", "Dorchester": "6",
    "South Boston Waterfront": "29", "South Boston": "17", "Allston": "24", "Harbor Islands": "22",
}  # fmt: skip
# The old system's names for one of these. Its names for several at once, or for the whole city, give no code: the
# position decides (a case without one is 未定位).
BOSTON_STREET_WORDS = BOSTON_STREETS | {"Greater Mattapan": "12", "Downtown / Financial District": "7"}
BOSTON_WIDE_WORDS = frozenset(
    {
        "Boston",
        "Allston / Brighton",
        "South Boston / South Boston Waterfront",
        "Fenway / Kenmore / Audubon Circle / Longwood",
        "Chestnut Hill",
    }
)

# English class names → the unified class (DOMAIN.md §3): the first pattern found wins.
_DOMAIN_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), domain) for pattern, domain in (
    (r"animal|pet\b|pest|rodent|mice|bed bugs|needle|medical waste", "15"),
    (r"hazardous|pollut|noise", "13"),
    (r"vehicle|parking|traffic|crosswalk|pavement marking|sign repair|missing sign|lane divider|scooter", "14"),
    (r"vending|blocked sidewalk|signage|graffiti|sticker|news boxes", "02"),
    (r"construction debris|contractor", "03"),
    (r"trash|litter|waste|dumping|weeds|debris|cleaning|bulky|garbage|snow|shovel|transit_shelter|sweeping", "01"),
    (r"without permit|w/out permit|illegal auto body", "05"),
    (r"food|establishment|item price", "12"),
    (r"fire|heat|unsafe|dangerous|protection of adjoining", "07"),
    (r"light|pothole|sidewalk|tree|pruning|planting|park|ballfield|gates|cemetery|manhole|bridge|casting|fence|ground"
     r"|municipal lots|traffic signal", "04"),
    (r"living conditions|maintenance complaint|squalid|utilities|dampness|metering|residential", "11"),
))  # fmt: skip

PINGSHAN_DOMAINS = {
    "市容环卫": "01", "市政设施": "04", "环保水务": "13", "交通运输": "14", "教育卫生": "15", "安全隐患": "07",
    "社区管理": "15", "规土城建": "05", "文体旅游": "15", "劳动社保": "15", "民政服务": "15", "食药市监": "12",
    "治安维稳": "08",
}  # fmt: skip
PINGSHAN_FINE_DOMAINS = {
    "占道经营": "02",
    "渣土问题": "03",
    "线路消防安全": "06",
    "消防设施安全": "06",
    "道路交通安全": "14",
}


def domain_of(class_name: str) -> str:
    """The unified class of an English class name; ``99`` where no pattern speaks."""
    return next((domain for pattern, domain in _DOMAIN_PATTERNS if pattern.search(class_name)), "99")
