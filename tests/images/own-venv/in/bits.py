import sys

import bitarray._bitarray
import six

print(sys.argv[1], bitarray.bitarray("101").count(), six.PY3, sys.prefix)
