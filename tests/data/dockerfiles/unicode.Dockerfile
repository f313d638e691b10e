# Größe – 日本語
FROM alpine:3.22 AS größe
LABEL titel="Grüße 🐳" ёлка=1
RUN echo "日本語" \
    # ein Kommentar – mit Strich
    && echo „Anführung“
COPY ["ä b", "/ö/"]
ENV A=ß\
ß
RUN <<ENDE
echo 🐳
ENDE
RUN <<конец
текст
конец
