"""What another page shows is heeded at a pace, and an encoding that the browser refuses is asked for again: by node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.process import ROOT

SENDING = """
  import { Heeding } from "./static/sdk/shown.js";
  import { Sending } from "./static/sdk/sending.js";
  const due = [];
  globalThis.setTimeout = (run) => due.push(run);
  globalThis.clearTimeout = () => {};
  globalThis.window = globalThis;
  globalThis.MediaStream = class {};
  const soon = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async () => { for (const run of due.splice(0)) run(); await soon(); };

  const heeded = [];
  const heeding = new Heeding(({ camera }) => heeded.push(camera));
  const hear = (camera) => heeding.hear({ camera, screen: "large" });
  for (const size of ["large", "small", "none", "large", "none", "small", "none"]) hear(size);
  const atOnce = [...heeded];
  await pass();
  hear("none");
  await pass();
  const later = [...heeded];
  hear("small");
  hear("none");
  await pass();

  const refusals = ["InvalidModificationError", "OperationError", "OperationError"];
  let encoding = {};
  const failures = [];
  const sender = {
    getParameters: () => ({ encodings: [{ ...encoding }] }),
    setParameters: async ({ encodings: [wanted] }) => {
      const name = refusals.shift();
      if (name) throw Object.assign(new Error(name), { name });
      encoding = wanted;
    },
    replaceTrack: async () => {},
  };
  const pc = { addTransceiver: (kind) => ({ sender, currentDirection: "sendrecv", direction: "sendrecv" }) };
  const media = { stream: null, microphone: null, camera: null, screen: null };
  const sending = new Sending(pc, media, ({ name }) => failures.push(name));
  sending.update();
  await soon();
  sending.show({ camera: "none", screen: "none" });
  await soon();
  await pass();
  await pass();
  await pass();
  const { active } = encoding;
  console.log(JSON.stringify({ atOnce, later, heeded, failures, active, due: due.length }));
"""


def test_what_is_shown_is_heeded_at_a_pace_and_what_is_refused_is_asked_for_again(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static" / "sdk", tmp_path / "static" / "sdk")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "sending.js").write_text(SENDING, encoding="utf-8")
    ran = subprocess.run(["node", "sending.js"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    assert (found["atOnce"], found["later"]) == (["small"], ["small", "none"])
    # What was taken back before its time is never heeded; what has come to be is.
    assert found["heeded"] == ["small", "none", "small", "none"]
    assert found["failures"] == ["OperationError", "OperationError"]
    assert (found["active"], found["due"]) == (False, 0)
