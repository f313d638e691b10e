FROM alpine:3.22
FROM alpine:3.22 AS one
FROM one aS Two
FROM --platform=linux/amd64 two as three-4
FROM	scratch
FROM ${A:-x}/y@sha256:00
FROM alpine:3.22 one two three
FROM alpine as
