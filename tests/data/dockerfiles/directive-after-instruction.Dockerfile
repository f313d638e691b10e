FROM alpine:3.22
# syntax=docker/dockerfile:1
# escape=`
RUN echo one \
  two
