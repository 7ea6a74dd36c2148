"""Which calls are traced: the `trace=` expressions of strace(1), by name and by class.

`recv,send`, `%network` or `network`, `all`, `none`, `!sleep,now`; `?name` may be unknown. What is
known is every call there is a class of, the users' own among them.
"""

from __future__ import annotations

from syscalls.base import SystemCall

from .rendering import name_of

__all__ = ["CLASSES", "Selection", "known_names"]

_SOCKETS = {"recv", "recvinto", "recvfrom", "send", "sendto", "sendall", "accept", "connect"}
CLASSES = {
    "network": _SOCKETS,
    "file": {"read", "write", "offload"},
    "desc": _SOCKETS | {"close", "read", "write", "readwait", "writewait"},
    "process": {"spawn", "wait", "waitany", "kill", "nice", "setname", "tasks", "gettid",
                "gettask", "getparent"},
    "signal": {"kill", "sigwait"},
    "clock": {"sleep", "sleepuntil", "now"},
    "ipc": {"park", "wake"},
}


def known_names():
    """The names of all calls that there is a class of in this process."""
    names, kinds = {"await"}, [SystemCall]
    while kinds:
        for kind in kinds.pop().__subclasses__():
            kinds.append(kind)
            names.add(name_of(kind))
    return names


class Selection:
    """A set of names of calls, or all but those. Raises ValueError for an unknown name."""

    def __init__(self, expression="all"):
        self.text = expression
        self.inverted = expression.startswith("!")
        self.names: set[str] = set()
        known = known_names()
        for word in expression.removeprefix("!").split(","):
            self._add(word.strip(), known)

    def _add(self, word, known):
        optional = word.startswith("?")
        name = word.lstrip("?").lstrip("%").lower()
        if name == "all":
            self.inverted, self.names = not self.inverted, set()
        elif name == "none":
            pass
        elif name in CLASSES:
            self.names |= CLASSES[name]
        elif name in known or optional:
            self.names.add(name)
        else:
            raise ValueError(
                f"invalid system call '{word}'; there are {' '.join(sorted(known))}, and the "
                f"classes {' '.join('%' + each for each in sorted(CLASSES))}"
            )

    def __contains__(self, name):
        return (name in self.names) is not self.inverted
