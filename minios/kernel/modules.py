"""Modules: parts of minios that a kernel loads when a call first needs them.

The kernel knows them by an alias alone, as Linux's request_module() knows what modprobe(8) has to
load: what is above it is not imported, and not paid for, before somebody asks.
"""

from importlib import import_module

__all__ = ["request_module"]

# alias -> the module and its function, which is called with the kernel
_MODULES = {
    "asyncio": ("minios.aio.lodging", "join"),
    "console": ("minios.shell.console", "open_console"),
}


def request_module(kernel, alias):
    """Load the module and let it take its place on `kernel`; what its function returns. Raises
    KeyError if unknown."""
    module, function = _MODULES[alias]
    return getattr(import_module(module), function)(kernel)
