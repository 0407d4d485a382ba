"""Whose an address is, for everything that is counted by address."""

import ipaddress


def network_of(address: str) -> str:
    """Whoever has an IPv6 address has its whole /64 to try from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
