ARG A=1 B="2 3" C
ARG D
FROM alpine:$A
ARG A E=x\ y F='a b'
ARG "G=1"
ARG H=$A"b
