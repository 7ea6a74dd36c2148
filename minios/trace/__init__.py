"""Observers of the kernel, on top of its hooks: accounting, load, strace and the timeline."""

from .accounting import Accounting, release, running_for, use
from .load import LoadAverage
from .strace import Strace, is_traced
from .timeline import Timeline

__all__ = ["Accounting", "LoadAverage", "Strace", "Timeline", "is_traced", "release",
           "running_for", "use"]
