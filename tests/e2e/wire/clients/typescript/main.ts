// A job from sign-up to its result, in TypeScript: the calls of an application, and a worker beside it. It speaks gRPC-Web with
// the gateway, as browsers do. In a browser, import createGrpcWebTransport from @connectrpc/connect-web; nothing else changes.
//
//   deploy/stubs/generate typescript stubs
//   npm ci && node main.ts --worker_token_file FILE
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { fromJson, toJson } from "@bufbuild/protobuf";
import { type Duration, ValueSchema, durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, type Interceptor, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";

import { BadRequestSchema, ErrorInfoSchema } from "./stubs/google/rpc/error_details_pb.js";
import { type Job, Job_Status } from "./stubs/vibestack/job/v1/job_pb.js";
import { JobService } from "./stubs/vibestack/job/v1/job_service_pb.js";
import { AuthService } from "./stubs/vibestack/user/v1/auth_service_pb.js";

type Jobs = Client<typeof JobService>;

const workflow = "example-typescript";
const callMillis = 10_000; // deadline of a call, beyond what it waits for by itself
const claimMillis = 5_000;
const resultMillis = 30_000;

/** A connection to the gateway whose calls are those of the token's owner, or nobody's. */
function connect(baseUrl: string, token?: string) {
  const authorize: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return createGrpcWebTransport({ baseUrl, httpVersion: "1.1", defaultTimeoutMs: callMillis, interceptors: [authorize] });
}

/** Signs up somebody new and returns their access token. */
async function signIn(auth: Client<typeof AuthService>, email: string): Promise<string> {
  const password = randomUUID();
  await auth.signUp({ email, password, fullName: "TypeScript" });
  const tokens = await auth.login({ email, password });
  return tokens.accessToken;
}

/** The worker: claims jobs of the workflow and completes them, until it is asked to stop. */
async function work(jobs: Jobs, signal: AbortSignal): Promise<void> {
  const wait: Duration = durationFromMs(claimMillis);
  while (!signal.aborted) {
    const claim = await jobs.claimJobs({ workflowIds: [workflow], wait }, { signal, timeoutMs: claimMillis + callMillis });
    for (const { job, leaseToken } of claim.jobs) {
      const value = fromJson(ValueSchema, { summary: `done for ${job?.userId}` });
      await jobs.completeJob({ id: job?.id, leaseToken, result: { case: "resultPayload", value } });
    }
  }
}

/** The application: creates a job and returns it when it has ended. */
async function createAndWait(jobs: Jobs, signal: AbortSignal): Promise<Job> {
  // With a client-chosen id the call is idempotent: if the answer is lost, repeat it unchanged.
  const job = await jobs.createJob({ id: randomUUID(), workflowId: workflow }, { signal });
  const timeout = durationFromMs(resultMillis);
  return jobs.waitJob({ id: job.id, timeout }, { signal, timeoutMs: resultMillis + callMillis });
}

async function run(gateway: string, workerToken: string, email: string): Promise<Job> {
  const token = await signIn(createClient(AuthService, connect(gateway)), email);
  const ended = new AbortController(); // whichever ends first, well or not, ends the other
  const worker = work(createClient(JobService, connect(gateway, workerToken)), ended.signal).catch((error: unknown) => {
    if (ended.signal.aborted) return;
    ended.abort(error);
    throw error;
  });
  const application = createAndWait(createClient(JobService, connect(gateway, token)), ended.signal).finally(() => ended.abort());
  const [job] = await Promise.all([application, worker]);
  return job;
}

/** What went wrong: the code, the service's reason, the words, and which fields where it is about fields. */
function explain(error: ConnectError): string {
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  const violations = error.findDetails(BadRequestSchema).flatMap((request) => request.fieldViolations);
  return [`${Code[error.code]} ${reason}: ${error.rawMessage}`, ...violations.map((one) => `${one.field}: ${one.description}`)].join("; ");
}

const { values: options } = parseArgs({
  options: {
    gateway: { type: "string", default: "http://127.0.0.1:8080" },
    worker_token_file: { type: "string" }, // holds a service token
    email: { type: "string", default: `${randomUUID()}@example.com` }, // of who signs up
  },
});
if (options.worker_token_file === undefined) throw new Error("--worker_token_file is required");
const workerToken = (await readFile(options.worker_token_file, "utf8")).trim();
try {
  const job = await run(options.gateway, workerToken, options.email);
  const result = job.resultPayload === undefined ? null : toJson(ValueSchema, job.resultPayload);
  console.log(`job ${job.id} ${Job_Status[job.status]} ${JSON.stringify(result)}`);
  process.exitCode = job.status === Job_Status.COMPLETED ? 0 : 1;
} catch (error) {
  if (!(error instanceof ConnectError)) throw error;
  console.error(`main.ts: ${explain(error)}`);
  process.exitCode = 1;
}
