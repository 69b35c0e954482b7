"""Which network addresses a webhook may reach: those of the public internet."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses inside IPv6 ones (NAT64, RFC 6052): the IPv4 address decides."""


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public internet, looking into wrapped IPv4 ones."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            # fec0::/10, given up by RFC 3879: Python calls it global, and who has it routes it inside.
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
