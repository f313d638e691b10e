FROM alpine:3.22
RUN echo one
RUN echo one two
ENV A=1 B=2
ENV A b c
COPY a b c
RUN echo one \ 
  two
USER a 
 USER b
ARG A=1 B
# note RUN echo
RUN echo  x
EXPOSE 80　90
