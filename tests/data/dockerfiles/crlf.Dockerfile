# syntax=docker/dockerfile:1
FROM alpine:3.22

ENV A=1 \
    B=2
RUN apk add curl \
    git
COPY . /app
CMD ["sh", "-c", "echo"]
