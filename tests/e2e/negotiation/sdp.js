/** Descriptions as text, and read from it: as much of SDP (RFC 8866) as the page looks at. */

/** One media section: {mid, kind, direction, rejected, streams}. */
const sectionText = ({ mid, kind, direction, rejected, streams }) =>
  `m=${kind} ${rejected ? 0 : 9} UDP/TLS/RTP/SAVPF 96\r\na=mid:${mid}\r\na=${direction}\r\n` +
  streams.map((id) => `a=msid:${id} track\r\n`).join("");

/** @param {string} sdp */
export function parsed(sdp) {
  if (!sdp.startsWith("v=0\r\n")) throw new DOMException("no SDP", "OperationError");
  const [head, ...sections] = sdp.split(/^(?=m=)/m);
  return {
    ufrag: head.match(/^a=ice-ufrag:(\S+)/m)?.[1] ?? "",
    candidates: [...sdp.matchAll(/^a=candidate:(.*)\r$/gm)].map(([, text]) => text),
    sections: sections.map((text) => ({
      mid: text.match(/^a=mid:(\S+)/m)?.[1] ?? "",
      kind: text.match(/^m=(\w+)/)?.[1] ?? "",
      direction: text.match(/^a=(sendrecv|sendonly|recvonly|inactive)/m)?.[1] ?? "sendrecv",
      rejected: /^m=\w+ 0 /.test(text),
      streams: [...text.matchAll(/^a=msid:(\S+)/gm)].map(([, id]) => id),
    })),
  };
}

/** @param {{ufrag: string, sections: object[], version: number}} description @param {{candidate: string}[]} candidates */
export function written({ ufrag, sections, version }, candidates) {
  const lines = candidates.map(({ candidate }) => `a=candidate:${candidate}\r\n`).join("");
  return (
    `v=0\r\no=- 1 ${version} IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:${ufrag}\r\n` +
    sections.map(sectionText).join("").replace(/(?<=m=.*\r\n)/, lines)
  );
}
