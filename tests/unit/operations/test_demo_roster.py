"""The demo's own people are on its roster: a handover there is signed as on any other day, without a reason."""

from zoneinfo import ZoneInfo

from services.district.package import Area, District
from services.duty.roster import Roster
from services.operations.demo_accounts import _people
from services.operations.simulator.dice import Dice
from services.operations.simulator.generate import SEED
from services.operations.simulator.names import UNIT
from services.operations.simulator.survey import CODE, survey
from services.operations.simulator.tables import roster
from tests.tiny import NOON

HOUR_MS = 3_600_000


def test_at_every_hour_one_demo_account_hands_over_and_another_takes_over() -> None:
    streets = survey(SEED).streets
    heading, *rows = roster(streets, Dice(SEED, "tables"))
    told = tuple(dict(zip(heading, map(str, row), strict=True)) for row in rows)
    areas = {place.code: Area(place.code, place.name, CODE, None) for place in streets}
    found = District(
        CODE, "澜城区", ZoneInfo("Asia/Shanghai"), streets=areas, units={UNIT: "综合执法大队"}, tables={"roster": told}
    )
    known = Roster(found)
    accounts = {account.user_id: account.name for account in _people(found)}
    officers, leaders = {accounts["duty"], accounts["duty2"]}, set[str]()
    first = streets[0].code
    for hour in range(0, 24 * 21, 3):
        now = NOON + hour * HOUR_MS
        ends, begins = known.at(CODE, now), known.after(CODE, known.at(CODE, now))
        assert {*ends.officers, *begins.officers} >= officers
        assert len(ends.officers) == 2
        leaders.add(ends.leader)
        street = known.at(first, now), known.after(first, known.at(first, now))
        assert {name for duty in street for name in duty.officers} == {accounts["street"], accounts["street2"]}
        unit = known.at(UNIT, now), known.after(UNIT, known.at(UNIT, now))
        assert {name for duty in unit for name in duty.officers} == {accounts["unit"], accounts["unit2"]}
    assert accounts["leader"] in leaders
