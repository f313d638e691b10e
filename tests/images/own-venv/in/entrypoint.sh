#!/bin/sh
set -e
exec python bits.py "$@"
