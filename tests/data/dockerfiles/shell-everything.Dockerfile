FROM debian:13-slim
RUN set -eux; \
    arch="$(dpkg --print-architecture)"; \
    case "${arch##*-}" in \
      amd64) url='x' ;; \
      # a comment between arms
      arm64 | armhf) url="y" ;; \
      *) echo >&2 "unsupported: $arch"; exit 1 ;; \
    esac; \
    for a in one two; do \
      if [ -n "$a" ] && ! test -e "/$a"; then echo "$a"; elif true; then :; else exit 1; fi; \
    done; \
    while read -r line; do echo "${line%%:*}"; done < /etc/passwd; \
    until true; do sleep 1; done; \
    f() { echo "$@"; }; f `echo x` $(( 1 + 2 )) ${a:-b} "$(echo "$(echo nested)")"; \
    (cd /tmp && ls | wc -l > /dev/null 2>&1) || true; \
    { echo a; echo b; } >> /x; \
    [[ "$arch" == amd* && -d /x ]] && (( 1 < 2 )); \
    rm -rf /var/lib/apt/lists/* &
RUN find . -name '*.pyc' -exec rm -f {} + && echo "a\"b" 'c'"d"e\ f
RUN cat <<EOF | sh -s -- x
echo ${1}
EOF
RUN a=1 b="2 3" env | sort; echo $a$b${c+d}${#a}${a/x/y}${!a}
RUN bash -c 'shopt -s extglob; ls !(a|b)' && diff <(echo a) <(echo b) || a=(1 2 3)
