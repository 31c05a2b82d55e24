"""Fixtures: a sandbox with a fake clock, and a client."""

from helpers.sandbox_client import client, clock, sandbox

__all__ = ["client", "clock", "sandbox"]
