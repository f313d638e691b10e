FROM alpine:3.22
RUN echo one && \
    # a note

    echo two && \
  
    echo three
USER nobody
