FROM alpine:3.22
RUN <<"EOF"
echo $HOME
EOF
RUN <<'EOF'
echo $HOME
EOF
RUN cat <<E"O"F
$HOME
EOF
RUN cat <<\EOF
$HOME
EOF
RUN cat <<"two words" > /x
body
two words
COPY <<'a b' /x
body
a b
ENV A=1
