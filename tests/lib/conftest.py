"""What the tests of the library share: certificates, servers on loopback, what is left over."""

import os
import socket
import ssl

import pytest

import minios


@pytest.fixture(scope="session")
def authority():
    """A certificate authority of our own."""
    trustme = pytest.importorskip("trustme")
    return trustme.CA()


@pytest.fixture(scope="session")
def server_context(authority):
    """A server's TLS context, for `localhost` and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority):
    """A client's TLS context, which trusts our authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture
def run_real():
    """minios.run in real time, which must leave no descriptor, no task and no registration."""

    def run_real(routine, **options):
        before = open_descriptors()
        kernel = minios.Kernel(**options)
        result = kernel.run(routine)
        assert not kernel.tasks
        assert open_descriptors() == before
        return result

    return run_real


def open_descriptors():
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def streams_of_a_pair(limit=65536):
    """Two connected streams."""
    left, right = socket.socketpair()
    return minios.Stream(left, limit), minios.Stream(right, limit)
