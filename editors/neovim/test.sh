#!/bin/sh
# Makes all safe fixes of the corpus in Neovim; see ../compare.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../compare.sh" nvim --headless -n --clean \
    --cmd "lua package.path = '$here/?.lua;' .. package.path" -c "luafile $here/test.lua"
