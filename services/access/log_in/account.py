"""What an account is: its id, role and places go together; and whether an address lies in its networks. Pure."""

import ipaddress

from services.access.account import Account
from services.access.rights import ROLES
from services.platform.refusal import Refusal


class AccountError(Refusal):
    """What is asked of an account cannot be done; the text says what and what to do."""


def check_account(new: Account) -> None:
    """Raise AccountError when there can be no such account."""
    if not new.user_id.isascii() or not new.user_id.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise AccountError(f"account {new.user_id!r}: letters, digits, «.», «-» and «_» only")
    if not 2 <= len(new.user_id) <= 32 or not 1 <= len(new.name) <= 60:
        raise AccountError("an account's id has 2 to 32 characters, its name 1 to 60")
    if new.role not in ROLES:
        raise AccountError(f"role {new.role!r}: one of {', '.join(ROLES)}")
    if (new.role == "street_staff") != bool(new.street):
        raise AccountError("street_staff needs --street, and nobody else has one")
    if (new.role == "department") != bool(new.unit):
        raise AccountError("department needs --unit, and nobody else has one")
    if (new.role == "grid_worker") != bool(new.grid):
        raise AccountError("grid_worker needs --grid, and nobody else has one")
    if new.community and not new.street:
        raise AccountError("a community needs its street")
    if (new.role == "wall") != bool(new.addresses):
        raise AccountError("a wall needs --addresses (such as 10.1.2.3/32), and nobody else has them")
    for network in new.addresses.split():
        try:
            is_everybody = ipaddress.ip_network(network).prefixlen == 0
        except ValueError as error:
            raise AccountError(f"address {network!r}: {error}") from error
        if is_everybody:
            raise AccountError(f"address {network!r}: everybody would be this wall; give the network where it stands")


def comes_from(address: str, networks: str) -> bool:
    """Whether an address lies in one of the networks, which are written with blanks between them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network) for network in networks.split())
