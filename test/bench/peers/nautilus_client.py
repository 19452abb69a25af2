"""nautilus_trader (https://nautilustrader.io): its WebSocket client, its decoder of Binance trades, its trade ticks."""

import asyncio
import sys

import msgspec
from nautilus_trader.adapters.binance.spot.schemas.market import BinanceSpotTradeData
from nautilus_trader.core.nautilus_pyo3 import WebSocketClient, WebSocketConfig
from nautilus_trader.model.identifiers import InstrumentId
from same_rows import SameRows

url, path = sys.argv[1:3]
rows = SameRows(path, "nautilus_trader")
decoder = msgspec.json.Decoder(BinanceSpotTradeData)
instrument = InstrumentId.from_str("BTCUSDT.BINANCE")


def received(raw: bytes) -> None:
    tick = decoder.decode(raw).parse_to_trade_tick(instrument_id=instrument, ts_init=0)
    rows.keep(
        tick.instrument_id.symbol.value,
        tick.price.as_double(),
        tick.size.as_double(),
        tick.ts_event // 1_000_000,
        tick.trade_id.value,
    )


async def main() -> None:
    client = await WebSocketClient.connect(WebSocketConfig(url=url, handler=received, headers=[]))
    await rows.commit()
    await client.disconnect()


asyncio.run(main())
