FROM alpine:3.22
RUN cat 0<<A 3<<-B <&3
1
A
	2
	B
RUN cat x<<NOT
RUN cat 12<<EOF
body
EOF
RUN echo $((1<<2)) 1<<A
A
