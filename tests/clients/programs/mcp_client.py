"""An MCP client over streamable HTTP: each request is a POST that is answered by a stream, and one GET
stream brings what the server says unasked.
"""

import anyio
from mcp import Client
from mcp.types import ToolListChangedNotification

from tests.clients.reading import give, leave


async def main() -> None:
    told = anyio.Event()

    async def hear(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            give({"told": message.method})
            told.set()

    async with Client("http://127.0.0.1:8080/mcp", message_handler=hear) as client:
        await told.wait()
        give([tool.name for tool in (await client.list_tools()).tools])
        with anyio.CancelScope() as calling:

            async def hear_progress(progress: float, total: float | None, message: str | None) -> None:
                if give({"progress": progress, "of": total, "message": message}):
                    calling.cancel()

            result = await client.call_tool("forecast", {"city": "Kraków"}, progress_callback=hear_progress)
            give(result.model_dump(mode="json", exclude_unset=True))
    leave()


anyio.run(main)
