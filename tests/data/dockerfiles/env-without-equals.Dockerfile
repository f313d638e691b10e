FROM alpine:3.22
ENV A=1 B C=2
