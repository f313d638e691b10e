FROM alpine:3.22
RUN echo one \\
ENV A=1
RUN echo \\\
  two
RUN echo "C:\\" \
 && true
