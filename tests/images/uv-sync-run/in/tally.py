import wrapt._wrappers

print("wrapped", wrapt._wrappers.__name__)
