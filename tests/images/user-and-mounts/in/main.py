import getpass

from markupsafe import _speedups

print(getpass.getuser(), _speedups.__name__)
