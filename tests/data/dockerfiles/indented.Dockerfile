  
	# syntax=docker/dockerfile:1
  FROM alpine:3.22
	RUN echo one \
		&& echo two
   # note
 	 COPY a \
    b
