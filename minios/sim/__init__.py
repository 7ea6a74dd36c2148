"""Other devices for the same kernel: so far, a virtual clock."""

from .clock import VirtualClock

__all__ = ["VirtualClock"]
