FROM alpine:3.22
RUN echo one \   
  two \	
  three \ four
ENV A="x \ 
 y"
