"""Whose an address is, for everything that is counted by address."""

from services.access.log_in.network import network_of


def network(address: str) -> str:
    """The address as it is counted: whoever has an IPv6 address has its whole /64. Other texts stay as they are."""
    return network_of(address)
