FROM alpine:3.22
ENV A=1
ENV A 1 2  3
ENV A=1 B="2 3" C='4 5' D=6\ 7 E= F="a=b" G=a"b c"d
ENV A="unclosed
ENV A=$B${C:-d} E=`f`
ENV  A   =1
LABEL a.b-c="d" e=f
LABEL "quoted name"="value" 'x y'=z
LABEL a b c
ENV A="one \
  two" B=3
ENV A=a\
b
ENV é=ü
