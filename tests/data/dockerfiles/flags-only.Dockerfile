FROM alpine:3.22
RUN --mount=type=cache,target=/x
COPY --from=x
USER nobody
