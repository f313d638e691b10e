FROM alpine:3.22
RUN <<EOF
echo one
echo two \
  three
EOF
COPY <<-"E" /etc/motd
	hello $USER
	E
RUN echo after
