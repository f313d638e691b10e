import os

from lxml import etree

print(os.environ["PORT"], etree.fromstring("<a><b/></a>")[0].tag, etree.LIBXSLT_VERSION)
