"""Arguments of the shell's programs: argparse, without its habit of ending the process."""

import argparse

__all__ = ["Arguments", "Leave"]


class Leave(Exception):
    """The program is over before it began: `status` is 2 for a usage error, 0 after --help."""

    def __init__(self, status, message):
        super().__init__(status, message)
        self.status, self.message = status, message


class Arguments(argparse.ArgumentParser):
    """An ArgumentParser for a program that is a task: it raises Leave instead of exiting.

    The first line of `description` is what `help` shows. Options are told apart from operands
    wherever they stand, and are not to be abbreviated.
    """

    def __init__(self, name, description, **options):
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(prog=name, description=description, allow_abbrev=False, **options)

    @property
    def summary(self):
        """The line that `help` shows."""
        return self.description.partition("\n")[0].rstrip(".")

    def print_help(self, file=None):
        """Raise Leave with the help: it goes where the program's output goes."""
        raise Leave(0, self.format_help())

    def exit(self, status=0, message=None):
        """Raise Leave."""
        raise Leave(status, message or "")

    def error(self, message):
        """Raise Leave with a usage error."""
        self.exit(2, f"{self.prog}: {message}\n{self.format_usage()}")
