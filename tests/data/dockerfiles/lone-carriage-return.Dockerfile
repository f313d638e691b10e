FROM alpine:3.22
RUN echo one \ && echo same line
ENV A=1B=2
ENV C 12
RUN echo a
RUN echo b
RUN echo c \
  && echo d
# note  still a note
USER nobody