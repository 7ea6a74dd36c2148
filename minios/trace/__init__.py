"""Observers of the kernel, on top of its hooks: so far, accounting."""

from .accounting import Accounting

__all__ = ["Accounting"]
