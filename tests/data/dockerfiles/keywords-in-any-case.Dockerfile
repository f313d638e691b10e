from alpine:3.22
rUn echo one
Copy a b
workdir /x
UNKNOWN thing
Run: echo
RUNecho
- RUN echo
