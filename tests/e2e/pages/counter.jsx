// A page that counts with all who have it open.
import { createRivetKit } from "@rivetkit/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

const parameters = new URLSearchParams(location.search);
const { useActor } = createRivetKit(parameters.get("engine"));

function Counter({ name }) {
  const [count, setCount] = useState(null);
  const counter = useActor({ name: "counter", key: [name] });
  counter.useEvent("count", setCount);
  return (
    <>
      <output data-status={counter.connStatus}>{count}</output>
      <button onClick={() => counter.connection.increment(1)}>count</button>
    </>
  );
}

function Page() {
  const [name, setName] = useState("first");
  return (
    <>
      <Counter name={name} />
      <button id="other" onClick={() => setName("second")}>
        another counter
      </button>
    </>
  );
}

createRoot(document.querySelector("#root")).render(<Page />);
