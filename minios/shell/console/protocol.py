"""What the two sides of a console say to each other: version 1.

A connection carries frames: the length of the payload (4 bytes, the highest first, at most 65536),
a letter that says what it is, and the payload, which is a JSON object, or raw bytes for what is
printed and typed. Both sides begin with a hello and need not wait for each other's.

    client to server
    H  hello     {"protocol": 1, "rights": ["rw"]}      the first one; `rights` are asked for
    R  run       {"argv": [...], SCREEN}                run one program; once a connection
    A  attach    {SCREEN}                               a shell; in place of run
    L  line      {"id": n, "text": "ps aux"}            answers P; null for the end of input
    I  input     n (4 bytes), then bytes                answers N; none for ^D
    S  signal    {"signal": "INT"}                      or "TSTP": ^C and ^Z
    W  size      {"columns": 80, "lines": 24}           the window has another size
    K  key       {"key": "q"}                           one key; heeded in the mode "keys"
    C  complete  {"id": n, "text": "ki", "cursor": 2}   what may stand there? D answers

    SCREEN is "tty" and "error_tty" (standard output and error go to a terminal), "keys" (a person
    sits at it), "colors", "columns" and "lines", each of which may be left out.

    server to client
    H  hello     {"protocol": 1, "minios": "0.1", "python": "3.11.7", "pid": 4711,
                  "argv": [...], "rights": [...], "up": seconds, "tasks": how many}
    G  granted   {"rights": [...]}                      what this connection may do
    O  output    bytes for standard output
    E  error     bytes for standard error
    M  mode      {"mode": "keys"}                       send single keys; "lines": no more
    P  prompt    {"id": n, "text": "minios$ "}          a line is wanted
    N  need      {"id": n}                              some input is wanted
    D  candidates {"id": n, "candidates": [...]}        answers C
    Q  quit      {"status": n}                          the exit status; the last frame
    X  refusal   {"message": "..."}                     why the connection ends; the last frame

Where one side stops talking, the connection ends, and with it what runs on it.

What the program and the client have in their hands is bounded: a line or input is sent only when it
is asked for, and an answer to an older question, or one that nobody asked, is dropped. Fields that
are not known are ignored, and so are kinds of frames that are not, in either direction: a later
version may add some. A frame that is too long, cut short or no JSON object, or a known field of
the wrong type, ends the connection, and the server says why (X).
"""

import json
import struct

from ...errors import IncompleteReadError, KernelError

__all__ = ["LONGEST", "PROTOCOL", "ProtocolError", "answer_frame", "control", "field", "fields_of",
           "frame", "read_frame", "split_answer", "stream_frames"]

PROTOCOL = 1
LONGEST = 65536         # bytes of a payload

_HEADER = struct.Struct(">Ic")
_NUMBER = struct.Struct(">I")


class ProtocolError(KernelError):
    """The other side has said what it must not: the message says what."""


# --- Making frames ---------------------------------------------------------------------------


def frame(kind, payload=b""):
    """The frame of a `kind`, one letter as bytes. Raises ProtocolError where it is too long."""
    if len(payload) > LONGEST:
        raise ProtocolError(f"a frame of {len(payload)} bytes; {LONGEST} are the most")
    return _HEADER.pack(len(payload), kind) + payload


def control(kind, **fields):
    """A frame whose payload is a JSON object."""
    return frame(kind, json.dumps(fields).encode())


def stream_frames(kind, data):
    """Bytes of any length as frames of a `kind`."""
    for start in range(0, len(data), LONGEST):
        yield frame(kind, bytes(data[start:start + LONGEST]))


def answer_frame(kind, number, data):
    """A frame of raw bytes that answers the question of this number."""
    return frame(kind, _NUMBER.pack(number) + data)


# --- Taking them apart -----------------------------------------------------------------------


def read_frame(stream):
    """The next frame of a Stream: (kind, payload); None at the end. A generator.

    Raises ProtocolError for one that is too long or cut short, OSError.
    """
    try:
        header = yield from stream.readexactly(_HEADER.size)
    except IncompleteReadError as error:
        if not error.partial:
            return None
        raise ProtocolError("the last frame is cut short") from None
    length, kind = _HEADER.unpack(header)
    if length > LONGEST:
        raise ProtocolError(f"a frame of {length} bytes; {LONGEST} are the most")
    try:
        return kind, (yield from stream.readexactly(length))
    except IncompleteReadError:
        raise ProtocolError("the last frame is cut short") from None


def fields_of(payload):
    """The JSON object in a payload, as a dict. Raises ProtocolError."""
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ProtocolError("a payload that is no JSON object")
    return fields


def field(fields, name, kind, default):
    """The field of this name, of the type `kind` (for a list: of str); `default` where it is not
    there. Raises ProtocolError for one of another type, or a text that is none."""
    value = fields.get(name, default)
    if value is default:
        return value
    if type(value) is not kind:
        raise ProtocolError(f"the field {name!r} is no {kind.__name__}")
    for text in value if kind is list else [value]:
        if kind in (list, str):
            _check_text(name, text)
    return value


def _check_text(name, text):
    """JSON may spell halves of a surrogate pair, which could never be printed; those that stand
    for bytes (PEP 383) can."""
    try:
        text.encode(errors="surrogateescape")
    except (AttributeError, UnicodeEncodeError):
        raise ProtocolError(f"in the field {name!r} is what is no text") from None


def split_answer(payload):
    """(the number of the question, the bytes) of answer_frame. Raises ProtocolError."""
    if len(payload) < _NUMBER.size:
        raise ProtocolError("an answer without the number of its question")
    return _NUMBER.unpack_from(payload)[0], payload[_NUMBER.size:]
