"""lsof: descriptors in lsof's own columns, who waits for them, and where they were opened."""

import json
import os
import socket
import tracemalloc

import minios
from syscalls import Await, ReadWait, Recv, SendAll, Sleep

from ..elsewhere import elsewhere
from ..programs_harness import run


def lsof(*arguments, background=(), status=0, **options):
    """The rows of lsof --json, by the number of the descriptor."""
    got, out, err = run("lsof", "--json", *arguments, background=background, **options)
    assert (got, err) == (status, "")
    return {int(row["fd"].rstrip("rwu")): row for row in json.loads(out)}


def reader(sock):
    yield Recv(sock, 10)


def test_the_columns_are_those_of_lsof_with_ours_behind(pair):
    status, out, err = run("lsof", background=[reader(pair[0])])
    assert (status, err) == (0, "")
    headers = out.splitlines()[0].split()
    assert headers == ["COMMAND", "TID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME",
                       "WAITERS", "OPENED-AT"]
    row = next(line.split() for line in out.splitlines() if f" {pair[0].fileno()}u " in line)
    assert row[:5] == ["reader", "2", "1", f"{pair[0].fileno()}u", "unix"]
    assert row[-2:] == ["2r", "-"]


def test_a_connection_has_both_addresses_and_its_state():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    with listener, client, server:
        port, other = listener.getsockname()[1], client.getsockname()[1]
        rows = lsof("-i", background=[reader(server)])
        numbers = [sock.fileno() for sock in (listener, server, client)]
        inode = str(os.fstat(numbers[1]).st_ino)
    names = [rows[number]["name"] for number in numbers]
    assert names == [
        f"127.0.0.1:{port} (LISTEN)",
        f"127.0.0.1:{port}->127.0.0.1:{other} (ESTABLISHED)",
        f"127.0.0.1:{other}->127.0.0.1:{port} (ESTABLISHED)",
    ]
    row = rows[numbers[1]]
    assert (row["type"], row["node"], row["device"], row["size/off"]) == (
        "IPv4", "TCP", inode, "0t0")
    assert all(row["type"] in ("IPv4", "IPv6") for row in rows.values())


def test_files_pipes_and_unix_sockets_are_told_apart(tmp_path):
    path = tmp_path / "a file"
    path.write_bytes(b"12345")
    read, write = os.pipe()
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "sock"))
    unix.listen()
    try:
        with path.open("rb") as file, unix:
            rows = lsof()
            file, unix = rows[file.fileno()], rows[unix.fileno()]
            pipes = rows[read], rows[write]
    finally:
        os.close(read)
        os.close(write)
    assert (file["type"], file["name"], file["size/off"]) == ("REG", str(path), "5")
    assert file["fd"].endswith("r")
    assert (unix["type"], unix["name"]) == ("unix", f"{tmp_path}/sock type=STREAM (LISTEN)")
    assert [pipe["type"] for pipe in pipes] == ["FIFO", "FIFO"]
    assert [pipe["fd"][-1] for pipe in pipes] == ["r", "w"]


def test_those_of_the_kernel_itself_are_marked_and_no_other():
    rows = lsof()
    own = [row["type"] for row in rows.values() if row["command"] == "[kernel]"]
    assert sorted(own) == ["FIFO", "FIFO", "a_inode", "a_inode"]
    assert all(row["tid"] is None for row in rows.values())


def test_who_reads_and_who_writes_is_told(pair):
    rows = lsof(background=[reader(pair[0]), sends(pair[0])])
    row = rows[pair[0].fileno()]
    assert row["waiters"] == "2r,3w" and row["tid"] == 2


def sends(sock):
    sock.setblocking(False)
    yield SendAll(sock, b"x" * 10_000_000)


def test_a_connection_of_a_server_belongs_to_the_task_that_serves_it():
    opened = []

    def handler(stream):
        yield Sleep(1000)

    def serves():
        server = yield from minios.start_server(handler, "127.0.0.1", 0)
        opened.append(server.addresses[0])
        yield from server.serve_forever()

    line = serves.__code__.co_firstlineno + 1
    sockets = []

    def connects():
        while not opened:
            yield Sleep(0.001)
        sockets.append(socket.create_connection(opened[0]))
        yield Sleep(1000)

    kernel = minios.Kernel()
    rows = run_after(kernel, [serves(), connects()], lambda: any(
        task.name == "handler" for task in kernel.all_tasks()))
    sockets[0].close()
    row = next(row for row in rows if row["command"] == "handler")
    assert row["waiters"] is None and row["opened_at"] == f"{__file__}:{line}"
    (listener,) = [row for row in rows if str(row["name"]).endswith("(LISTEN)") and row["tid"]]
    assert listener["opened_at"] == f"{__file__}:{line}" and listener["waiters"].endswith("r")


def run_after(kernel, routines, is_so):
    """The rows of lsof, once `is_so()`."""
    from minios.shell.programs import lsof as program

    from ..programs_harness import Collected, Process, Shell, System, Terminal, TextInput

    def main():
        for routine in routines:
            kernel.spawn(routine)
        while not is_so():
            yield Sleep(0.001)
        out = Collected()
        shell = Shell(kernel, System(kernel), Terminal(), ".")
        process = Process(shell, "lsof", TextInput(b"", "-"), out, out)
        yield from program.main(process, program.parser().parse_args(["--json"]))
        return json.loads(out.text)

    return kernel.run(main())


def test_p_and_t_choose_by_task(pair):
    background = [reader(pair[0]), reader(pair[1])]
    assert list(lsof("-p", "3", background=background)) == [pair[1].fileno()]
    background = [reader(pair[0]), reader(pair[1])]
    assert run("lsof", "-t", background=background) == (0, "2\n3\n", "")
    assert run("lsof", "-p", "77") == (1, "", "lsof: 77: no such task\n")
    assert run("lsof", "-t", "-p", "1")[:2] == (1, "")


def test_a_search_finds_who_has_a_descriptor_in_a_local_variable(pair):
    def owns():
        mine = pair[0]
        yield Sleep(1000)
        return mine

    number = pair[0].fileno()
    assert lsof(background=[owns()])[number]["tid"] is None
    row = lsof("-S", background=[owns()])[number]
    assert row["tid"] == 2 and row["waiters"] is None


def test_tracemalloc_tells_where_a_socket_was_opened():
    def opens():
        left, right = socket.socketpair()
        yield ReadWait(left)
        return right

    tracemalloc.start(10)
    try:
        rows = lsof("-p", "2", background=[opens()])
    finally:
        tracemalloc.stop()
    line = opens.__code__.co_firstlineno + 1
    assert {row["opened_at"] for row in rows.values() if row["waiters"]} == {f"{__file__}:{line}"}


def test_what_an_event_loop_watches_is_the_loops(pair):
    async def watches():
        import asyncio
        asyncio.get_running_loop().add_reader(pair[0].fileno(), print)
        await asyncio.sleep(1000)

    def main():
        yield Await(watches())

    def settle():
        return
        yield

    row = lsof(background=[main(), *(settle() for _ in range(10))])[pair[0].fileno()]
    assert row["command"] == "[event loop]" and row["waiters"] == f"{row['tid']}r"


def test_a_descriptor_that_was_closed_behind_the_kernel_is_left_out():
    left, right = socket.socketpair()

    def closes():
        number = left.fileno()
        yield
        os.close(left.detach())
        assert number

    with right:
        rows = lsof(background=[reader(left), closes()])
    assert all(row["waiters"] != "2r" for row in rows.values())


def test_the_descriptors_of_a_kernel_in_another_thread_are_shown(pair):
    with elsewhere(reader(pair[0])) as system:
        row = lsof(system=system)[pair[0].fileno()]
    assert row["command"] == "reader" and row["waiters"] == "2r"
