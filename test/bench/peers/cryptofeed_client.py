"""cryptofeed (https://github.com/bmoscon/cryptofeed): trades of Binance, pointed at the local exchange."""

import asyncio
import sys
from decimal import Decimal

import cryptofeed.feed
import uvloop
from cryptofeed import FeedHandler
from cryptofeed.connection import WebsocketEndpoint, WSAsyncConn
from cryptofeed.defines import BINANCE, TRADES
from cryptofeed.exchanges import Binance
from cryptofeed.symbols import Symbols
from same_rows import SameRows
from yapic import json

url, path = sys.argv[1:3]
rows = SameRows(path, "cryptofeed")


class PlainConn(WSAsyncConn):
    """Without TLS, which its constructor insists on."""

    def __init__(self, address, *args, **options):
        super().__init__(address.replace("ws://", "wss://"), *args, **options)
        self.address = address


cryptofeed.feed.WSAsyncConn = PlainConn


class Local(Binance):
    """Binance with frames of the channel `trade` as they come without a wrapper: it knows `aggTrade` in wrappers alone."""

    websocket_endpoints = [WebsocketEndpoint(url.split("/ws/")[0])]

    async def message_handler(self, msg, conn, timestamp):
        trade = json.loads(msg, parse_float=Decimal)
        trade["a"] = trade["t"]
        await self._trade(trade, timestamp)


async def keep(trade, _received):
    rows.keep(trade.symbol, float(trade.price), float(trade.amount), int(trade.timestamp * 1000), trade.id)


# What it would ask the exchange for over REST.
Symbols.set(BINANCE, {"BTC-USDT": "BTCUSDT"}, {"instrument_type": {"BTC-USDT": "spot"}, "tick_size": {}})
handler = FeedHandler(config={"uvloop": True, "log": {"disabled": True}})
loop = uvloop.new_event_loop()
asyncio.set_event_loop(loop)
handler.add_feed(Local(symbols=["BTC-USDT"], channels=[TRADES], callbacks={TRADES: keep}))
handler.run(start_loop=False, install_signal_handlers=False)
loop.create_task(rows.commit())
loop.run_forever()
