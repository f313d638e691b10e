# syntax=docker/dockerfile:1.19-labs
#check=skip=JSONArgsRecommended;error=true
# escape=\
# unknown=value
FROM alpine:3.22
RUN echo \
  one
