"""A person, a change and a wish in the words of the page."""

from collections.abc import Mapping
from typing import Any

from dashboard.callbacks.admin.shell import AdminShell
from services.access.account import Account
from services.access.log_in.own_sessions_service import name_of_session
from services.access.rights import ROLES, Person, may
from services.admin.account_change import FINAL, AccountChange, AccountWish, PeopleRefused, is_grave, person_of
from services.admin.people_reader import LockedPlace, PersonPanel, PersonRow
from services.admin.people_service import Outcome
from services.platform.clock import MINUTE_MS

# What a person's page names of the rights: the word, and the right that it stands for.
ABLE = ("command", "reveal", "export_cases", "read_audit", "manage_people", "manage_package", "manage_system")


class PersonWords:
    """Words of one answer: the language is the request's."""

    def __init__(self, shell: AdminShell) -> None:
        self._shell, self._words = shell, shell.words()
        self._a = self._words["admin"]

    def word(self, table: str, key: str) -> str:
        """A text of a table of ``[admin]``."""
        return str(self._a[table][key])

    def place(self, account: Account) -> str:
        """What an account is of: its street and community by name, a wall's networks, or the whole district."""
        district = self._shell.district
        if account.role == "wall":
            return account.addresses
        if account.unit or account.grid:
            return self.value("unit", account.unit) if account.unit else self.value("grid", account.grid)
        if not account.street:
            return str(self._a["people"]["whole"])
        street = district.streets[account.street].name if account.street in district.streets else account.street
        known = district.communities.get(account.community)
        return f"{street} {known.name if known is not None else account.community}".strip()

    def fits(self, account: Account, q: str) -> bool:
        """Whether what was typed is in the name, the id, the role or the place."""
        role = str(self._words["role"][account.role])
        return all(
            part in f"{account.name} {account.user_id} {role} {self.place(account)}".casefold()
            for part in q.casefold().split()
        )

    def line(self, row: PersonRow, now: int) -> dict[str, Any]:
        """A line of the list."""
        account, a = row.account, self._a["people"]
        return {
            "id": account.user_id, "name": account.name, "role": self._words["role"][account.role],
            "place": self.place(account), "factor": self.factor(row), "lacks": row.lacks_factor,
            "sessions": len(row.sessions) or "—", "locked": self._since(row.locked),
            "disabled": account.is_disabled,
            "last": a["by_place"] if account.role == "wall" else self.ago(row.last_log_in, now),
        }  # fmt: skip

    def factor(self, row: PersonRow) -> str:
        """Which second factor there is."""
        account, a = row.account, self._a["people"]
        if account.role == "wall":
            return "—"
        if account.factor_at:
            return str(a["totp"])
        return str(a["lacks"] if row.lacks_factor else a["sso"] if account.subject or account.sso_name else a["none"])

    def ago(self, ms: int, now: int) -> str:
        """A moment as the list writes it: the hour of today, else the day."""
        if not ms:
            return str(self._a["people"]["never"])
        at = self._shell.at
        if at(ms, "%Y-%m-%d") == at(now, "%Y-%m-%d"):
            return at(ms, "%H:%M")
        return at(ms, "%m-%d %H:%M") if at(ms, "%Y") == at(now, "%Y") else at(ms, "%Y-%m-%d")

    def _since(self, locked: tuple[LockedPlace, ...]) -> str:
        return self._shell.at(min(one.since for one in locked), "%H:%M") if locked else ""

    def panel(self, found: PersonPanel, asking: Person, now: int) -> dict[str, Any]:
        """What stands beside the list."""
        row, account, a = found.row, found.row.account, self._a["people"]
        sessions = [
            {
                "name": name_of_session(one.token_hash),
                "device": one.device or a["unknown_device"],
                "address": one.address,
                "since": self.ago(one.made_at, now),
                "seen": self.ago(one.seen_at, now),
            }
            for one in row.sessions[::-1]
        ]
        person = person_of(account, asking.people_apart)
        able = [a["able"][right] for right in ABLE if may(person, right)]
        return {
            "account": account, "line": self.line(row, now), "version": found.version, "sessions": sessions,
            "is_self": account.user_id == asking.user_id, "able": able,
            "factor_since": self._shell.at(account.factor_at) if account.factor_at else "",
            "locked": [self.locked(one) for one in row.locked], "grave": is_grave(account.role),
            "is_wall": account.role == "wall", "made": self._shell.at(account.made_at) if account.made_at else "—",
            "has_password": bool(account.password), "waits_for": account.sso_name,
            "changes": [self.change(one, found) for one in found.changes],
            "wishes": [self.wish(one, asking, now, account) for one in found.wishes],
        }  # fmt: skip

    def locked(self, one: LockedPlace) -> str:
        """Where somebody was wrong too often, and until when the place waits."""
        a = self._a["people"]
        where = a["open_session"] if one.place == "open" else one.place or a["known_browser"]
        said = a["locked_codes" if one.is_code else "locked_passwords"]
        return str(said).format(place=where, until=self._shell.at(one.until, "%H:%M"))

    def change(self, one: AccountChange, panel: PersonPanel) -> dict[str, Any]:
        """A row of the history: what it was, whether it can be taken back."""
        taken_back = {c.undoes for c in panel.changes}
        words = self._a["people"]
        why_not = words["final"] if one.what in FINAL else words["undone"] if one.n in taken_back else ""
        later = one.what in {"change", "disable", "enable"} and any(
            getattr(panel.row.account, name) != value for name, value in one.after.items()
        )
        return {
            "n": one.n, "at": self._shell.at(one.at), "by": one.by_name,
            "what": self.difference(one.what, one.before, one.after),
            "reason": one.reason, "second": one.second_id, "undoes": one.undoes,
            "why_not": why_not or (words["changed_later"] if later else ""),
        }  # fmt: skip

    def difference(self, what: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
        """A change in words: «角色：值班员 → 领导»."""
        if what != "change":
            return str(self._a["kinds"][what])
        comma = str(self._words["unit"]["list"])
        return comma.join(
            f"{self._a['columns'][name]} {self.value(name, before.get(name))} → {self.value(name, after[name])}"
            for name in after
            if name in before and before[name] != after[name]
        ) or str(self._a["kinds"][what])

    def value(self, name: str, value: object) -> str:
        """A column's value by its name in the lists."""
        district, text = self._shell.district, str(value or "")
        if name == "role":
            return str(self._words["role"].get(text, text))
        areas = {"street": district.streets, "community": district.communities, "grid": district.grids}
        places = {code: area.name for code, area in areas.get(name, {}).items()}
        if name == "unit":
            places = (
                district.units_en if self._words["language"] == "en" and text in district.units_en else district.units
            )
        return places.get(text) or text or str(self._a["people"]["nothing"])

    def wish(self, one: AccountWish, asking: Person, now: int, known: Account | None) -> dict[str, Any]:
        """What waits for a second administrator: about whom (``known``, None for a new one), from what to what."""
        comma, said = str(self._words["unit"]["list"]), str(self._a["kinds"][one.what])
        if one.what == "add":
            said = comma.join([said, *(self.value(n, v) for n, v in one.values.items() if v and n != "is_disabled")])
        elif one.what == "change":
            said = comma.join(
                f"{self._a['columns'][n]} {self.value(n, getattr(known, n, ''))} → {self.value(n, v)}"
                for n, v in one.values.items()
            )
        hours = max(one.expires_at - now, 0) // (60 * MINUTE_MS)
        return {
            "id": one.id, "user": one.user_id, "name": known.name if known else one.user_id, "what": said,
            "by": one.by_name, "at": self._shell.at(one.at),
            "reason": one.reason, "mine": one.by_id == asking.user_id, "about_me": one.user_id == asking.user_id,
            "left": self._a["people"]["hours_left"].format(n=hours + 1),
        }  # fmt: skip

    def choices(self) -> dict[str, list[tuple[str, Any]]]:
        """What the selects offer: roles, streets, and communities by street."""
        district = self._shell.district
        by_street: dict[str, list[tuple[str, str]]] = {code: [] for code in district.streets}
        for code, area in district.communities.items():
            by_street.setdefault(area.parent, []).append((code, area.name))
        return {
            "roles": [(role, self._words["role"][role]) for role in ROLES],
            "streets": [(code, area.name) for code, area in district.streets.items()],
            "communities": [
                (district.streets[code].name, found)
                for code, found in by_street.items()
                if found and code in district.streets
            ],
            "units": [(code, self.value("unit", code)) for code in district.units],
            "grids": [(code, area.name) for code, area in district.grids.items()],
        }

    def refused(self, refused: PeopleRefused) -> str:
        """Why not, and what to do."""
        if refused.code == "stale":
            changes: list[AccountChange] = refused.fields["changes"]  # type: ignore[assignment]  # as it is raised
            said = "；".join(
                f"{self._shell.at(one.at, '%H:%M')} {one.by_name} {self.difference(one.what, one.before, one.after)}"
                for one in changes
            ) or str(self._a["people"]["unknown_change"])
            return str(self._a["refused"]["stale"]).format(said=said)
        values = dict(refused.fields)
        if "right" in values:
            values["right"] = self._a["people"]["able"][values["right"]]
        return str(self._a["refused"][refused.code]).format(**values)

    def done(self, do: str, outcome: Outcome) -> str:
        """What came of it."""
        said = str(self._a["done"][outcome.state])
        if outcome.state in {"done", "alone"} and outcome.ended:
            said += str(self._a["done"]["ended"]).format(n=outcome.ended)
        return said
