FROM alpine:3.22
RUN apk add curl \
    git \

COPY . /app
RUN echo still \
# note

USER nobody
