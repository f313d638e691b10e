FROM alpine:3.22
ONBUILD RUN <<EOF
echo one
USER nobody
EOF
ONBUILD COPY <<-A <<B /x/
	1
	A
2
B
ONBUILD ENV A="<<EOF"
ONBUILD CMD cat <<EOF
USER nobody
