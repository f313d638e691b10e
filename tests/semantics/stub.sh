#!/bin/sh
# Stands for every program: writes down how it was called, fails when $FAIL says so, and knows what apt needs.
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
        --no-cache-dir | --no-cache | --no-install-recommends) ;;
        *) line="$line $word" ;;
    esac
done
case $line in
    *"rm -rf "*/var/lib/apt/lists/\*)
        if [ -n "${SUDO_NEEDED-}" ] && [ -z "${ELEVATED-}" ]; then
            exit 1
        fi
        echo gone > "$STATE/lists"
        exit 0
        ;;
    "apk update"*) exit 0 ;;
esac

echo "$line" >> "$STATE/log"
if [ "$line" = "${FAIL-}" ]; then
    exit 7
fi
case $name in
    apt-get | apt | aptitude | rosdep | mk-build-deps | apt-cache | add-apt-repository)
        case " $line " in
            *" update "*) echo there > "$STATE/lists" ;;
            *" clean "* | *"remove "* | *" purge "*) ;;
            *)
                read -r lists < "$STATE/lists"
                if [ "$lists" != there ]; then
                    echo "$name finds no lists" >> "$STATE/log"
                    exit 100
                fi
                ;;
        esac
        ;;
esac
exit 0
