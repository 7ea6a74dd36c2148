"""Folders: what ls(1) tells of a file, read in a thread and in slices.

/proc is the kernel's, not the system's: its folders are the tasks, named as ps names them.
"""

import errno
import grp
import os
import pwd
import stat
import time
from functools import lru_cache
from typing import NamedTuple

from syscalls import Offload

from ...errors import NoSuchTaskError
from ..inspection import procfs
from ..pace import Pace
from ..rest import REST

__all__ = ["Entry", "human_size", "look_at", "read_folder"]

_HALF_A_YEAR = 365.2425 * 86400 / 2


class Entry(NamedTuple):
    """One file: its name, its os.stat_result (None: unknown), and, of a link, where it points to
    and the mode of what is there (None: nothing)."""

    name: str
    info: os.stat_result | None = None
    target: str | None = None
    target_mode: int | None = None
    is_task: bool = False       # a task, as a folder of /proc

    @property
    def mode(self):
        """`-rw-r--r--`; `-` where it is unknown."""
        if self.info is not None:
            return stat.filemode(self.info.st_mode)
        return "dr-xr-xr-x" if self.is_task else "-"

    @property
    def is_folder(self):
        """Whether it is a folder, and no link to one."""
        return self.is_task or self.mode.startswith("d")

    @property
    def mark(self):
        """What -F shows behind the name."""
        return _mark(self.mode)

    @property
    def target_mark(self):
        """What -F shows behind the name of what a link points to."""
        return "" if self.target_mode is None else _mark(stat.filemode(self.target_mode))

    def details(self, human):
        """The columns of -l in front of the name; `-` for what is unknown."""
        info = self.info
        if info is None:
            return self.mode, "-", "-", "-", "-", "-"
        size = human_size(info.st_size) if human else str(info.st_size)
        if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
            size = f"{os.major(info.st_rdev)}, {os.minor(info.st_rdev)}"
        return (self.mode, str(info.st_nlink), _user(info.st_uid), _group(info.st_gid), size,
                _time(info.st_mtime))


def _mark(mode):
    mark = {"d": "/", "l": "@", "p": "|", "s": "="}.get(mode[0], "")
    return mark or ("*" if mode[0] == "-" and "x" in mode else "")


def look_at(process, word, follow):
    """The Entry of the file that `word` names, that of what a link points to with `follow`; a
    generator. Raises OSError."""
    kind = _kind_in_proc(process.system, word)
    if kind is not None:
        return Entry(word, is_task=kind != "file")
    return (yield Offload(_look_at, process.path(word), word, follow))


def read_folder(process, word):
    """The Entries of a folder, in no order; a generator. Raises OSError."""
    kind = _kind_in_proc(process.system, word)
    if kind is None:
        return (yield Offload(_read_folder, process.path(word)))
    if kind == "task":
        return [Entry(name) for name in _names_of_task()]
    entries, pace = [], Pace()
    for task in process.system.tasks():
        entries.append(Entry(process.system.address(task), is_task=True))
        if pace.is_over():
            yield REST
    return entries


def human_size(size):
    """`size` bytes as -h shows them, rounded up: 512, 1.5K, 23M."""
    if size < 1024:
        return str(size)
    power = (size.bit_length() - 1) // 10
    tenths = -(-size * 10 // 1024 ** power)
    if tenths >= 10240:
        power, tenths = power + 1, 10
    if tenths < 100:
        return f"{tenths // 10}.{tenths % 10}{' KMGTPE'[power]}"
    return f"{-(-size // 1024 ** power)}{' KMGTPE'[power]}"


def _look_at(path, name, follow):
    """In a thread."""
    if follow:
        try:
            return Entry(name, os.stat(path))
        except FileNotFoundError:
            pass        # a link that points nowhere is shown itself
    info = os.lstat(path)
    if not stat.S_ISLNK(info.st_mode):
        return Entry(name, info)
    try:
        target_mode = os.stat(path).st_mode
    except OSError:
        target_mode = None
    return Entry(name, info, os.readlink(path), target_mode)


def _read_folder(path):
    """In a thread."""
    entries = []
    for name in os.listdir(path):
        try:
            entries.append(_look_at(os.path.join(path, name), name, follow=False))
        except OSError:
            entries.append(Entry(name))     # it is gone by now, or nobody may look
    return entries


def _time(moment):
    then, now = time.localtime(moment), time.time()
    recent = now - _HALF_A_YEAR < moment <= now
    return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", then)


@lru_cache(maxsize=256)
def _user(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=256)
def _group(gid):
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


# --- /proc -------------------------------------------------------------------------------


def _kind_in_proc(system, word):
    """What a name below /proc is: "tasks", the folder of all, "task", the folder of one, "file",
    a file of one; None for a file of the system, such as /proc/cpuinfo.

    Raises FileNotFoundError where it would be in the folder of a task that is not there.
    """
    parts = [part for part in word.split("/") if part not in ("", ".")]
    if not word.startswith("/") or parts[:1] != ["proc"]:
        return None
    del parts[0]
    if not parts:
        return "tasks"
    if _is_task(system, parts):
        return "task"
    if parts[-1] in _names_of_task() and _is_task(system, parts[:-1]):
        return "file"
    if parts[0].isdigit():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return None


def _names_of_task():
    return list(procfs.PROC_FILES)


def _is_task(system, parts):
    """Whether `7` or `2/5` names a task."""
    try:
        system.find("/".join(parts))
    except NoSuchTaskError:
        return False
    return True
