"""compare: a program as generators and as async/await, side by side."""

from ...compare import main as compare_main
from ..arguments import Arguments

SUMMARY = "show a program as generators and as async/await: compare [NAME]"


def main(shell, arguments):
    """compare [NAME] [OPTION ...]"""
    if arguments[:1] == ["--help"]:
        Arguments("compare", "Show a program as generators and as async/await, side by side.",
                  usage="compare [NAME] [--width N] [--no-source] [--json]").parse_args(arguments)
    return compare_main(arguments)
    yield
