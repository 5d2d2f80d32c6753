"""A device answers challenges over HTTP, and its answers are checked: ``python examples/device_answers.py``."""

from __future__ import annotations

import secrets
import threading
import time

from depinverify.device import Claims, DeviceKey, Envelope, ask, default_device, serve


def main() -> None:
    """Ask one device of each scheme for one answer in each envelope."""
    for scheme in ("ed25519", "p256", "secp256k1"):
        key = DeviceKey.generate(scheme)
        device = default_device(key)
        for envelope in (Envelope.JWS, Envelope.CWT):
            server = serve(
                key,
                device=device,
                claims=lambda: Claims(iat=int(time.time()), uptime=int(time.monotonic())),
                envelope=envelope,
            )
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                answer = ask(f"http://127.0.0.1:{server.server_port}", secrets.token_bytes(32))
            finally:
                server.shutdown()
                thread.join()
                server.server_close()
            print(f"{scheme:10} {envelope:4} {len(answer.proof)} bytes in {answer.rtt_ns / 1e6:.1f} ms")


if __name__ == "__main__":
    main()
