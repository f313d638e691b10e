FROM alpine:3.22
RUN <<-EOF
	echo one
		echo two
  echo three
	EOF
COPY <<-EOF /a
	x
EOF
RUN cat <<-A <<-B
	1
	A
	2
B
ENV A=1
