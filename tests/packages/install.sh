#!/usr/bin/env bash
# install.sh: the wheel and the packaged crate, each installed where nothing else is, lint a service of the corpus, and so do the steps of the
# GitHub action with that wheel. Builds slimlint twice, which takes minutes. maturin must be installed: pip install maturin pyyaml
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R "$project/corpus/flask-nlp-pip-cache/in" "$scratch/service"
mkdir "$scratch/service/.git"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$project/Cargo.toml" | head -n 1)

# lints PROGRAM: it tells its version, explains a rule from what is built in, and finds what it must.
lints() {
    [ "$("$1" --version)" = "slimlint $version" ]
    "$1" explain cuda-torch-on-cpu >/dev/null
    local found
    found=$("$1" --format concise --exit-zero "$scratch/service")
    grep -q 'cuda-torch-on-cpu' <<<"$found"
    grep -q 'pip-cache-kept' <<<"$found"
    echo "ok: ${1#"$scratch"/}"
}

# action WHEELS: what the steps of action.yml run, as a runner runs them, with the wheel in the place of the registry.
action() {
    mkdir -p "$scratch/runner" "$scratch/steps"
    python3 - "$project/action.yml" "$scratch/steps" <<'PYTHON'
import sys, yaml
action, folder = sys.argv[1:]
steps = yaml.safe_load(open(action))["runs"]["steps"]
assert [step["shell"] for step in steps] == ["bash", "bash"], "other steps are not run here"
for name, step in zip(["install", "run"], steps):
    open(f"{folder}/{name}", "w").write(step["run"])
PYTHON
    : >"$scratch/runner/path"
    : >"$scratch/runner/output"
    local runner=(env RUNNER_TEMP="$scratch/runner" GITHUB_PATH="$scratch/runner/path" GITHUB_OUTPUT="$scratch/runner/output"
        PIP_NO_INDEX=1 PIP_FIND_LINKS="$1")
    "${runner[@]}" VERSION="$version" REF=main bash --noprofile --norc -eo pipefail "$scratch/steps/install"
    local code=0 found
    found=$(cd "$scratch/service" && "${runner[@]}" PATH="$(<"$scratch/runner/path"):$PATH" ARGS="--format github --select 'pip-cache-kept'" \
        bash --noprofile --norc -eo pipefail "$scratch/steps/run") || code=$?
    [ "$code" = 1 ]
    grep -q '^::warning .*pip-cache-kept' <<<"$found"
    grep -qx 'exit-code=1' "$scratch/runner/output"
    echo "ok: action.yml"
}

cd "$project"
if command -v maturin >/dev/null; then
    maturin build --quiet --release --locked --out "$scratch/wheels"
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet --no-index --find-links "$scratch/wheels" slimlint
    lints "$scratch/venv/bin/slimlint"
    (cd "$scratch" && "$scratch/venv/bin/python" - <<'PYTHON'
import importlib.metadata as metadata
told = metadata.metadata("slimlint")
licence = told["License-Expression"] or told["License"]
assert told["Summary"] and licence == "MIT OR Apache-2.0", dict(told)
assert "slimlint lints Dockerfiles" in told.get_payload(), "the README is the page of the package"
PYTHON
    )
    action "$scratch/wheels"
else
    echo "skipped: maturin is not installed (pip install maturin)"
fi

cargo package --locked --allow-dirty --no-verify --target-dir "$scratch/target"
mkdir "$scratch/crate"
tar -C "$scratch/crate" -xzf "$scratch/target/package/slimlint-$version.crate"
# Outside of any repository, with nothing of the project beside it.
cargo install --quiet --locked --path "$scratch/crate/slimlint-$version" --root "$scratch/installed" --target-dir "${CARGO_TARGET_DIR:-$scratch/built}"
lints "$scratch/installed/bin/slimlint"
