"""tee: copy standard input to standard output and to files."""

from ..getopt import Getopt
from ..text.operands import reason


def parser():
    parser = Getopt("tee", "Copy standard input to standard output and to files.")
    parser.add_argument("-a", "--append", action="store_true",
                        help="write behind the end of the files")
    parser.add_argument("file", nargs="*")
    return parser


def main(process, options):
    files = {}      # name -> Output
    status = 0
    try:
        for name in options.file:
            try:
                files[name] = yield from process.open_output(name, append=options.append)
            except (OSError, ValueError) as error:
                yield from process.complain(f"{name}: {reason(error)}")
                status = 1
        while data := (yield from process.stdin.read()):
            yield from process.write(data)
            status |= yield from _write_each(process, files, data)
            yield       # a terminal takes all without a wait
        return status
    finally:
        for output in files.values():
            output.close()


def _write_each(process, files, data):
    """Write to all files; one that cannot be written is left out from then on."""
    status = 0
    for name, output in list(files.items()):
        try:
            yield from output.write(data)
        except OSError as error:
            files.pop(name).close()
            yield from process.complain(f"{name}: {reason(error)}")
            status = 1
    return status
