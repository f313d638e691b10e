FROM alpine:3.22
SHELL ["/bin/sh", "-ec"]
RUN ["echo", "a b", "\"quoted\"", "\u00e9\n"]
RUN [ "echo" , "x" ]  
RUN []
COPY ["a b", "c", "/dir/"]
ADD ["a", "/"]
VOLUME ["/a", "/b c"]
VOLUME /a /b
ENTRYPOINT [ "a",\
  # note
  "b" ]
HEALTHCHECK --interval=5s CMD ["curl", "-f", "x"]
CMD	["a"]
