#!/bin/sh
# compare.sh PROGRAM ARGUMENT...
# Lets an editor make all safe fixes of each Dockerfile of the corpus, and compares with what `slimlint --fix` does to a copy.
# The editor is started in the service's folder, is told its Dockerfile by the variable DOCKERFILE, and must write what it
# changes. SLIMLINT names slimlint. Where MAKES_FILES is 0, what needs a new file is left out. Run by the tests of the editors.
set -eu

corpus=$(cd "$(dirname "$0")/../corpus" && pwd)
if ! command -v "$1" >/dev/null; then
    echo "skipped: $1 is not installed"
    exit 0
fi
if [ -z "${SLIMLINT:-}" ]; then
    echo "skipped: SLIMLINT names no program"
    exit 0
fi
# The editor runs in another folder.
SLIMLINT=$(command -v "$SLIMLINT")
SLIMLINT=$(cd "$(dirname "$SLIMLINT")" && pwd)/$(basename "$SLIMLINT")
export SLIMLINT

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Neither the person's own set-up nor the undo journal of slimlint has a part in this.
export HOME="$scratch/home" XDG_CONFIG_HOME="$scratch/home/config" XDG_DATA_HOME="$scratch/home/data"
export XDG_STATE_HOME="$scratch/home/state" XDG_CACHE_HOME="$scratch/home/cache"
mkdir -p "$HOME"

failed=0
fixed=0
for service in "$corpus"/*/in; do
    for dockerfile in $(cd "$service" && find . -name 'Dockerfile*' | sort); do
        dockerfile=${dockerfile#./}
        rm -rf "$scratch/edited" "$scratch/expected"
        cp -R "$service" "$scratch/edited"
        cp -R "$service" "$scratch/expected"
        "$SLIMLINT" --fix --no-backup --exit-zero "$scratch/expected/$dockerfile" >/dev/null 2>&1
        printf '%s: ' "$(basename "$(dirname "$service")")/$dockerfile"
        if [ "${MAKES_FILES:-1}" = 0 ] && diff -rq "$service" "$scratch/expected" | grep -q '^Only in'; then
            echo "left out: the fix needs a new file"
        elif ! (cd "$scratch/edited" && DOCKERFILE="$dockerfile" "$@" 2>"$scratch/messages"); then
            echo "FAILED"
            cat "$scratch/messages"
            failed=$((failed + 1))
        elif ! diff -ru "$scratch/expected" "$scratch/edited"; then
            echo "FAILED: the editor holds something else than --fix writes"
            failed=$((failed + 1))
        else
            echo ": as --fix does"
            diff -rq "$service" "$scratch/expected" >/dev/null || fixed=$((fixed + 1))
        fi
    done
done
# A corpus that needs no fix would show nothing.
if [ "$fixed" -eq 0 ]; then
    echo "FAILED: nothing was fixed"
    exit 1
fi
[ "$failed" -eq 0 ]
