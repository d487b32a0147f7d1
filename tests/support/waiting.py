"""Waiting for a condition, as a test does instead of sleeping."""

import time


def eventually(condition, seconds=30):
    """Whether `condition()` comes true within so many seconds of being asked again and again."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
