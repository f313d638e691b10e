FROM --platform=$BUILDPLATFORM alpine:3.22 AS one
RUN --mount=type=cache,target=/root/.cache --mount=type=bind,source=.,target=/src,rw --network=none --security=insecure echo
RUN --mount=type=secret,id="a b" echo
RUN --mount='type=tmpfs,target=/a b' echo
RUN --mount=type=ssh \
    --network=default \
    echo --not-a-flag
RUN -- --mount=x echo
RUN --mount echo
RUN --unknown=1 echo
RUN --MOUNT=x echo
RUN --mount=a\ b echo
RUN --=x echo
RUN -x echo
COPY --link --parents --exclude=*.md --chown=a:b --chmod=u=rw,go=r --from=one a b
ADD --keep-git-dir=true --checksum=sha256:00 --unpack=false https://example.invalid/x /
HEALTHCHECK --interval=1s --timeout=1s --start-period=1s --start-interval=1s --retries=3 CMD true
ONBUILD --flag RUN echo
ONBUILD COPY --from=one a b
CMD --flag a
ENV --x=1 a=b
LABEL --x a=b
ARG --x=1
USER --x
