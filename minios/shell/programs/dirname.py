"""dirname: write a path without its last part."""

from ..getopt import Getopt


def parser():
    parser = Getopt("dirname", "Write paths without their last parts.")
    parser.add_argument("name", nargs="+", metavar="NAME")
    return parser


def main(process, options):
    for name in options.name:
        yield from process.say(_without_last_part(name))


def _without_last_part(name):
    if not name.strip("/"):
        return name[:1] or "."
    folder, slash, _ = name.rstrip("/").rpartition("/")
    return folder.rstrip("/") or slash or "."
