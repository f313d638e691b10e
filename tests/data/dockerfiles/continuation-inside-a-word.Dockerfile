FROM al\
pine:3.22
R\
UN echo on\
e
ENV LO\
NG=va\
# note
lue
COPY --fr\
om=x a b
CMD ["on\
e"]
