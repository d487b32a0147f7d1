"""Waits for a condition. Tests use it instead of sleeping."""

import time


def eventually(condition, seconds=30):
    """Polls `condition()`; returns whether it becomes true within that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
