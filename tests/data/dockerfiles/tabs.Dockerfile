FROM	alpine:3.22	AS	one
RUN	echo	one	\
		two
ENV	A=1		B=2
ENV	A	b	c
COPY	a	b	/c/
RUN	--mount=type=tmpfs,target=/x	echo
EXPOSE	80	90
