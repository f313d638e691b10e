FROM alpine:3.22
CMD ["a", 1]
