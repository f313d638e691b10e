FROM alpine:3.22
RUN cat <<A - <<B && cat <<C
first
A
second
A is no end
B
third
C
RUN <<A <<A
x
A
y
A
ENV A=1
