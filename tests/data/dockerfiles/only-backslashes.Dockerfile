FROM alpine:3.22
\
\
RUN echo \
\
  \
  one \
\

\
ENV A=1
