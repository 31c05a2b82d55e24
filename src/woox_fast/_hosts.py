"""Check hosts: a name, an IPv4 address or a bracketed IPv6 address, optionally with a port."""

from __future__ import annotations

MAX_HOST_LENGTH, MAX_LABEL_LENGTH = 253, 63  # RFC 1035
MAX_VALID_HOSTS = 64

_LABEL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_IPV6 = frozenset("0123456789ABCDEFabcdef:.")  # without a zone such as %eth0

# Hosts found valid. A gateway sends all its requests to the same host.
valid_hosts: set[str] = set()


def is_host(text: str) -> bool:
    """Return whether `text` is a host with an optional port."""
    if text in valid_hosts:
        return True
    if text[:1] == "[":
        name, bracket, rest = text[1:].partition("]")
        is_valid = bool(bracket) and _is_ipv6(name)
    else:
        name, colon, port = text.partition(":")
        rest = colon + port
        is_valid = _is_host_name(name)
    if not is_valid or (rest and not _is_port(rest)):
        return False
    if len(valid_hosts) < MAX_VALID_HOSTS:
        valid_hosts.add(text)
    return True


def _is_host_name(name: str) -> bool:
    labels = name.removesuffix(".").split(".")  # a last '.' marks an absolute name
    if len(name) > MAX_HOST_LENGTH or not all(map(_is_label, labels)):
        return False
    if not labels[-1].isdigit():
        return True
    return len(labels) == 4 and all(
        label.isdigit() and str(int(label)) == label and int(label) < 256 for label in labels
    )


def _is_label(label: str) -> bool:
    return 0 < len(label) <= MAX_LABEL_LENGTH and _LABEL.issuperset(label) and "-" not in (label[0], label[-1])


def _is_ipv6(address: str) -> bool:
    if not _IPV6.issuperset(address):
        return False
    from ipaddress import IPv6Address  # here, because few hosts are IPv6 addresses

    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True


def _is_port(text: str) -> bool:
    port = text[1:]
    return text[0] == ":" and len(port) < 6 and port.isascii() and port.isdigit() and int(port) < 65536
