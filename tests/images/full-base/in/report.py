import MySQLdb
import psycopg2

print(psycopg2.__libpq_version__, MySQLdb.get_client_info())
