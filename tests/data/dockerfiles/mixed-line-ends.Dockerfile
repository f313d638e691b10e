FROM alpine:3.22
RUN echo one \
  && echo two \
  && echo three
ENV A=1
RUN <<EOF
echo crlf
echo lf
EOF
RUN echo end
