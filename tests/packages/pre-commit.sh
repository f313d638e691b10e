#!/usr/bin/env bash
# pre-commit.sh: both hooks of this checkout as pre-commit runs them in a repository of its own. Each `try-repo` builds slimlint, which takes
# minutes. pre-commit must be installed: pip install pre-commit
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v pre-commit >/dev/null; then
    echo "skipped: pre-commit is not installed (pip install pre-commit)"
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Nobody's own settings and caches have a part in this.
export PRE_COMMIT_HOME="$scratch/cache" GIT_CONFIG_GLOBAL="$scratch/gitconfig" GIT_CONFIG_SYSTEM=/dev/null
git config --global user.name nobody
git config --global user.email nobody@example.invalid
git config --global init.defaultBranch main
git config --global protocol.file.allow always
# `try-repo` forgets what it built; the libraries at least stay.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$scratch/target}"

# What would be committed of the project: hooks are taken from a commit.
git clone --quiet "$project" "$scratch/slimlint"
git -C "$project" diff HEAD --binary >"$scratch/changes"
if [ -s "$scratch/changes" ]; then
    git -C "$scratch/slimlint" apply "$scratch/changes"
    git -C "$scratch/slimlint" add --all
    git -C "$scratch/slimlint" commit --quiet --message "What is not committed yet"
fi

mkdir "$scratch/service"
cd "$scratch/service"
git init --quiet
printf 'FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD ["python"]\n' >Dockerfile
printf 'flask==3.0.0\n' >requirements.txt
printf '.git\n' >.dockerignore
git add --all

failed=0
# expect CODE TEXT...: both hooks over what is staged end with CODE and tell each TEXT.
expect() {
    local code=$1 status=0 text
    shift
    pre-commit try-repo --verbose "$scratch/slimlint" >"$scratch/told" 2>&1 || status=$?
    for text in "$@"; do
        if [ "$status" -ne "$code" ] || ! grep -qF -- "$text" "$scratch/told"; then
            echo "FAILED: ended with $status, where $code is right, or does not tell: $text"
            cat "$scratch/told"
            failed=1
        else
            echo "ok: $text"
        fi
    done
}

# A bad commit is stopped, and fixed.
expect 1 'pip-cache-kept' 'files were modified by this hook'
grep -q -- '--no-cache-dir' Dockerfile || { echo "FAILED: nothing was fixed"; failed=1; }
[ -z "$(find . -name '*.pre-slim.*')" ] || { echo "FAILED: a backup lies in the repository"; failed=1; }
# What is fixed passes.
git add --all
expect 0 'Passed'
git commit --quiet --no-verify --message "A service"
# Only a manifest changes, and the Dockerfile that installs it is judged.
printf 'flask==3.0.0\ntorch==2.9.0\n' >requirements.txt
git add --all
expect 1 'cuda-torch-on-cpu'
exit "$failed"
