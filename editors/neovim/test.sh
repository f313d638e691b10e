#!/bin/sh
# Makes all safe fixes of each Dockerfile of the corpus in Neovim, and compares with what `slimlint --fix` does to a copy.
# SLIMLINT names the program; without it, or without nvim, nothing is tested.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if ! command -v nvim >/dev/null; then
    echo "skipped: nvim is not installed"
    exit 0
fi
if [ -z "${SLIMLINT:-}" ]; then
    echo "skipped: SLIMLINT names no program"
    exit 0
fi
export SLIMLINT

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Neither the person's own set-up nor the undo journal of slimlint has a part in this.
export HOME="$scratch/home" XDG_CONFIG_HOME="$scratch/home/config" XDG_DATA_HOME="$scratch/home/data"
export XDG_STATE_HOME="$scratch/home/state" XDG_CACHE_HOME="$scratch/home/cache"
mkdir -p "$XDG_CONFIG_HOME/nvim/lua"
cp "$here/slimlint.lua" "$XDG_CONFIG_HOME/nvim/lua/"

failed=0
fixed=0
for service in "$here"/../../corpus/*/in; do
    name=$(basename "$(dirname "$service")")
    for dockerfile in $(cd "$service" && find . -name 'Dockerfile*' | sort); do
        rm -rf "$scratch/edited" "$scratch/expected"
        cp -R "$service" "$scratch/edited"
        cp -R "$service" "$scratch/expected"
        "$SLIMLINT" --fix --no-backup --exit-zero "$scratch/expected/$dockerfile" >/dev/null 2>&1
        printf '%s: ' "$name/${dockerfile#./}"
        if ! (cd "$scratch/edited" && DOCKERFILE="$dockerfile" nvim --headless -n -c "luafile $here/test.lua"); then
            echo "FAILED"
            failed=$((failed + 1))
        elif ! diff -ru "$scratch/expected" "$scratch/edited"; then
            echo "FAILED: the editor holds something else than --fix writes"
            failed=$((failed + 1))
        else
            echo ": as --fix does"
        fi
        diff -rq "$service" "$scratch/expected" >/dev/null || fixed=$((fixed + 1))
    done
done
# A corpus that needs no fix would show nothing.
if [ "$fixed" -eq 0 ]; then
    echo "FAILED: --fix changes nothing in the corpus"
    exit 1
fi
[ "$failed" -eq 0 ]
