"""The rows that the engine writes, by the plainest means: once a second, in one transaction, with a heartbeat."""

import asyncio
import sqlite3
import time


class SameRows:
    def __init__(self, path: str, source: str) -> None:
        self.db = sqlite3.connect(path)
        self.db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE ticks (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT, price REAL, volume REAL, ts INTEGER,"
            " source TEXT, trade_id TEXT); CREATE INDEX ticks_ts ON ticks (ts);"
            "CREATE TABLE status (id INTEGER PRIMARY KEY, at INTEGER)"
        )
        self.source = source
        self.waiting: list[tuple] = []

    def keep(self, symbol: str, price: float, volume: float, ts: int, trade_id: str) -> None:
        self.waiting.append((symbol, price, volume, ts, self.source, trade_id))

    async def commit(self) -> None:
        while True:
            await asyncio.sleep(1)
            with self.db:
                self.db.executemany(
                    "INSERT INTO ticks (symbol, price, volume, ts, source, trade_id) VALUES (?, ?, ?, ?, ?, ?)",
                    self.waiting,
                )
                self.db.execute("INSERT OR REPLACE INTO status VALUES (1, ?)", (int(time.time() * 1000),))
            self.waiting = []
