FROM python:3.13-alpine
RUN <<EOF
#!/usr/bin/env python3
import sys
print("one") # two
if True:
    print('''
FROM x
''')
EOF
RUN <<-'EOF'
	#!/bin/sh -e
	echo one
	EOF
USER nobody
