FROM alpine:3.22
RUN --mount=type=cache,target=/x \
  # note
  cat <<A && \

  cat <<B
one \
A
two
B
RUN cat <<EOF \
  > /x
# in the body
EOF
RUN true && \
  cat <<E\
OF
body
EOF
USER nobody
