"""One menu of pages: every page has its line, its right and its word, and each person sees their own."""

import pytest

from dashboard.door.access import page_right
from dashboard.door.guards import ADDRESSES, PAGES
from dashboard.door.navigation import PAGES as LINKS
from dashboard.door.navigation import home_link, links
from dashboard.layouts.navigation import menu
from dashboard.texts import LANGUAGES, texts
from services.access.rights import RIGHTS, ROLES, Person, home, may, may_desk
from tests.tiny import CODE

# Pages that Flask draws: their endpoint.
PLAIN = {"/leadership": "leadership", "/audit": "audit_page"}
# Whoever is here may open these: one's own account, and /admin, which leads on to what one may see of it.
OPEN = {"/account", "/admin"}
# What one comes to from within another page alone.
WITHIN = {"/handover/"}


def person(role: str, session: str = "x") -> Person:
    own = {"street_staff": {"street": "S1"}, "department": {"unit": "D1"}, "grid_worker": {"grid": "G00"}}
    return Person("u", "周", role, session=session, **own.get(role, {}))


def may_open(asking: Person, address: str) -> bool:
    found = page_right(address, CODE)
    if found is None:
        return True
    right, kind, code = found
    return may_desk(asking, right, kind, code) if kind else may(asking, right)


def test_every_page_has_its_line_and_asks_for_the_pages_own_right() -> None:
    for link in LINKS:
        address = link.address.format(street="S1", unit="D1", grid="G00")
        found = page_right(address, CODE)
        if address in PLAIN:
            assert link.rights == (ADDRESSES[PLAIN[address]],)
        elif address not in OPEN:
            assert found is not None and link.rights == (found[0],), address
        assert RIGHTS.keys() >= set(link.rights)
    starts = {link.address.partition("{")[0] for link in LINKS}
    assert set(PAGES) - WITHIN <= starts


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_sees_the_pages_that_their_rights_open_and_the_way_home(role: str, language: str) -> None:
    asking, words = person(role), texts(language)
    found = {address.partition("?")[0] for _, address, _ in links(asking, words)}
    assert home(asking) in found
    for address in found:
        assert may_open(asking, address), address
    ends = {address.partition("?")[2] for _, address, _ in links(asking, words)} | {
        home_link(asking, words).partition("?")[2]
    }
    assert ends == ({"lang=en"} if language == "en" else {""})
    assert all(word for _, _, word in links(asking, words))


def test_a_street_reaches_its_own_leaders_page_and_no_wall() -> None:
    found = [address for _, address, _ in links(person("street_staff"), texts("zh-CN"))]
    assert found == ["/street/S1", "/leadership", "/account"]


@pytest.mark.parametrize(("role", "address"), [("department", "/unit/D1"), ("grid_worker", "/grid/G00")])
def test_a_department_and_a_grid_worker_have_their_own_desk_and_their_account(role: str, address: str) -> None:
    assert [address for _, address, _ in links(person(role), texts("zh-CN"))] == [address, "/account"]


def test_a_walls_machine_leads_to_the_log_in_and_a_person_at_a_wall_does_not() -> None:
    assert "/login" in [address for _, address, _ in links(person("wall", session=""), texts("zh-CN"))]
    assert "/login" not in [address for _, address, _ in links(person("leader"), texts("zh-CN"))]


def test_the_menu_marks_the_page_on_which_it_stands() -> None:
    nav = menu(person("leader"), texts("zh-CN"), "desk").children[1]
    marked = [a.href for a in nav.children if getattr(a, "aria-current", "") == "page"]
    assert marked == ["/desk"]
