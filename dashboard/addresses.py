"""Whose an address is, for everything that is counted by address."""

import ipaddress


def network(address: str) -> str:
    """The address as it is counted: whoever has an IPv6 address has its whole /64. Other texts stay as they are."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped is not None:
        return address
    return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
