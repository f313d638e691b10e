"""Waits, and tells whether it could work."""

import sys
import time

import pyarrow

print(pyarrow.array([1, 2]).sum())
if "--check" not in sys.argv:
    time.sleep(3600)
