# escape=`
FROM alpine:3.22
RUN cat `
  <<EOF
body \`
more \
lines
EOF
RUN cat <<`EOF
x
`EOF
USER nobody
