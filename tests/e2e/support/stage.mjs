// What most tests of RivetKit actors begin with.
import { after, before } from "node:test";
import { App } from "./app.mjs";
import { connect } from "./client.mjs";
import { Engine } from "./engine.mjs";

/** For all tests of the describe that calls it: an engine, an app that is connected to it, and a client. */
export function stage(name, options = {}) {
  const stage = {};
  before(async () => {
    stage.engine = await Engine.start(options);
    stage.app = await App.connect(name, stage.engine);
    stage.client = connect(stage.engine);
  });
  after(async () => {
    await stage.client?.dispose();
    await stage.app?.kill();
    await stage.engine?.dispose();
  });
  return stage;
}
