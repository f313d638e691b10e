# one
  # two
