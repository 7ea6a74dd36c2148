"""rendezvous.py: the folder of the sockets, their names, and those of the dead."""

import errno
import fcntl
import os
import socket
import stat

import pytest

from minios.shell.console import rendezvous


@pytest.fixture
def place():
    """Where the socket of this process is to be."""
    return os.path.join(rendezvous.folder(), f"{os.getpid()}.sock")


def leave_stale(place):
    """Leave a socket behind on which nobody listens, as a process that was killed does."""
    os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(place)
    dead.listen()
    dead.close()


def test_the_folder_is_in_the_runtime_directory_and_ours_alone(runtime, place):
    sock, path, inode = rendezvous.listen()
    with sock:
        assert path == place == f"{runtime}/minios/{os.getpid()}.sock"
        assert stat.S_IMODE(os.stat(f"{runtime}/minios").st_mode) == 0o700
        assert os.stat(path).st_ino == inode
        assert os.listdir(f"{runtime}/minios") == [os.path.basename(path)]


def test_without_a_runtime_directory_it_is_in_the_temporary_one(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert rendezvous.folder() == f"{tmp_path}/minios-{os.geteuid()}"
    monkeypatch.setenv("TMPDIR", "relative")
    assert rendezvous.folder() == f"/tmp/minios-{os.geteuid()}"


@pytest.mark.parametrize("value", ["", "relative", "/nowhere", "/dev/null"])
def test_a_runtime_directory_that_is_none_is_not_used(monkeypatch, tmp_path, value):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    assert rendezvous.folder() == f"{tmp_path}/minios-{os.geteuid()}"


def test_a_runtime_directory_of_another_user_is_not_used(monkeypatch, tmp_path, runtime):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert rendezvous.folder() == f"{tmp_path}/minios-{os.getuid() + 1}"


@pytest.mark.parametrize("ask", [rendezvous.listen, rendezvous.pids, lambda: rendezvous.connect(1)])
def test_a_folder_that_others_may_enter_is_refused(runtime, ask):
    os.mkdir(f"{runtime}/minios", 0o755)
    with pytest.raises(PermissionError, match="has mode 0755 and not 0700.*remove it"):
        ask()


@pytest.mark.parametrize("ask", [rendezvous.listen, rendezvous.pids, lambda: rendezvous.connect(1)])
def test_a_folder_that_is_a_link_is_refused(runtime, tmp_path, ask):
    os.symlink(tmp_path, f"{runtime}/minios")
    with pytest.raises(PermissionError, match="is no directory"):
        ask()


def test_a_folder_of_another_user_is_refused(runtime, monkeypatch):
    os.mkdir(f"{runtime}/minios", 0o700)
    monkeypatch.setattr(rendezvous, "folder", lambda: f"{runtime}/minios")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(PermissionError, match=f"belongs to user {os.getuid()}"):
        rendezvous.listen()


def test_a_path_that_is_too_long_for_a_socket_is_named(monkeypatch, runtime):
    long = f"{runtime}/{'x' * 100}"
    os.mkdir(long)
    monkeypatch.setenv("XDG_RUNTIME_DIR", long)
    with pytest.raises(OSError, match="at most 107 bytes.*set XDG_RUNTIME_DIR or TMPDIR") as caught:
        rendezvous.listen()
    assert caught.value.errno == errno.ENAMETOOLONG


def test_a_temporary_directory_that_has_gone_is_named(monkeypatch, runtime):
    monkeypatch.setattr(rendezvous, "folder", lambda: f"{runtime}/gone/minios")
    with pytest.raises(OSError, match="gone does not exist"):
        rendezvous.listen()


# --- Finding ---------------------------------------------------------------------------------


def test_no_folder_means_no_programs():
    assert rendezvous.pids() == []
    with pytest.raises(ProcessLookupError, match="no minios program with a console.*PID 1"):
        rendezvous.connect(1)


def test_only_sockets_named_by_a_number_are_programs(runtime):
    os.mkdir(f"{runtime}/minios", 0o700)
    for name in ("12.sock", "7.sock", "x.sock", ".5", "9", "٣.sock", "-1.sock"):
        open(f"{runtime}/minios/{name}", "w").close()
    assert rendezvous.pids() == [7, 12]


def test_who_listens_is_found_and_connected_to(place):
    sock, path, inode = rendezvous.listen()
    with sock:
        assert rendezvous.pids() == [os.getpid()]
        rendezvous.connect(os.getpid()).close()
        assert os.path.exists(path)
    rendezvous.remove(path, inode)
    assert rendezvous.pids() == []


def test_a_stale_socket_is_removed_by_who_finds_it(place):
    leave_stale(place)
    with pytest.raises(ProcessLookupError):
        rendezvous.connect(os.getpid())
    assert not os.path.exists(place)


def test_a_stale_socket_of_our_own_number_is_replaced(place):
    leave_stale(place)
    sock, path, _ = rendezvous.listen()
    with sock:
        rendezvous.connect(os.getpid()).close()
    assert path == place


def test_a_live_socket_of_our_own_number_is_left_alone(place):
    leave_stale(place)
    os.unlink(place)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(place)
        other.listen()
        with pytest.raises(OSError, match="another process listens"):
            rendezvous.listen()
        assert os.listdir(os.path.dirname(place)) == [os.path.basename(place)]
        rendezvous.connect(os.getpid()).close()


def test_a_socket_that_comes_to_life_while_it_is_found_to_be_stale_is_not_removed(
    place, monkeypatch
):
    leave_stale(place)
    real, alive = rendezvous._remove_stale, []

    def after_another_has_begun_to_listen(path):
        alive.append(rendezvous.listen())
        real(path)

    monkeypatch.setattr(rendezvous, "_remove_stale", after_another_has_begun_to_listen)
    with pytest.raises(ProcessLookupError):
        rendezvous.connect(os.getpid())
    assert os.path.exists(place)
    rendezvous.connect(os.getpid()).close()
    alive[0][0].close()


def test_while_another_holds_the_lock_nothing_is_removed_and_a_program_starts_all_the_same(place):
    leave_stale(place)
    fd = os.open(os.path.dirname(place), os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    with pytest.raises(ProcessLookupError):
        rendezvous.connect(os.getpid())
    assert os.path.exists(place)
    sock, _, _ = rendezvous.listen()
    with sock:
        rendezvous.connect(os.getpid()).close()
    os.close(fd)


def test_a_socket_whose_queue_is_full_is_alive(place, monkeypatch):
    monkeypatch.setattr(rendezvous, "_BACKLOG", 0)
    sock, path, _ = rendezvous.listen()
    with sock:
        waiting = rendezvous.connect(os.getpid())
        with pytest.raises(BlockingIOError):
            rendezvous.connect(os.getpid())
        assert os.path.exists(path)
        waiting.close()


def test_what_is_no_socket_harms_nobody(place):
    os.makedirs(place, 0o700)
    os.chmod(os.path.dirname(place), 0o700)
    with pytest.raises(ProcessLookupError):
        rendezvous.connect(os.getpid())


def test_removing_leaves_the_socket_of_another_alone(place):
    sock, path, inode = rendezvous.listen()
    sock.close()
    rendezvous.remove(path, inode + 1)
    assert os.path.exists(path)
    rendezvous.remove(path, inode)
    assert not os.path.exists(path)
    rendezvous.remove(path, inode)
