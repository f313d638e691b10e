ARG A
RUN echo

FROM alpine:3.22
RUN echo
