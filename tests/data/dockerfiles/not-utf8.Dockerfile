# Grüße
FROM alpine:3.22
LABEL name="Jürgen" \
  # ä
  x=ÿ
RUN echo "þÿ" \
  && echo Ã
COPY ["é", "/x"]
RUN <<EOF
echo ðŸ
EOF
USER nobody
