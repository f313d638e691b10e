#!/bin/sh
# Stands for every program: writes down how it was called, fails when $FAIL says so, and knows what apt and caches need.
name=${0##*/}
if [ "$name" = sudo ]; then
    while :; do
        case ${1-} in
            -*) shift ;;
            *=*) export "$1" && shift ;;
            *) break ;;
        esac
    done
    ELEVATED=1
    export ELEVATED
    exec "$@"
fi

# What the fixes insert is left out, so that the rest can be compared.
line=$name
for word in "$@"; do
    case $word in
        --no-cache-dir | --no-cache | --no-install-recommends | ca-certificates) ;;
        *) line="$line $word" ;;
    esac
done

# Everything but `rm` says so when it has cleaned up.
emptied() {
    # What sudo filled, sudo empties.
    if [ -e "$STATE/$1.root" ] && [ -z "${ELEVATED-}" ]; then
        exit 1
    fi
    PATH=/usr/bin:/bin rm -f "$STATE/$1" "$STATE/$1.root"
    echo cleaned
    exit 0
}

filled() {
    echo > "$STATE/$1"
    if [ -n "${ELEVATED-}" ]; then
        echo > "$STATE/$1.root"
    fi
}

case $line in
    "rm -rf "*/var/lib/apt/lists/\*)
        emptied apt > /dev/null
        ;;
    "rm -rf "*/artifacts\ */cache | "rm -rf "*/http\ */wheels | "rm -rf "*/pipenv* | "rm -rf "*/dnf | "rm -rf "*/zypp) exit 0 ;;
    "npm cache clean") exit 1 ;;
    "npm cache clean --force") emptied npm ;;
    "yarn cache clean" | "yarn cache clean --all") emptied yarn ;;
    "pnpm store prune") emptied pnpm ;;
    "conda clean --all --yes" | "mamba clean --all --yes" | "micromamba clean --all --yes") emptied conda ;;
    "dnf clean all" | "dnf5 clean all" | "yum clean all" | "microdnf clean all" | "tdnf clean all") emptied rpm ;;
    "zypper clean" | "zypper clean -a") emptied zypper ;;
    "apk update"*) exit 0 ;;
esac

echo "$line" >> "$LOG"
if [ "$line" = "${FAIL-}" ]; then
    exit 7
fi
case $name in
    npm | yarn | pnpm | zypper) cache=$name ;;
    conda | mamba | micromamba) cache=conda ;;
    dnf | dnf5 | yum | microdnf | tdnf) cache=rpm ;;
    apt-get | apt | aptitude | rosdep | mk-build-deps | apt-cache | add-apt-repository) cache=apt ;;
    *) exit 0 ;;
esac
case "$cache $line " in
    apt*" update "*) filled apt ;;
    apt*" clean "* | apt*"remove "* | apt*" purge "*) ;;
    apt* | *" --offline "* | rpm*" -C "* | rpm*" --cacheonly "*)
        if [ ! -e "$STATE/$cache" ]; then
            echo "$name finds nothing of what was fetched" >> "$LOG"
            exit 100
        fi
        ;;
    *) filled "$cache" ;;
esac
exit 0
