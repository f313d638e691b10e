# syntax=docker/dockerfile:1
FROM alpine:3.22
RUN <<EOF
set -e
# a comment of the script
apk add curl \
  git

ENV is no instruction here
EOF
RUN <<EOF cat
body
EOF
RUN cat <<EOF > /etc/motd && echo done
hello ${USER}
EOF
RUN python3 <<EOF
print("<<EOF")
EOF
RUN <<EOF
EOF
ENV A=1
