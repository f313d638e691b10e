FROM alpine:3.22
RUN echo "one
RUN echo 'two \
  three
ENV A='x
LABEL b="y \
  z
USER nobody
