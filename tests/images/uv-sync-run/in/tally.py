import sys
import time

import wrapt._wrappers

print("wrapped", wrapt._wrappers.__name__)
if __name__ == "__main__" and "--once" not in sys.argv:
    time.sleep(3600)
