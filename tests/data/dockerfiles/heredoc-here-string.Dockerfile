FROM alpine:3.22
RUN cat <<<word
RUN cat <<< "two words"
RUN cat <<<<EOF
RUN a<<<b <<EOF
body
EOF
USER nobody
