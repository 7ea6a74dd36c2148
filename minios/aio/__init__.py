"""asyncio on the kernel."""

from .loop import EventLoop

__all__ = ["EventLoop"]
