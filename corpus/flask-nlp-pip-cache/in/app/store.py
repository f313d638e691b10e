"""Rated comments in MySQL, trends cached in Redis."""

import json
import os

import pandas as pd
import redis
from sqlalchemy import create_engine, text


class Store:
    def __init__(self) -> None:
        self.engine = create_engine(os.environ["DATABASE_URL"].replace("mysql://", "mysql+pymysql://"))
        self.cache = redis.Redis.from_url(os.environ["REDIS_URL"])

    def keep(self, shop: str, rated: list[dict]) -> None:
        frame = pd.DataFrame(rated).assign(shop=shop, day=pd.Timestamp.utcnow().date())
        frame.to_sql("comments", self.engine, if_exists="append", index=False)
        self.cache.delete(f"trend:{shop}")

    def trend(self, shop: str) -> dict:
        if kept := self.cache.get(f"trend:{shop}"):
            return json.loads(kept)
        query = text("SELECT day, AVG(tone) AS tone FROM comments WHERE shop = :shop GROUP BY day")
        frame = pd.read_sql(query, self.engine, params={"shop": shop})
        trend = {str(day): round(tone, 3) for day, tone in zip(frame["day"], frame["tone"])}
        self.cache.set(f"trend:{shop}", json.dumps(trend), ex=600)
        return trend
