"""TLS: against ourselves, against openssl's own client and server, and against cheats."""

import shutil
import socket
import ssl
import subprocess
import threading

import pytest

import minios
from minios import Stream, open_connection, start_server, timeout
from minios.lib.tls import TLSStream, start_tls
from syscalls import Kill, Offload, Sleep, Spawn, Wait

BIG = bytes(range(256)) * 4096


def echo(stream):
    while data := (yield from stream.read(65536)):
        yield from stream.write(data)


def tls_server(handler, context):
    return start_server(handler, "127.0.0.1", 0, ssl=context)


def test_bytes_travel_both_ways(run_real, server_context, client_context):
    def main():
        server = yield from tls_server(echo, server_context)
        stream = yield from open_connection(
            "127.0.0.1", server.addresses[0][1], ssl=client_context
        )
        writer = yield Spawn(stream.write(BIG))
        assert (yield from stream.readexactly(len(BIG))) == BIG
        yield Wait(writer)
        assert stream.tls.version() == "TLSv1.3"
        yield from stream.close()
        server.close()
        yield from server.wait_closed()

    run_real(main())


def test_a_coroutine_uses_the_same_stream(run_real, server_context, client_context):
    async def upper(stream):
        async for line in stream:
            await stream.write(line.upper())

    async def main():
        async with await tls_server(upper, server_context) as server:
            stream = await open_connection("localhost", server.addresses[0][1], ssl=client_context)
            async with stream:
                await stream.write(b"hello\n")
                assert await stream.readline() == b"HELLO\n"

    run_real(main())


def test_the_protocol_is_agreed_on_by_alpn(run_real, authority, client_context):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    client_context.set_alpn_protocols(["http/1.1"])
    seen = []

    def handler(stream):
        seen.append(stream.tls.selected_alpn_protocol())
        yield from stream.write(b"x")

    def main():
        with (yield from tls_server(handler, context)) as server:
            stream = yield from open_connection(
                "localhost", server.addresses[0][1], ssl=client_context
            )
            assert (yield from stream.read()) == b"x"
            assert stream.tls.selected_alpn_protocol() == "http/1.1"
            yield from stream.close()
        yield from server.wait_closed()

    run_real(main())
    assert seen == ["http/1.1"]


def test_a_certificate_that_is_not_trusted_is_refused_on_both_sides(run_real, server_context):
    def main():
        with (yield from tls_server(echo, server_context)) as server:
            with pytest.raises(ssl.SSLCertVerificationError):
                yield from open_connection("localhost", server.addresses[0][1], ssl=True)
        yield from server.wait_closed()

    run_real(main())


def test_a_certificate_for_another_name_is_refused(run_real, server_context, client_context):
    def main():
        with (yield from tls_server(echo, server_context)) as server:
            with pytest.raises(ssl.SSLCertVerificationError, match="elsewhere"):
                yield from open_connection(
                    "localhost", server.addresses[0][1], ssl=client_context,
                    server_hostname="elsewhere.example",
                )
        yield from server.wait_closed()

    run_real(main())


def tls_pair(server_context, client_context):
    """Both ends of a TLS connection over a pair of sockets, after the handshake."""
    left, right = socket.socketpair()
    server = TLSStream(left, server_context, server_side=True)
    client = TLSStream(right, client_context, server_hostname="localhost")
    shaking = yield Spawn(server.handshake())
    yield from client.handshake()
    yield Wait(shaking)
    return server, client


def test_a_goodbye_is_the_end_of_the_data(run_real, server_context, client_context):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        yield from server.write(b"last words")
        closing = yield Spawn(server.close())
        assert (yield from client.read()) == b"last words"
        assert client.at_eof()
        yield from client.close()
        yield Wait(closing)

    run_real(main())


def test_a_connection_that_just_ends_is_an_error_and_no_end(
    run_real, server_context, client_context
):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        yield from server.write(b"truncat")
        server.socket.shutdown(socket.SHUT_RDWR)
        assert (yield from client.read(100)) == b"truncat"
        for read in (client.read, client.readline):
            with pytest.raises(ssl.SSLEOFError):
                yield from read()
        server.abort()
        client.abort()

    run_real(main())


def test_close_is_bounded_when_the_peer_is_silent(run_real, server_context, client_context):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        with timeout(30):
            yield from server.close()       # the client never answers, and never reads
        assert server.fileno() == -1
        client.abort()

    run_real(main())


def test_close_while_another_task_reads_does_not_wait(run_real, server_context, client_context):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        reader = yield Spawn(server.read())
        yield Sleep(0.01)
        yield from server.close()
        with pytest.raises(OSError):
            yield Wait(reader)
        assert (yield from client.read()) == b""
        client.abort()

    run_real(main())


def test_a_handshake_that_never_comes_is_bounded(run_real, server_context):
    def main():
        left, right = socket.socketpair()
        server = TLSStream(left, server_context, server_side=True)
        with pytest.raises(TimeoutError):
            yield from server.handshake(seconds=0.05)
        server.abort()
        right.close()

    run_real(main())


def test_what_is_no_tls_ends_its_own_connection_only(
    run_real, server_context, client_context, caplog
):
    def main():
        with (yield from tls_server(echo, server_context)) as server:
            port = server.addresses[0][1]
            plain = yield from open_connection("127.0.0.1", port)
            yield from plain.write(b"GET / HTTP/1.0\r\n\r\n")
            yield from plain.read()
            yield from plain.close()
            stream = yield from open_connection("localhost", port, ssl=client_context)
            yield from stream.write(b"x")
            assert (yield from stream.read(1)) == b"x"
            yield from stream.close()
        yield from server.wait_closed()

    run_real(main())
    assert not caplog.records


def test_a_writer_killed_in_the_middle_spoils_the_stream_and_nothing_else(
    run_real, server_context, client_context
):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        writer = yield Spawn(server.write(BIG * 8))
        yield Sleep(0.05)
        yield Kill(writer)
        with pytest.raises(minios.TaskKilledError):
            yield Wait(writer)
        with pytest.raises(BrokenPipeError):
            yield from server.write(b"more")
        yield from server.close()
        with pytest.raises(OSError):        # a record is cut short, which the reader must notice
            yield from client.read()
        client.abort()

    run_real(main())


def test_a_connection_can_go_on_in_tls(run_real, server_context, client_context):
    def handler(stream):
        assert (yield from stream.readline()) == b"STARTTLS\n"
        yield from stream.write(b"OK\n")
        secure = yield from start_tls(stream, server_context, server_side=True)
        yield from secure.write((yield from secure.readline()).upper())
        yield from secure.close()

    def main():
        with (yield from start_server(handler, "127.0.0.1", 0)) as server:
            plain = yield from open_connection("127.0.0.1", server.addresses[0][1])
            yield from plain.write(b"STARTTLS\n")
            assert (yield from plain.readline()) == b"OK\n"
            secure = yield from start_tls(plain, client_context, server_hostname="localhost")
            yield from secure.write(b"secret\n")
            assert (yield from secure.read()) == b"SECRET\n"
            yield from secure.close()
            with pytest.raises(BrokenPipeError, match="goes on in TLS"):
                yield from plain.write(b"plain")
        yield from server.wait_closed()

    run_real(main())


def test_a_client_that_leaves_after_starttls_is_not_worth_a_line(
    run_real, server_context, client_context, caplog
):
    def handler(stream):
        if (yield from stream.readline()):
            yield from stream.write(b"OK\n")
            secure = yield from start_tls(stream, server_context, server_side=True)
            yield from secure.readline()

    def main():
        with (yield from start_server(handler, "127.0.0.1", 0)) as server:
            for leaves in ("in the clear", "in the handshake", "without a goodbye"):
                stream = yield from open_connection("127.0.0.1", server.addresses[0][1])
                if leaves != "in the clear":
                    yield from stream.write(b"STARTTLS\n")
                    yield from stream.readline()
                if leaves == "in the handshake":
                    yield from stream.write(b"GET / HTTP/1.0\r\n\r\n")
                    yield from stream.read()
                elif leaves == "without a goodbye":
                    secure = yield from start_tls(
                        stream, client_context, server_hostname="localhost"
                    )
                    secure.socket.close()
                stream.current.abort()
            with timeout(10):
                while server.connections:
                    yield Sleep(0.01)
        yield from server.wait_closed()

    run_real(main())
    assert not caplog.records


def test_bytes_that_came_before_tls_began_are_not_trusted(run_real, client_context):
    def main():
        left, right = socket.socketpair()
        stream = Stream(left)
        right.send(b"OK\ninjected")
        assert (yield from stream.readline()) == b"OK\n"
        with pytest.raises(minios.KernelError, match="before TLS began"):
            yield from start_tls(stream, client_context, server_hostname="localhost")
        right.close()

    run_real(main())


def test_half_closing_tls_says_why_not(run_real, server_context, client_context):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        with pytest.raises(minios.KernelError, match="cannot be half closed"):
            yield from client.write_eof()
        server.abort()
        client.abort()

    run_real(main())


def test_sendfile_goes_through_tls(run_real, server_context, client_context, tmp_path):
    (tmp_path / "file").write_bytes(BIG)

    def main():
        server, client = yield from tls_pair(server_context, client_context)
        with open(tmp_path / "file", "rb") as file:
            sender = yield Spawn(server.sendfile(file, 10))
            assert (yield from client.readexactly(len(BIG) - 10)) == BIG[10:]
            assert (yield Wait(sender)) == len(BIG) - 10
        server.abort()
        client.abort()

    run_real(main())


def test_reading_tls_buffers_no_more_than_the_limit(run_real, server_context, client_context):
    def main():
        server, client = yield from tls_pair(server_context, client_context)
        client.limit = 1000
        writer = yield Spawn(server.write(b"x" * 500_000))
        with pytest.raises(minios.LimitOverrunError):
            yield from client.readline()
        assert len(client._buffer) == 1000
        yield from client.readexactly(500_000)
        yield Wait(writer)
        server.abort()
        client.abort()

    run_real(main())


def test_a_truth_value_or_a_path_is_no_context():
    def main():
        with pytest.raises(TypeError, match="SSLContext"):
            yield from start_server(echo, "127.0.0.1", 0, ssl="cert.pem")
        with pytest.raises(TypeError, match="PROTOCOL_TLS_SERVER"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            yield from start_server(echo, "127.0.0.1", 0, ssl=context)
        with pytest.raises(TypeError, match="SSLContext"):
            from minios.lib.tls import client_context

            client_context("cert.pem")

    minios.run(main())


# --- Other implementations -------------------------------------------------------------------

openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@openssl
def test_openssl_s_client_talks_to_our_server(run_real, server_context, authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    def upper(stream):
        while (line := (yield from stream.readline())) != b"quit\n":
            yield from stream.write(line.upper())

    def main():
        with (yield from tls_server(upper, server_context)) as server:
            host, port = server.addresses[0]
            done = yield Offload(lambda: subprocess.run(
                ["openssl", "s_client", "-connect", f"{host}:{port}", "-CAfile",
                 tmp_path / "ca.pem", "-verify_return_error", "-servername", "localhost",
                 "-quiet"],     # which also lets it wait for the server to end
                input=b"hello\nquit\n", capture_output=True, timeout=30,
            ))
        yield from server.wait_closed()
        return done

    done = run_real(main())
    assert (done.stdout, done.returncode) == (b"HELLO\n", 0), done.stderr


@openssl
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_our_client_talks_to_openssl_s_server(
    run_real, authority, client_context, tmp_path, version
):
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", tmp_path / "server.pem",
         "-key", tmp_path / "server.pem", "-rev", version],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    try:
        while b"ACCEPT" not in process.stdout.readline():
            pass
        threading.Thread(target=process.stdout.read, daemon=True).start()

        def main():
            stream = yield from open_connection("localhost", port, ssl=client_context)
            yield from stream.write(b"hello\n")
            assert (yield from stream.readline()) == b"olleh\n"
            yield from stream.close()

        run_real(main())
    finally:
        process.kill()
        process.communicate()
