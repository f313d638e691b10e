FROM alpine:3.22
ARG END=EOF
RUN cat <<$END
body
$END
RUN cat <<${END:-x}
body
${END:-x}
USER nobody
