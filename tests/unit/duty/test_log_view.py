"""The log book as a desk shows it: filters, and what is said again and again in one line; people's notes apart."""

from services.board.alarm import Alarm, Subject, encode_alarm
from services.duty import logbook
from services.duty.log_view import LogLine, LogWish, folded, lines, wanted
from services.duty.logbook import AlarmStep, Entry
from tests.tiny import NOON

MINUTE = 60_000


def entry(minutes: float, text: str, kind: str = "alarm", who: str = "", case_id: str = "") -> Entry:
    return Entry(NOON - int(minutes * MINUTE), "D", "", who, kind, text, case_id)


def shown(*entries: Entry, streets: dict[str, str] | None = None) -> list[LogLine]:
    return lines(entries, lambda e: e.text, streets or {})


def test_the_same_sentence_again_and_again_is_one_line_with_its_cases() -> None:
    found = folded(shown(*(entry(n, "升级无人签收", case_id=f"A{n % 3}") for n in range(10))))
    assert [(line.n, line.entry.at, line.first_at) for line in found] == [(10, NOON, NOON - 9 * MINUTE)]
    assert found[0].cases == ("A0", "A1", "A2")


def test_an_hour_of_silence_begins_a_line_anew() -> None:
    assert [line.n for line in folded(shown(entry(0, "停传"), entry(20, "停传"), entry(90, "停传")))] == [2, 1]


def test_what_people_write_is_never_folded_and_hides_nothing() -> None:
    notes = [entry(n, "来电", "phone", "duty 周敏") for n in (1, 2)]
    found = folded(shown(entry(0, "停传"), *notes, entry(3, "停传")))
    assert [(line.text, line.n) for line in found] == [("停传", 2), ("来电", 1), ("来电", 1)]


def test_another_street_is_another_line() -> None:
    found = folded(shown(entry(0, "超期", case_id="A"), entry(1, "超期", case_id="B"), streets={"A": "S1", "B": "S2"}))
    assert [(line.street, line.n) for line in found] == [("S1", 1), ("S2", 1)]


def test_the_log_is_filtered_by_kind_street_author_and_words() -> None:
    found = shown(
        entry(0, "升级到区", "escalation", case_id="A9"),
        entry(1, "来电问停水", "phone", "duty 周敏"),
        entry(2, "查岗", "inspection", "duty2 何静"),
        streets={"A9": "S2"},
    )

    def texts(**wish: str) -> list[str]:
        return [line.text for line in wanted(found, LogWish(**wish))]

    assert texts() == ["升级到区", "来电问停水", "查岗"]
    assert texts(kind="people") == ["来电问停水", "查岗"]
    assert texts(kind="system") == ["升级到区"]
    assert texts(kind="phone") == texts(words="停水 周敏") == ["来电问停水"]
    assert texts(street="S2") == texts(words="a9") == ["升级到区"]
    assert texts(who="duty2 何静") == ["查岗"]
    assert texts(words="没有的词") == []


def test_an_alarms_entry_names_its_case_and_its_street() -> None:
    alarm = Alarm("a1", "D", "escalation_untaken", 1, "open_case", NOON, NOON, subject=Subject("A7", street="S1"))
    step = AlarmStep(NOON, "a1", "D", "escalation_untaken", "climbed", "", "", encode_alarm(alarm))
    told = logbook.of_alarm(step)
    assert told is not None
    assert told.case_id == "A7"
    assert logbook.said(told)[1]["street"] == "S1"
