// Reads events with the official CloudEvents SDK in strict mode, as an independent check of the envelope.
//
//   npm ci --ignore-scripts && node check.mjs [FILE...]
//
// A FILE contains one event as JSON, or one event a line (.ndjson). Without a FILE, the examples in docs/events are read.
import { readFileSync, readdirSync } from "node:fs";
import { CloudEvent } from "cloudevents";

const examples = new URL("../../docs/events/examples/", import.meta.url);

function events(file) {
  const text = readFileSync(file, "utf8");
  const parts = String(file).endsWith(".ndjson") ? text.split("\n").filter((line) => line !== "") : [text];
  return parts.map((part) => JSON.parse(part));
}

function refusal(event) {
  try {
    new CloudEvent(event, true);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

const given = process.argv.slice(2);
const files = given.length > 0 ? given : readdirSync(examples).map((name) => new URL(name, examples));
const read = files.flatMap((file) => events(file).map((event) => ({ file: String(file), event })));

let failures = 0;
for (const { file, event } of read) {
  const message = refusal(event);
  if (message !== undefined) {
    failures += 1;
    console.error(`${file}: ${event?.id}: ${message}`);
  }
}

// The check must also prove that the SDK rejects an invalid event.
if (read.length === 0 || refusal({ ...read[0].event, correlation_id: "an underscore" }) === undefined) {
  failures += 1;
  console.error("nothing was read, or the SDK is not strict");
}

console.log(`${read.length} events read, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
