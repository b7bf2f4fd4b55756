"""Calls the gateway's tools with the Python client."""

import asyncio
import json
import os
import ssl

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main():
    tls = ssl.create_default_context(cafile=os.environ["QRNG_CA_FILE"])
    key = {"Authorization": "Bearer " + os.environ["QRNG_API_KEY"]}
    async with httpx2.AsyncClient(headers=key, verify=tls) as http:
        transport = streamable_http_client(os.environ["QRNG_URL"] + "/mcp", http_client=http)
        async with Client(transport) as client:
            tools = await client.list_tools()
            drawn = await client.call_tool("get_random_integers", {"count": 5, "min": 1, "max": 6})
            refused = await client.call_tool("get_random_integers", {"count": 0})
    print(
        json.dumps(
            {
                "tools": [tool.name for tool in tools.tools],
                "drawn": drawn.structured_content,
                "refused": [refused.is_error, refused.content[0].text],
            }
        )
    )


asyncio.run(main())
