"""Scripts that every page begins with, so that tests see what it shows for a moment only, what its sockets carry, and
what its questions are answered with."""

# Toasts go by themselves: keep their texts. And keep the connections to other browsers.
REMEMBER = """
  globalThis.toastsSeen = [];
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        if (node instanceof Element && node.matches(".toast")) toastsSeen.push(node.textContent);
  }).observe(document, { childList: true, subtree: true });
  globalThis.peerConnections = [];
  if ("RTCPeerConnection" in globalThis) globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(configuration);
      // The one without is tried and closed, to know whether there are any.
      if (configuration) peerConnections.push(this);
    }
  };
"""

# What goes over the page's sockets, as it goes, and the last one. Not every browser tells of it by itself.
LISTEN = """
  globalThis.WebSocket = class extends WebSocket {
    constructor(...rest) {
      super(...rest);
      globalThis.lastSocket = this;
      this.addEventListener("message", ({ data }) => socketCarried("heard", data));
    }
    send(data) {
      socketCarried("said", data);
      super.send(data);
    }
  };
"""

# What is answered to its scripts. Not that dozens of modules come: that shows in what they do.
ANSWERS = """
  globalThis.fetch = ((ask) => async (...rest) => {
    const response = await ask(...rest);
    answered(rest[1]?.method ?? "GET", response.url, response.status);
    return response;
  })(globalThis.fetch);
"""

# Where nobody looks at pictures: a call costs the processors half a second a second, and this page nearly nothing.
NO_CALLS = "delete globalThis.RTCPeerConnection; delete globalThis.webkitRTCPeerConnection;"

# A camera that gives four times a second what others give all the time, a picture, under the name and with the settings
# of the browser's own, which is asked for and let go at once. And a microphone whose echo nobody cancels, whatever it
# says, and whose loudness is looked at in fewer samples: each is an eighth of what a call costs.
SPARSE = """(() => {
  if (!navigator.mediaDevices) return; // The blank page from before.
  globalThis.AudioContext = class extends AudioContext {
    constructor(options) { super({ sampleRate: 8000, ...options }); }
  };
  const fourTimesASecond = (track, give) => {
    const turns = setInterval(() => track.readyState === "ended" ? clearInterval(turns) : give(), 250);
    give();
    return track;
  };
  const camera = (settings) => {
    const [width, height] = [settings.width / 4, settings.height / 4];
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const brush = canvas.getContext("2d");
    const [track] = canvas.captureStream(0).getVideoTracks();
    let pictures = 0;
    return fourTimesASecond(track, () => {
      brush.fillStyle = `hsl(${60 * pictures++} 50% 50%)`;
      brush.fillRect(0, 0, width, height);
      track.requestFrame();
    });
  };
  const PROCESSING = ["echoCancellation", "noiseSuppression", "autoGainControl"];
  const each = (value) => Object.fromEntries(PROCESSING.map((name) => [name, value(name)]));
  const plain = (audio) => audio && { ...(audio === true ? {} : audio), ...each(() => false) };
  const sparse = (real, audio) => {
    const settings = real.getSettings();
    if (real.kind === "audio") {
      // Where no microphone of the browser's runs, what others say is not always played.
      real.getSettings = () => ({ ...settings, ...each((name) => audio[name] ?? true) });
      return real;
    }
    const track = camera(settings);
    Object.defineProperty(track, "label", { value: real.label, configurable: true });
    track.getSettings = () => ({ ...settings });
    real.stop();
    return track;
  };
  for (const name of ["getUserMedia", "getDisplayMedia"]) {
    const ask = navigator.mediaDevices[name].bind(navigator.mediaDevices);
    navigator.mediaDevices[name] = async (constraints) => {
      const stream = await ask({ ...constraints, audio: plain(constraints?.audio) });
      return new MediaStream(stream.getTracks().map((track) => sparse(track, constraints.audio)));
    };
  }
})();"""
