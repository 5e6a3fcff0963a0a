"""Runs the emulator on the loopback interface alone.

The emulator's MQTT listener binds every interface, whatever `BIND_HOST` says, and it accepts any
client: other machines have no business there.
"""

import asyncio.base_events as loops

create_server = loops.BaseEventLoop.create_server


async def create_loopback_server(self, protocol_factory, host=None, port=None, **options):
    host = "127.0.0.1" if host == "0.0.0.0" else host
    return await create_server(self, protocol_factory, host, port, **options)


loops.BaseEventLoop.create_server = create_loopback_server

from ministack.app import main  # noqa: E402

main()
