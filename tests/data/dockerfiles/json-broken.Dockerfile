FROM alpine:3.22
CMD ["a", "b"
CMD ['a', 'b']
CMD ["a" "b"]
RUN ["a", "b",]
ENTRYPOINT ["a"] b
RUN [ -f /x ] && echo yes
RUN [[ -f /x ]]
CMD "a", "b"]
COPY ["a", "b" c
VOLUME ["/a"
SHELL [
RUN ["a	b"]
CMD ["\x"]
