#!/bin/sh
# Makes all safe fixes of the corpus in Emacs; see ../compare.sh. Emacs 28 needs eglot installed as a package.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# The eglot of Emacs 28 and 29 makes no files.
MAKES_FILES=0 exec "$here/../compare.sh" emacs --batch -l "$here/test.el"
