"""What a page encodes for others: for twelve of whom four show it as much as for four.

    .venv/bin/python -m bench.page_sending

Both ends of each connection are in one page, by the client library's own `Sending`. `shown`: by how many of the others.
`frames`: encoded in a second, of all connections. `encoding`: seconds a second for that, as the browser counts
(`totalEncodeTime`); on a busy machine it has waiting in it. Two minutes.
"""

from __future__ import annotations

import asyncio
import json

from bench.browser import at_a_server

CASES = ((3, 3), (11, 3), (11, 11))
"""How many others there are, and by how many the page's picture is shown."""

SETTLING, SECONDS = 12, 10

MEASURE = """async ([others, shown, settling, seconds]) => {
  const { Sending } = await import("/static/sdk/sending.js");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 } });
  const [camera] = stream.getVideoTracks();
  const media = { stream, microphone: null, camera, screen: null };
  const connections = [];
  for (let other = 0; other < others; other += 1) {
    const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()];
    here.onicecandidate = ({ candidate }) => candidate && there.addIceCandidate(candidate);
    there.onicecandidate = ({ candidate }) => candidate && here.addIceCandidate(candidate);
    const sending = new Sending(here, media, (error) => console.error(String(error)));
    sending.update();
    await here.setLocalDescription();
    await there.setRemoteDescription(here.localDescription);
    await there.setLocalDescription();
    await here.setRemoteDescription(there.localDescription);
    sending.adapt(shown);
    sending.show({ camera: other < shown ? "large" : "none", screen: "large" });
    connections.push({ here, there });
  }
  const count = async () => {
    const all = await Promise.all(connections.map(({ here }) => here.getStats()));
    const sent = all.flatMap((stats) => [...stats.values()]).filter(({ type }) => type === "outbound-rtp");
    const sum = (name) => sent.reduce((total, each) => total + (each[name] ?? 0), 0);
    return { frames: sum("framesEncoded"), time: sum("totalEncodeTime"), bytes: sum("bytesSent") };
  };
  const pass = (passing) => new Promise((passed) => setTimeout(passed, passing * 1000));
  await pass(settling);
  const before = await count();
  await pass(seconds);
  const now = await count();
  for (const { here, there } of connections) [here, there].forEach((each) => each.close());
  camera.stop();
  const rate = (name, digits) => Number(((now[name] - before[name]) / seconds).toFixed(digits));
  return { frames: rate("frames", 0), encoding: rate("time", 3), kilobytes: Math.round(rate("bytes", 0) / 1000) };
}"""


async def measured() -> None:
    async with at_a_server() as (server, browser):
        page = await (await browser.new_context(permissions=["camera"])).new_page()
        await page.goto(server.url)
        for others, shown in CASES:
            found = await page.evaluate(MEASURE, [others, shown, SETTLING, SECONDS])
            print(f"{others + 1} people, shown by {shown}:", json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(measured())
