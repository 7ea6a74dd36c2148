"""s3.py, with moto's S3 in a process of its own."""

import re
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ..conftest import wait_until

pytest.importorskip("aiobotocore", reason="NOT TESTED: aiobotocore is not installed")
pytest.importorskip("moto.server", reason="NOT TESTED: moto[server] is not installed")
boto3 = pytest.importorskip("boto3", reason="NOT TESTED: boto3 is not installed")

PROGRAM = "ecosystem/s3.py"
LISTENS = re.compile(r"Running on (http://[\d.]+:\d+)")


@pytest.fixture(scope="module")
def moto():
    """The URL of an S3 that knows everybody and forgets everything."""
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )

        def address():
            assert server.poll() is None, "moto has ended"
            log.seek(0)
            return LISTENS.search(log.read())

        try:
            wait_until(address)
            yield address().group(1)
        finally:
            server.kill()
            server.wait()


@pytest.fixture(autouse=True)
def aws(monkeypatch, tmp_path):
    """An account, and no settings of the user's own."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "minios", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_MAX_ATTEMPTS": "1",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def s3(moto, monkeypatch):
    """Another client, which knows nothing of asyncio."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    with closing(boto3.client("s3", endpoint_url=moto)) as client:
        yield client


@pytest.fixture
def bucket(request):
    return re.sub(r"[^a-z0-9]+", "-", request.node.name)[-50:].strip("-")


@pytest.fixture
def folder(tmp_path):
    """A folder with files of many sizes."""
    files = {"empty": b"", "notes.txt": b"hello\n", "sub/name with ü & +": b"\0\xff" * 500,
             "sub/deeper/big": bytes(range(256)) * 8192}
    files |= {f"many/{number:02}": b"%d" % number for number in range(30)}
    write(tmp_path / "here", files)
    return tmp_path / "here"


def write(folder, files):
    for name, data in files.items():
        Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
        Path(folder, name).write_bytes(data)


def read(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def listed(output):
    """What the program says it has sent or got: the size of each file."""
    return {key: int(size) for size, key in
            (line.split(maxsplit=1) for line in output.splitlines())}


def sizes(files):
    return {key: len(data) for key, data in files.items()}


def test_every_file_of_a_folder_gets_into_the_bucket(output_of, s3, bucket, folder):
    files = read(folder)
    assert listed(output_of(PROGRAM, "backup", folder, bucket)) == sizes(files)
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys} == files


def test_only_what_has_changed_is_sent_again(output_of, s3, bucket, folder):
    output_of(PROGRAM, "backup", folder, bucket)
    assert output_of(PROGRAM, "backup", folder, bucket) == ""
    changed = {"notes.txt": b"HELLO\n", "new": b"1"}
    write(folder, changed)
    assert listed(output_of(PROGRAM, "backup", folder, bucket)) == sizes(changed)


def test_what_was_backed_up_is_restored(output_of, s3, bucket, folder, tmp_path):
    output_of(PROGRAM, "backup", folder, bucket)
    other = tmp_path / "there"
    assert listed(output_of(PROGRAM, "restore", other, bucket)) == sizes(read(folder))
    assert read(other) == read(folder)
    (other / "empty").unlink()
    (other / "notes.txt").write_bytes(b"scribbled over")
    assert listed(output_of(PROGRAM, "restore", other, bucket)) == {"empty": 0, "notes.txt": 6}
    assert read(other) == read(folder)


def test_a_key_does_not_lead_out_of_the_folder(output_of, s3, bucket, tmp_path):
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="../outside", Body=b"evil")
    s3.put_object(Bucket=bucket, Key="inside", Body=b"good")
    assert listed(output_of(PROGRAM, "restore", tmp_path / "here", bucket)) == {"inside": 4}
    assert read(tmp_path) == {"here/inside": b"good"}


def test_a_bucket_that_does_not_exist_is_an_error_in_one_line(start, s3, bucket, tmp_path):
    program = start(PROGRAM, "restore", tmp_path, bucket)
    assert program.finish() == (1, "")
    assert program.errors().startswith("s3: An error occurred (NoSuchBucket)")
    assert program.errors().count("\n") == 1


def test_a_server_that_is_down_is_an_error_in_one_line(start, bucket, tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*listener.getsockname()))
    program = start(PROGRAM, "restore", tmp_path, bucket)
    assert program.finish() == (1, "")
    assert program.errors().startswith("s3: Could not connect to the endpoint URL")
    assert program.errors().count("\n") == 1


def test_ctrl_c_ends_it_while_the_server_is_silent(start, bucket, folder, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*listener.getsockname()))
        program = start(PROGRAM, "backup", folder, bucket)
        client, _ = listener.accept()
        with client:
            assert client.recv(4096).startswith(b"PUT /")
            program.interrupt()
            assert program.finish() == (130, "interrupted\n")
            assert program.errors() == ""


def test_ctrl_c_ends_all_the_files_that_are_on_their_way(start, bucket, folder, monkeypatch):
    """A server that has answered two requests, and then sees five files come and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*listener.getsockname()))
        program = start(PROGRAM, "backup", folder, bucket)
        first = stack.enter_context(listener.accept()[0])
        for request, body in (b"PUT ", b""), (b"GET ", b"<ListBucketResult/>"):
            assert first.recv(65536).startswith(request)
            first.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        clients = [first, *(stack.enter_context(listener.accept()[0]) for _ in range(4))]
        for client in clients:
            assert client.recv(65536).startswith(f"PUT /{bucket}/".encode())
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        program.interrupt()
        assert program.finish() == (130, "interrupted\n")
        assert program.errors() == ""
