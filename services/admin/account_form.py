"""What a form says of an account, checked against the district's lists: names are chosen, codes are never typed. Pure.

What is wrong is told by a code with a text of its own (``[admin.refused]``), not by an exception of the machine's.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from services.access.account import Account
from services.access.rights import ROLES
from services.admin.account_change import PLACES, PLACES_OF, PeopleRefused
from services.district.package import District

LONGEST_NAME = 60
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")


def wanted_columns(form: Mapping[str, str], district: District) -> dict[str, Any]:
    """The columns that a person's form asks for. Raises PeopleRefused."""
    name, role = form.get("name", "").strip(), form.get("role", "")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise PeopleRefused("bad_name", most=LONGEST_NAME)
    if role not in ROLES:
        raise PeopleRefused("unknown_role")
    places = {key: form.get(key, "") if key in PLACES_OF.get(role, ()) else "" for key in PLACES}
    if role == "street_staff":
        _check_street(places["street"], places["community"], district)
    if role == "department" and places["unit"] not in district.units:
        raise PeopleRefused("needs_unit")
    if role == "grid_worker":
        places["grid"] = _grid(places["grid"], district)
    addresses = " ".join(form.get("addresses", "").split()) if role == "wall" else ""
    if role == "wall":
        _check_networks(addresses)
    return {"name": name, "role": role, **places, "addresses": addresses}


def new_account(form: Mapping[str, str], district: District) -> Account:
    """A new account as a form asks for it. Raises PeopleRefused."""
    user_id, columns = form.get("user", "").strip(), wanted_columns(form, district)
    if not _ID.fullmatch(user_id):
        raise PeopleRefused("bad_id")
    sso_name = form.get("sso_name", "").strip()[:64] if form.get("way") == "sso" and columns["role"] != "wall" else ""
    return Account(user_id, sso_name=sso_name, **columns)


def _grid(text: str, district: District) -> str:
    """A grid's code from what was typed or chosen: its code, or «code name» as the list offers it."""
    code = text.strip().split(" ")[0]
    if code in district.grids:
        return code
    raise PeopleRefused("needs_grid", grid=text[:40])


def _check_street(street: str, community: str, district: District) -> None:
    if not street:
        raise PeopleRefused("needs_street")
    if street not in district.streets:
        raise PeopleRefused("unknown_street", street=street[:20])
    if community and (community not in district.communities or district.communities[community].parent != street):
        raise PeopleRefused("unknown_community", street=district.streets[street].name)


def _check_networks(addresses: str) -> None:
    if not addresses:
        raise PeopleRefused("needs_addresses")
    for one in addresses.split():
        try:
            is_everybody = ipaddress.ip_network(one).prefixlen == 0
        except ValueError:
            raise PeopleRefused("bad_address", address=one[:50]) from None
        if is_everybody:
            raise PeopleRefused("everybody", address=one[:50])
