"""Entries of the log book in words: the system's are codes and values, put into the reader's language here."""

from typing import Any

from dashboard.layouts.moments import minute_text
from services.district.package import District
from services.duty.logbook import Entry, said
from services.duty.seats import seat_kind


def log_text(entry: Entry, words: dict[str, Any], district: District) -> str:
    """What an entry says: a person's text as it is, the system's sentence with its values in words."""
    code, values = said(entry)
    template = words["log"]["said"].get(code)
    if template is None:
        return entry.text
    shown = _Shown({name: _value(name, value, words, district) for name, value in values.items()})
    if entry.kind == "alarm":  # entries of before say neither
        street = street_name(values["street"], words, district) if values.get("street") else ""
        shown["where"] = " ".join(part for part in (street, values.get("about", "")) if part)
    return str(template).format_map(shown).strip()


def street_name(code: str, words: dict[str, Any], district: District) -> str:
    """A street's name in the reader's language; «unplaced» for none."""
    if words["language"] == "en" and code in district.streets_en:
        return district.streets_en[code]
    area = district.streets.get(code)
    return area.name if area is not None else code or str(words["word"]["unplaced"])


def seat_name(seat: str, words: dict[str, Any], district: District) -> str:
    """Whose sheet it is: the centre's, a street's sub-centre's, a unit's."""
    english, names = words["language"] == "en", words["handover"]
    kind = seat_kind(district, seat)
    if kind == "centre":
        return str(names["center"].format(name=(english and district.name_en) or district.name))
    if kind == "unit":
        name = district.units[seat]
        return district.units_en.get(seat, name) if english else name
    return str(names["sub_center"].format(name=street_name(seat, words, district)))


def shift_name(shift: str, words: dict[str, Any]) -> str:
    """A shift's name; where the roster has none, the day."""
    return str(words["shift"].get(shift, shift)) if shift else str(words["handover"]["day"])


class _Shown(dict[str, str]):
    def __missing__(self, _name: str) -> str:
        return "—"


def _value(name: str, value: str, words: dict[str, Any], district: District) -> str:
    if name == "severity" and value in {"1", "2", "3", "4"}:
        return str(words["word"]["severity"][int(value)])
    if name == "street":
        return street_name(value, words, district)
    if name == "since":
        return minute_text(int(value), district.zone) if value.isdecimal() else "—"
    if name == "shift":
        return shift_name(value, words)
    if name == "officers":
        return str(words["unit"]["list"]).join(value.split())
    known = {
        "domain": words["domain"],
        "kind": words["alarm"]["names"],
        "type": words["command"],
        "reason": words["reason"] | words["refusal"],
    }
    if name in known:
        return str(known[name].get(value.split(":", maxsplit=1)[0], value))
    return value or "—" * (name == "leader")
