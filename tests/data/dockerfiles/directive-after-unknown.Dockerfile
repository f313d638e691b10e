# frontend=other
# escape=`
FROM alpine:3.22
RUN echo one `
  two
RUN echo \
ENV A=1
