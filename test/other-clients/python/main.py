"""Draws with the client that openapi-python-client made."""

import json
import os
import ssl

from qrng_dd_client import AuthenticatedClient
from qrng_dd_client.api.entropy import get_floats, get_integers, get_random
from qrng_dd_client.api.qrng_open_api import post_entropy
from qrng_dd_client.api.status import get_status
from qrng_dd_client.models import BlocksRequest, GetRandomEncoding

client = AuthenticatedClient(
    base_url=os.environ["QRNG_URL"],
    token=os.environ["QRNG_API_KEY"],
    verify_ssl=ssl.create_default_context(cafile=os.environ["QRNG_CA_FILE"]),
)
limit = 2**53 - 1
binary = get_random.sync_detailed(client=client, bytes_=1000, encoding=GetRandomEncoding.BINARY)
refused = get_floats.sync(client=client, count=0)
print(
    json.dumps(
        {
            "hex": get_random.sync(client=client),
            "bytes": len(binary.content),
            "floats": get_floats.sync(client=client, count=100),
            "integers": get_integers.sync(client=client, count=6, min_=-limit, max_=limit, unique=True),
            "capacity": get_status.sync(client=client).pool.capacity,
            "blocks": post_entropy.sync(client=client, body=BlocksRequest(block_size=32, block_count=2)).entropy,
            "refused": [refused.status, refused.errors[0].name],
        }
    )
)
