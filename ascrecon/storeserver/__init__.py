"""Signed data of Apple's App Store Server: verified, read strictly. No Django in it."""

from __future__ import annotations
