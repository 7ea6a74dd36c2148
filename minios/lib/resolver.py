"""getaddrinfo: names to addresses, off the kernel's thread."""

from __future__ import annotations

from syscalls import Offload

from .blocking import blocking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

__all__ = ["getaddrinfo"]


@blocking
def getaddrinfo(
    host: str | bytes | None, port: str | int | None, family: int = 0, type: int = 0,
    proto: int = 0, flags: int = 0,
) -> Generator[Any, Any, list[tuple[Any, ...]]]:
    """Resolve `host` and `port` as socket.getaddrinfo does, in a thread (getaddrinfo(3)).

    What is an address already is answered at once. A task that is killed does not wait for the
    answer. Raises socket.gaierror, which is an
    OSError, and OverflowError for a port that cannot be.
    """
    import socket

    if isinstance(port, int) and not 0 <= port <= 65535:
        raise OverflowError(f"a port is 0-65535, not {port}")
    try:
        return socket.getaddrinfo(
            host, port, family, type, proto, flags | socket.AI_NUMERICHOST
        )
    except socket.gaierror as error:
        if error.errno not in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
            raise
    return (yield Offload(socket.getaddrinfo, host, port, family, type, proto, flags))
