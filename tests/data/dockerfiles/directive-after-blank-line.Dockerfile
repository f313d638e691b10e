
# escape=`
FROM alpine:3.22
RUN echo one \
  two `
ENV A=1
