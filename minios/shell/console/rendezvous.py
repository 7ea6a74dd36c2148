"""Where the console of a program and its clients meet: one Unix socket a process, named by its PID.

The folder is `$XDG_RUNTIME_DIR/minios` (XDG Base Directory Specification), or `minios-UID` in
$TMPDIR or /tmp where the user has no such directory. Nobody else may enter it: a folder that
is a link, another user's, or open to others is refused, however it came there.

A socket outlives a program that is killed. Nobody listens on it then, which the system tells who
connects (ECONNREFUSED), and he removes it. That a live one is never removed takes two things. A
socket gets its name only when it listens already: it is bound under another and renamed. And who
looks whether it is stale and then removes it, or gives a name, holds a lock on the folder: the
number of a process that has ended may be given to another at any moment.
"""

import errno
import fcntl
import os
import socket
import stat
from contextlib import contextmanager
from time import monotonic, sleep

__all__ = ["connect", "folder", "listen", "pids", "remove"]

_BACKLOG = 16
_LONGEST = 107          # bytes of a Unix socket's path (unix(7): 108 with the null byte behind it)
_PATIENCE = 0.05        # seconds for the lock on the folder, which is held for microseconds
_SUFFIX = ".sock"


def folder():
    """The path of the folder, whether it is there or not."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and _is_ours(runtime):
        return os.path.join(runtime, "minios")
    temporary = os.environ.get("TMPDIR", "")
    if not (os.path.isabs(temporary) and os.path.isdir(temporary)):
        temporary = "/tmp"
    return os.path.join(temporary, f"minios-{os.geteuid()}")


def _is_ours(path):
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _check_folder(path):
    """Raise PermissionError unless `path` is a directory that is ours alone; FileNotFoundError."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        problem = "is no directory"
    elif status.st_uid != os.geteuid():
        problem = f"belongs to user {status.st_uid}"
    elif stat.S_IMODE(status.st_mode) != 0o700:
        problem = f"has mode {stat.S_IMODE(status.st_mode):04o} and not 0700"
    else:
        return
    raise PermissionError(
        errno.EACCES, f"{path} {problem}: it has to be a directory that only you may enter; "
        "remove it, and it is made anew"
    )


# --- In the program --------------------------------------------------------------------------


def listen():
    """Listen under the number of this process. Returns (socket, path, inode). Raises OSError."""
    path, pid = folder(), os.getpid()
    place = os.path.join(path, f"{pid}{_SUFFIX}")
    if len(os.fsencode(place)) > _LONGEST:
        raise OSError(
            errno.ENAMETOOLONG, f"the path of a socket has at most {_LONGEST} bytes, which {place} "
            "exceeds: set XDG_RUNTIME_DIR or TMPDIR to a shorter one"
        )
    _make_folder(path)
    first_name = os.path.join(path, f".{pid}")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        _unlink(first_name)         # of one that was killed between here and the rename
        sock.bind(first_name)
        os.chmod(first_name, 0o600)
        sock.listen(_BACKLOG)
        inode = os.stat(first_name).st_ino
        _give_name(first_name, place)
    except BaseException:
        sock.close()
        _unlink(first_name)
        raise
    return sock, place, inode


def _make_folder(path):
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except FileNotFoundError as error:
        raise OSError(error.errno, f"{os.path.dirname(path)} does not exist") from None
    _check_folder(path)


def _give_name(first_name, place):
    """Let the socket be found; what a dead process of our number has left there is replaced."""
    with _locked(os.path.dirname(place), _PATIENCE):
        if _is_heard(place):
            # Only a process of another PID namespace may have our number.
            raise OSError(errno.EADDRINUSE, f"another process listens on {place}")
        os.rename(first_name, place)


def remove(path, inode):
    """Remove our own socket, unless what is there is another."""
    try:
        if os.lstat(path).st_ino == inode:
            os.unlink(path)
    except OSError:
        pass


# --- On the other side -----------------------------------------------------------------------


def pids():
    """The numbers of the processes that may have a console, sorted. Raises PermissionError where
    the folder is not ours."""
    path = folder()
    try:
        _check_folder(path)
        names = os.listdir(path)
    except FileNotFoundError:
        return []
    stems = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdigit())


def connect(pid):
    """A socket that is connected to the console of a process; a stale one is removed.

    Raises ProcessLookupError where it has none, BlockingIOError where too many wait to be heard,
    OSError.
    """
    path = folder()
    place = os.path.join(path, f"{pid}{_SUFFIX}")
    try:
        _check_folder(path)
        return _connected(place)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        if isinstance(error, ConnectionRefusedError):
            _remove_stale(place)
        raise ProcessLookupError(
            errno.ESRCH, f"there is no minios program with a console that has PID {pid}"
        ) from None
    except BlockingIOError as error:
        problem = f"too many clients wait for the console of {pid}; is it stopped?"
        raise BlockingIOError(error.errno, problem) from None


def _connected(place):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.connect(place)
    except BaseException:
        sock.close()
        raise
    return sock


def _is_heard(place):
    """Whether somebody listens on the socket at `place`; it is not known where one may not ask."""
    try:
        _connected(place).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except OSError as error:
        # No socket at all listens to nobody; one whose queue is full does.
        return error.errno not in (errno.ENOTSOCK, errno.EPROTOTYPE)
    return True


def _remove_stale(place):
    """Remove a socket on which nobody listens; who comes first looks once more, under the lock."""
    with _locked(os.path.dirname(place), 0) as is_locked:
        if is_locked and not _is_heard(place):
            try:
                _unlink(place)
            except OSError:
                pass        # a folder of that name, say: it harms nobody


@contextmanager
def _locked(path, patience):
    """Hold the lock on the folder; gives whether it was to be had within `patience` seconds.

    The system gives it back when its holder ends, and one that is stopped holds up nobody.
    """
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _lock(fd, monotonic() + patience)
    finally:
        os.close(fd)


def _lock(fd, deadline):
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            if monotonic() >= deadline:
                return False
            sleep(0.001)


def _unlink(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
