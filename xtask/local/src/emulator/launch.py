"""Runs the emulator on the loopback interface alone, without needless waits, and with what it lacks.

The emulator's MQTT listener binds every interface, whatever `BIND_HOST` says, and it accepts any
client: other machines have no business there. Its Runtime API hands an event to a function in two
small writes, and the second waits 40 ms for the first to be acknowledged, in every invocation.
"""

import asyncio.base_events as loops
import pathlib
import socketserver
import sys

create_server = loops.BaseEventLoop.create_server


async def create_loopback_server(self, protocol_factory, host=None, port=None, **options):
    host = "127.0.0.1" if host == "0.0.0.0" else host
    return await create_server(self, protocol_factory, host, port, **options)


loops.BaseEventLoop.create_server = create_loopback_server
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

# The other files lie beside this one, where an isolated interpreter does not look.
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import alarms  # noqa: E402
import broker  # noqa: E402
import delivery  # noqa: E402
import function_logs  # noqa: E402
import identity  # noqa: E402
import rules  # noqa: E402
from ministack.app import main  # noqa: E402

alarms.install()
broker.install()
delivery.install()
function_logs.install()
identity.install()
rules.install()
main()
