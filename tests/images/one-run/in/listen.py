import ctypes

import wrapt._wrappers

library = ctypes.CDLL("libsndfile.so.1")
library.sf_version_string.restype = ctypes.c_char_p
print(library.sf_version_string().decode(), wrapt._wrappers.__name__)
