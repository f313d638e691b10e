FROM alpine:3.22
RUN echo "<<EOF"
RUN echo '<<EOF'
RUN echo \<<EOF
body
EOF
RUN echo "unbalanced <<EOF
USER nobody
RUN echo it's <<EOF
USER nobody
# <<EOF
CMD cat <<EOF
ENTRYPOINT ["<<EOF"]
ENV A=<<EOF
RUN ["cat", "<<EOF"]
EOF"]
USER nobody
