FROM alpine:3.22
ONBUILD
USER nobody
