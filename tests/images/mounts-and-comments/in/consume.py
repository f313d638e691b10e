import ctypes

from msgpack import _cmsgpack

print(ctypes.CDLL("librdkafka.so.1").rd_kafka_version() > 0, _cmsgpack.__name__)
