"""The pages that a person may see, one table for all: the menu of every page and the way back from a refusal.

A page that is added gets a line here, its right in ``guards`` and its word in the texts ``[pages]``; a test holds
the three together.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.access.rights import Person, home, may


class PageLink(NamedTuple):
    """``name`` is its word in texts ``pages``; ``address`` may hold {street}, {unit} or {grid}: the person's own.

    Any of ``rights``.
    """

    name: str
    address: str
    rights: tuple[str, ...]


# In the order of the menu.
PAGES = (
    PageLink("wall", "/wall", ("see_wall",)),
    PageLink("desk", "/desk", ("see_desk",)),
    PageLink("street", "/street/{street}", ("see_street",)),
    PageLink("unit", "/unit/{unit}", ("see_unit",)),
    PageLink("grid", "/grid/{grid}", ("see_grid",)),
    PageLink("leadership", "/leadership", ("see_leadership",)),
    PageLink("coverage", "/coverage", ("see_coverage",)),
    PageLink("replay", "/replay", ("see_replay",)),
    PageLink("admin", "/admin", ("manage_people", "manage_package", "manage_system")),
    PageLink("audit", "/audit", ("read_audit",)),
    PageLink("account", "/account", ("keep_account",)),
)


def links(person: Person, words: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, address, word) of the pages that a person may see, in the page's language; of a wall also the log-in."""
    found = []
    for page in PAGES:
        own = {"street": person.street, "unit": person.unit, "grid": person.grid}
        is_there = all(code or f"{{{name}}}" not in page.address for name, code in own.items())
        if is_there and any(may(person, right) for right in page.rights):
            found.append((page.name, in_language(page.address.format(**own), words), page.name))
    if not person.session:  # a wall is known by its place: a person who sits at it logs in
        found.append(("log_in", in_language("/login", words), "log_in"))
    return [(name, address, words["pages"][word]) for name, address, word in found]


def home_link(person: Person | None, words: Mapping[str, Any]) -> str:
    """Where a person's work begins; of nobody known the address that finds it out."""
    return in_language(home(person) if person is not None else "/", words)


def in_language(address: str, words: Mapping[str, Any]) -> str:
    """The same address for who reads English."""
    return f"{address}?lang=en" if words["language"] == "en" else address
