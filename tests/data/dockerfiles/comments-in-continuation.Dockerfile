FROM alpine:3.22
RUN apk add \
# at the start
    curl \
    # indented
	# with a tab
    git \
    # ends in a backslash \
    jq # not a comment \
    tree
# outside \
ENV A=1 \
  # between
  B=2
COPY --from=builder \
  # behind a flag
  --chown=1:1 \
  a b
