"""Tells systemd how we are: the protocol of sd_notify(3), which is one datagram."""

import os
import socket


def notify(*assignments: str) -> None:
    """Send `READY=1`, `WATCHDOG=1`, `STATUS=…` and the like; nothing happens where systemd did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # a name of Linux without a file
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
        datagram.settimeout(1.0)
        try:
            datagram.sendto("\n".join(assignments).encode(), address)
        except OSError:  # a supervisor that does not listen must not stop us; its watchdog will tell it
            return
