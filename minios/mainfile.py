"""Running a file as Python itself would: as the module `__main__`, with its own sys.argv."""

import os
import sys
import types

__all__ = ["run_file"]


def run_file(words):
    """Run the file `words[0]` with the other words as its arguments. Raises what it raises, OSError
    where it cannot be read, and SyntaxError."""
    sys.argv = list(words)
    path = os.path.abspath(words[0])
    sys.path[0] = os.path.dirname(path)
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    # For good, as threads and what atexit calls go on after its end.
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__, main.__builtins__ = path, __builtins__
    exec(code, vars(main))
