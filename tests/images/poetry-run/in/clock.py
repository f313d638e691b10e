import ciso8601

print(ciso8601.parse_datetime("2024-02-29T12:00:00").year, ciso8601.__file__)
