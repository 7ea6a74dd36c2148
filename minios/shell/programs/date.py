"""date: write the date and the time."""

import re
import time
from argparse import ArgumentTypeError
from datetime import UTC, datetime

from ..getopt import Getopt

_DEFAULT = "%a %b %e %H:%M:%S %Z %Y"
_DIRECTIVE = re.compile("%.", re.DOTALL)
_RFC_5322 = "%a, %d %b %Y %H:%M:%S %z"


def parser():
    parser = Getopt("date", "Write the date and the time.", usage="date [-u] [-I] [-R] [-d WHEN] "
                    "[+FORMAT]", epilog="FORMAT is as in strftime(3): date +%Y-%m-%d")
    parser.add_argument("-u", action="store_true", help="in UTC")
    parser.add_argument("-I", action="store_true", help="the date alone, as in ISO 8601")
    parser.add_argument("-R", action="store_true", help="as in mails, RFC 5322")
    parser.add_argument("-d", type=_moment, metavar="WHEN",
                        help="not now: @SECONDS since the epoch, or as in ISO 8601")
    parser.add_argument("format", nargs="?", metavar="+FORMAT")
    return parser


def _moment(text):
    """An argparse type: a datetime, which without a zone is a local one."""
    try:
        if text.startswith("@"):
            return datetime.fromtimestamp(float(text[1:]), UTC)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise ArgumentTypeError(f"invalid date: '{text}'") from None


def main(process, options):
    format_ = _RFC_5322 if options.R else "%Y-%m-%d" if options.I else _DEFAULT
    if options.format is not None:
        if not options.format.startswith("+"):
            parser().error(f"a format begins with a plus: '+{options.format}'")
        format_ = options.format[1:]
    moment = options.d or datetime.fromtimestamp(time.time(), UTC)
    moment = moment.astimezone(UTC if options.u else None)
    # These two are not Python's on every system.
    more = {"%s": str(int(moment.timestamp())), "%N": "%f000"}
    format_ = _DIRECTIVE.sub(lambda match: more.get(match[0], match[0]), format_)
    yield from process.say(moment.strftime(format_.encode("utf-8", "replace").decode()))
