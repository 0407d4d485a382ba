"""The package's tables: departments, grid staff, duty roster, campaigns, classes, holidays, settings."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from services.operations.simulator import names
from services.operations.simulator.classes import read_classes
from services.operations.simulator.dice import Dice
from services.operations.simulator.survey import SurveyArea

Table = list[tuple[object, ...]]

# code, name, English, the unified domains that it leads
DEPARTMENTS = [
    line.split("|")
    for line in """
D001|区城市管理局|Urban Management Bureau|01 02 05
D002|区综合行政执法大队|Enforcement Brigade|02 05
D003|区环境卫生管理处|Sanitation Office|01
D004|区市政设施养护中心|Municipal Works Centre|04
D005|区园林绿化中心|Parks and Greening Centre|01
D006|区住房和城乡建设局|Housing and Construction Bureau|03 07
D007|区建筑工程质量安全站|Construction Safety Station|03
D008|区渣土管理办公室|Spoil Haulage Office|03
D009|区消防救援大队|Fire and Rescue Brigade|06
D010|区应急管理局|Emergency Management Bureau|07 16
D011|公安分局|Public Security Branch|08
D012|交通警察大队|Traffic Police Brigade|14
D013|区司法局|Justice Bureau|09
D014|区矛盾纠纷调处中心|Mediation Centre|09
D015|区人力资源和社会保障局|Labour and Social Security Bureau|09 15
D016|区民政局|Civil Affairs Bureau|10
D017|区残疾人联合会|Disabled Persons' Federation|10
D018|区卫生健康委员会|Health Commission|10
D019|区流动人口服务中心|Floating Population Centre|11
D020|区房屋租赁管理所|Rental Housing Office|11
D021|区市场监督管理局|Market Regulation Bureau|12
D022|区食品药品稽查队|Food and Drug Inspection Team|12
D023|生态环境分局|Ecology and Environment Branch|13
D024|区水务局|Water Bureau|13 16
D025|区河长制办公室|River Chief Office|13
D026|区交通运输局|Transport Bureau|14
D027|区停车管理中心|Parking Centre|14
D028|区政务服务中心|Government Service Centre|15
D029|区教育局|Education Bureau|15
D030|区医疗保障局|Medical Insurance Bureau|15
D031|规划和自然资源分局|Planning and Resources Branch|05
D032|区农业农村局|Agriculture Bureau|13
D033|区商务局|Commerce Bureau|12
D034|区文化和旅游局|Culture and Tourism Bureau|99
D035|区信访局|Petitions Bureau|99
D036|区气象局|Meteorological Office|16
D037|澜城供水公司|Lancheng Water Supply|04 15
D038|澜城排水公司|Lancheng Drainage|04 16
D039|澜城燃气公司|Lancheng Gas|16 07
D040|澜城供电公司|Lancheng Power|04 15
D041|澜城通信管线公司|Lancheng Telecom Ducts|04
D042|澜城公共交通公司|Lancheng Public Transport|15
D043|区物业管理中心|Property Management Centre|09 15
""".strip().splitlines()
]
ROLES = ("grid_leader", "policy_officer", "information_officer", "aid_officer", "mediator")
CAMPAIGNS: Table = [
    ("code", "name", "name_en", "domain"),
    ("C1", "占道经营整治", "Street Trading", "02"), ("C2", "飞线充电清零", "No Flying Wires", "06"),
    ("C3", "渣土扬尘治理", "Spoil and Dust", "03"), ("C4", "违建拆除攻坚", "Illegal Structures", "05"),
    ("C5", "群租房排查", "Shared Rentals", "11"), ("C6", "食品安全护航", "Food Safety", "12"),
    ("C7", "河道清洁行动", "Clean Rivers", "13"), ("C8", "非机动车停放规范", "Bicycle Parking", "14"),
    ("C9", "矛盾纠纷大排查", "Dispute Survey", "09"),
]  # fmt: skip
DISTRICT_TOML = """time_zone = "Asia/Shanghai"
day_cut_hour = 0
month_first_day = 1

[working_hours]
morning = ["08:00", "12:00"]
afternoon = ["14:00", "18:00"]
week = [1, 2, 3, 4, 5]

[sources]
"/case-system" = "案件"
"/hotline-12345" = "热线"
"/szcg" = "数字城管"
"/zz-platform" = "综治"
"/citizen-app" = "市民App"
"/video-patrol" = "视频巡查"
"/units" = "定位"
"/video-platform" = "视频"
"""
POLICY_TOML = """# Targets and lights: DOMAIN.md §1, §2 and §5. Every value may be changed.
target_on_time = 0.90
target_grid = 0.80
target_street = 0.80
target_district = 0.04
due_soon_share = 0.25

[stage_limits_minutes]
accept = 15
dispatch = 15
check = 30

[reports]
severity = 2
phone_minutes = 30
written_minutes = 60
follow_up_hours_1 = 2
follow_up_hours_2 = 4

[escalation]
after_level_deadline_minutes = 30
returns = 2
reworks = 2
repeat_metres = 30
repeat_days = 30
automatic_severity = 2

[alarms]
acceptable_per_hour = 6
most_per_hour = 12
"""
# The public holidays of 2026 and the Saturdays and Sundays worked instead; later years are announced each autumn.
_HOLIDAYS = [
    ("2026-01-01", 3),
    ("2026-02-15", 9),
    ("2026-04-04", 3),
    ("2026-05-01", 5),
    ("2026-06-19", 3),
    ("2026-09-25", 3),
    ("2026-10-01", 7),
]
_MAKE_UP = ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")
ROSTER_FIRST, ROSTER_LAST = date(2026, 1, 1), date(2027, 12, 31)


def brigade(street_code: str) -> str:
    """The code of a street's joint-duty brigade, the unit that answers at level 1."""
    return f"S{street_code[-3:]}"


def departments(streets: Sequence[SurveyArea]) -> Table:
    """43 departments and companies and the 12 streets' brigades: 55."""
    rows: Table = [("code", "name", "name_en", "domains", "street")]
    rows += [(code, name, english, domains, "") for code, name, english, domains in DEPARTMENTS]
    for street in streets:
        english = street.name_en.rsplit(" ", 1)[0]
        rows.append((brigade(street.code), f"{street.name}联勤大队", f"{english} Joint-Duty Brigade", "", street.code))
    return rows


def people(grids: Sequence[SurveyArea], dice: Dice) -> Table:
    """一长四员 of every grid, invented."""
    rows: Table = [("grid", "role", "name", "name_en", "phone")]
    for grid in grids:
        rows += [(grid.code, role, *names.person(dice), names.phone(dice)) for role in ROLES]
    return rows


def roster(streets: Sequence[SurveyArea], dice: Dice) -> Table:
    """Two on duty round the clock and a leader, in two shifts a day; in each street and in a unit one, day by day.

    One of the two is the demo's own account of that shift, so that a handover can be signed by who is on it.
    """
    rows: Table = [("from", "until", "shift", "name", "role", "name_en", "seat")]
    staff, leaders = [names.person(dice) for _ in range(16)], [names.person(dice) for _ in range(7)]
    day, number = ROSTER_FIRST, 0
    while day <= ROSTER_LAST:
        for shift, hour, ours in (("白班", 8, names.DAY_OFFICER), ("夜班", 20, names.NIGHT_OFFICER)):
            start = datetime(day.year, day.month, day.day, hour)
            bounds = (f"{start.isoformat()}+08:00", f"{(start + timedelta(hours=12)).isoformat()}+08:00", shift)
            for k in (0, 1):
                name, english = ours if k == 0 else staff[(2 * number + k) % len(staff)]
                rows.append((*bounds, name, "duty_officer", english, ""))
            turn = day.toordinal() % (len(leaders) + 1)
            name, english = leaders[turn] if turn < len(leaders) else names.DUTY_LEADER
            rows.append((*bounds, name, "leader", english, ""))
            number += 1
        day += timedelta(days=1)
    for i, street in enumerate(streets):
        rows += _day_by_day(street.code, dice, names.STREET_OFFICERS if i == 0 else ())
    return rows + _day_by_day(names.UNIT, dice, names.UNIT_OFFICERS)


def _day_by_day(seat: str, dice: Dice, ours: Sequence[tuple[str, str]]) -> Table:
    rows: Table = []
    drawn, leaders = [names.person(dice) for _ in range(5)], [names.person(dice) for _ in range(3)]
    for number in range((ROSTER_LAST - ROSTER_FIRST).days + 1):
        day = ROSTER_FIRST + timedelta(days=number)
        bounds = (f"{day}T08:00:00+08:00", f"{day + timedelta(days=1)}T08:00:00+08:00", "全天")
        for role, people in (("duty_officer", ours or drawn), ("leader", leaders)):
            name, english = people[number % len(people)]
            rows.append((*bounds, name, role, english, seat))
    return rows


_ALIASES = {
    "占道经营": "摆摊;流动摊贩;小贩;占道",
    "暴露生活垃圾": "乱倒垃圾;垃圾没人收",
    "垃圾满溢": "垃圾桶满了;垃圾爆桶",
    "违规养犬": "遛狗;狗没牵绳;狗叫",
    "施工占道": "挖路;修路占道",
    "停车收费争议": "乱收停车费",
    "私设地桩、地锁、停车杆": "占车位;地锁",
}


def categories() -> Table:
    """Every class and filing condition with its limit."""
    rows: Table = [("scheme", "kind", "major", "minor", "name", "condition", "value", "unit", "domain", "aliases")]
    for c in read_classes():
        rows += [
            (
                c.scheme,
                c.kind,
                c.major,
                c.minor,
                c.name,
                x.condition,
                f"{x.value:g}",
                x.unit,
                c.domain,
                _ALIASES.get(c.name, ""),
            )
            for x in c.limits
        ]
    return rows


def class_map() -> Table:
    """The unified domain of each class as the digital city platform numbers it."""
    rows: Table = [("source", "scheme", "kind", "major", "minor", "domain")]
    for source in ("/szcg", "/video-patrol", "/citizen-app"):
        rows += [(source, c.scheme, c.kind, c.major, c.minor, c.domain) for c in read_classes()]
    return rows


def holidays() -> Table:
    """Public holidays and 调休 make-up days."""
    rows: Table = [("date", "kind")]
    for first, days in _HOLIDAYS:
        rows += [(date.fromisoformat(first) + timedelta(days=k), "holiday") for k in range(days)]
    return rows + [(day, "workday") for day in _MAKE_UP]
