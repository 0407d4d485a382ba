"""What a desk's panel and title say: colleagues by name, countdowns in whole minutes, whose desk a tab shows."""

import json
from typing import Any

import pytest

from dashboard.layouts import desk
from dashboard.layouts.deadline_account import countdown_text
from dashboard.layouts.personal import by_name
from dashboard.texts import texts
from services.access.rights import Person
from services.board.readers.case import HistoryEvent
from services.cases.acts_reader import CaseAct
from services.district.package import District
from services.projector.sealed.service import PersonalField

MINUTE, HOUR = 60_000, 3_600_000


def act(command: str, user_id: str, name: str) -> CaseAct:
    return CaseAct(command, 1, name, "case.acknowledge", "done", "", "", user_id)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("g1", "沈佳"),  # an account with a number in it stands in the clear
        ("d**", "何静"),  # any other is masked: the last colleague who acted and looks like it
        ("王*", "王*"),  # a person of the case system, who is no colleague here
    ],
)
def test_who_handles_a_case_is_a_colleague_by_name(shown: str, said: str) -> None:
    acts = [act("c1", "g1", "沈佳"), act("c2", "duty", "周敏"), act("c3", "dual", "何静")]
    events = [HistoryEvent(at, "case.handling", (), one.command_id) for at, one in enumerate(acts)]
    (field, title) = by_name(
        [PersonalField("handler", shown, True), PersonalField("title", "路灯", False)], events, acts
    )
    assert (field.shown, title.shown) == (said, "路灯")
    assert field.can_reveal == (said == shown), "behind a colleague's name there is nothing to reveal"


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (29 * MINUTE + 59_000, "29分59秒"),
        (30 * MINUTE + 7_000, "30分"),
        (46 * MINUTE + 30_000, "46分"),
        (67_000, "1分7秒"),
        (HOUR + 59_000, "1小时"),
        (27 * HOUR + 5 * MINUTE, "1天3小时"),
    ],
)
def test_a_countdown_names_seconds_only_in_the_last_half_hour(ms: int, said: str) -> None:
    assert countdown_text(ms, texts("zh-CN")) == said


def titled(district: District, person: Person, kind: str, code: str, language: str) -> str:
    root: Any = desk.layout(district, texts(language), person, kind, code)
    return str(json.loads(getattr(root, "data-desk"))["title"])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_tabs_of_a_browser_tell_the_desks_apart(tiny: District, language: str) -> None:
    seats = [
        ("", "", Person("duty", "周敏", "duty_officer")),
        *(("street", code, Person("s", "马骏", "street_staff", code)) for code in ("S1", "S2")),
        *(("street", "S1", Person("c", "罗勇", "street_staff", "S1", code)) for code in ("C1", "C2")),
        *(("unit", code, Person("d", "高翔", "department", unit=code)) for code in ("D1", "D2")),
        *(("grid", code, Person("g", "沈佳", "grid_worker", grid=code)) for code in ("G00", "G01")),
    ]
    titles = [titled(tiny, person, kind, code, language) for kind, code, person in seats]
    assert len(set(titles)) == len(seats), titles
