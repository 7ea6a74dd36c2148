"""basename: write the last part of a path."""

from ..getopt import Getopt


def parser():
    parser = Getopt("basename", "Write the last part of a path.",
                    usage="basename NAME [SUFFIX] | basename -a [-s SUFFIX] NAME ...")
    parser.add_argument("-a", action="store_true", help="all operands are paths")
    parser.add_argument("-s", metavar="SUFFIX", help="take this end off; means -a")
    parser.add_argument("name", nargs="+", metavar="NAME")
    return parser


def main(process, options):
    names, suffix = options.name, options.s or ""
    if not options.a and options.s is None:
        if len(names) > 2:
            parser().error(f"one operand too many: '{names[2]}'")
        names, suffix = names[:1], "".join(names[1:])
    for name in names:
        yield from process.say(_last_part(name, suffix))


def _last_part(name, suffix):
    if not name.strip("/"):
        return name[:1]
    name = name.rstrip("/").rpartition("/")[2]
    return name if name == suffix else name.removesuffix(suffix)
