"""protocol.py: frames are made, read and refused."""

import socket
import threading

import pytest

import minios
from minios.lib.streams import Stream
from minios.shell.console import protocol
from minios.shell.console.protocol import ProtocolError


def read_all(data):
    """The frames in some bytes, as a peer reads them that gets no more."""
    near, far = socket.socketpair()
    sender = threading.Thread(target=lambda: (far.sendall(data), far.close()))
    sender.start()

    def main():
        with Stream(near) as stream:
            found = []
            while (frame := (yield from protocol.read_frame(stream))) is not None:
                found.append(frame)
            return found

    try:
        return minios.run(main())
    finally:
        sender.join()


def test_what_is_written_is_read():
    data = protocol.frame(b"O", b"bytes \0\xff") + protocol.control(b"Q", status=3)
    (first, second) = read_all(data)
    assert first == (b"O", b"bytes \0\xff")
    assert second[0] == b"Q" and protocol.fields_of(second[1]) == {"status": 3}


def test_a_frame_is_a_length_a_letter_and_a_payload():
    assert protocol.frame(b"O", b"abc") == b"\0\0\0\3Oabc"


def test_the_longest_payload_passes_and_one_byte_more_is_refused_at_both_ends():
    longest = b"x" * protocol.LONGEST
    assert read_all(protocol.frame(b"O", longest)) == [(b"O", longest)]
    with pytest.raises(ProtocolError, match="65537 bytes; 65536 are the most"):
        protocol.frame(b"O", longest + b"x")
    with pytest.raises(ProtocolError, match="65537 bytes"):
        read_all(b"\0\1\0\1O" + longest + b"x")


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\5", b"\0\0\0\5O", b"\0\0\0\5Oabcd"])
def test_a_frame_that_is_cut_short_is_refused(data):
    with pytest.raises(ProtocolError, match="cut short"):
        read_all(data)


def test_the_end_between_two_frames_is_the_end():
    assert read_all(b"") == []
    assert read_all(protocol.frame(b"O")) == [(b"O", b"")]


def test_output_of_any_length_becomes_frames_that_fit():
    data = bytes(range(256)) * 1000
    frames = read_all(b"".join(protocol.stream_frames(b"O", data)))
    assert b"".join(payload for _, payload in frames) == data
    assert list(protocol.stream_frames(b"O", b"")) == []


@pytest.mark.parametrize("payload", [
    b"", b"nonsense", b"[1]", b"7", b"null", b'{"a":', b"\xff\xfe", b"[" * 60000, b"1" * 60000,
])
def test_a_payload_that_is_no_json_object_is_refused(payload):
    with pytest.raises(ProtocolError, match="no JSON object"):
        protocol.fields_of(payload)


@pytest.mark.parametrize(("value", "kind"), [
    ("7", int), (True, int), (7.0, int), (None, int), (7, str), ("yes", bool), (1, bool),
    ("ab", list), ({"a": 1}, list),
])
def test_a_field_of_another_type_is_refused(value, kind):
    with pytest.raises(ProtocolError, match="'f' is no"):
        protocol.field({"f": value}, "f", kind, kind())


def test_a_field_that_is_not_there_has_its_default():
    assert protocol.field({}, "f", int, 80) == 80


@pytest.mark.parametrize("value", ["\ud800", ["ok", "\ud800"], [7], [None]])
def test_a_text_that_is_none_is_refused(value):
    with pytest.raises(ProtocolError, match="what is no text"):
        protocol.field({"f": value}, "f", type(value), type(value)())


def test_bytes_that_are_no_text_pass_as_python_spells_them():
    assert protocol.field({"f": ["a\udcff"]}, "f", list, []) == ["a\udcff"]


def test_an_answer_names_its_question():
    ((kind, payload),) = read_all(protocol.answer_frame(b"I", 7, b"typed"))
    assert kind == b"I" and protocol.split_answer(payload) == (7, b"typed")
    with pytest.raises(ProtocolError, match="without the number"):
        protocol.split_answer(b"\0\0\0")
