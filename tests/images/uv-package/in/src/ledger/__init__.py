"""Adds up, through the C library."""

import sys
import time
from importlib.metadata import version

import cffi


def main():
    ffi = cffi.FFI()
    ffi.cdef("long labs(long);")
    print("ledger", version("ledger"), ffi.dlopen(None).labs(-42))
    if "--check" not in sys.argv:
        time.sleep(3600)
