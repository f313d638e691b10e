FROM alpine:3.22
RUN echo a#b # c
RUN echo \
  a \
  #b \
  c
#RUN echo \
RUN # echo
ENV A=#x
COPY #a b
RUN echo "\
# dropped in the string
"
USER nobody # no comment
