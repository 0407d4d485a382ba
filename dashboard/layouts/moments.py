"""Moments in words for the panels."""

from datetime import datetime
from zoneinfo import ZoneInfo


def second_text(ms: int | None, zone: ZoneInfo) -> str:
    """11-24 14:05:09, or «—»."""
    return _text(ms, zone, "%m-%d %H:%M:%S")


def dated_text(ms: int | None, zone: ZoneInfo) -> str:
    """2026-11-24 14:05:09, or «—»: for papers, which outlive their year."""
    return _text(ms, zone, "%Y-%m-%d %H:%M:%S")


def minute_text(ms: int | None, zone: ZoneInfo) -> str:
    """11-24 14:05, or «—»."""
    return _text(ms, zone, "%m-%d %H:%M")


def _text(ms: int | None, zone: ZoneInfo, form: str) -> str:
    if ms is None:
        return "—"
    try:
        return datetime.fromtimestamp(ms / 1000, zone).strftime(form)
    except (ValueError, OverflowError):
        return "—"  # a publisher's year 1 is before the local calendar's
