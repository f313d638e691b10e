FROM alpine:3.22
RUN echo one && \

    echo two && \
   	 

    echo three


ENV A=1 \


  B=2
CMD ["a", \

 "b"]
