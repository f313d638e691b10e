FROM alpine:3.22
RUNecho onetwo
ENVA=1B=2
COPY abc
USER nobody
RUN echo one \
  two
ENV C=3
