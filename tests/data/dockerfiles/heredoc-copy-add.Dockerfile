FROM alpine:3.22
COPY <<EOF /etc/one
one
EOF
COPY --chmod=0755 --chown=1:1 <<one.sh <<two.sh /scripts/
#!/bin/sh
one.sh
#!/bin/sh
# FROM nothing
two.sh
ADD file <<EOF /dir/
body
EOF
ADD <<EOF [x]
body
EOF
COPY ["<<EOF", "/x"]
USER nobody
