#!/usr/bin/env python3
"""A job from sign-up to its result, in Python: what an application does, and beside it a worker.

  deploy/stubs/generate python .        makes the package `vibestack` beside this file
  python main.py --worker_token_file FILE
"""

import argparse
import asyncio
import json
import pathlib
import secrets
import sys
import uuid

import grpc
from google.protobuf import duration_pb2, json_format, struct_pb2
from google.rpc import error_details_pb2, status_pb2

from vibestack.job.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc, work_pb2
from vibestack.user.v1 import auth_service_pb2, auth_service_pb2_grpc

WORKFLOW = "example-python"
CALL_SECONDS = 10  # deadline of a call, beyond what it waits for by itself
CLAIM_SECONDS = 5
RESULT_SECONDS = 30


def bearer(token):
    return (("authorization", f"Bearer {token}"),)


async def sign_in(auth, email):
    """Signs up somebody new and returns their access token."""
    password = secrets.token_urlsafe(16)
    await auth.SignUp(auth_service_pb2.SignUpRequest(email=email, password=password, full_name="Python"), timeout=CALL_SECONDS)
    tokens = await auth.Login(auth_service_pb2.LoginRequest(email=email, password=password), timeout=CALL_SECONDS)
    return tokens.access_token


async def work(jobs, token):
    """The worker: claims jobs of the workflow and completes them, until it is cancelled."""
    while True:
        claim = work_pb2.ClaimJobsRequest(workflow_ids=[WORKFLOW], wait=duration_pb2.Duration(seconds=CLAIM_SECONDS))
        answer = await jobs.ClaimJobs(claim, metadata=bearer(token), timeout=CLAIM_SECONDS + CALL_SECONDS)
        for claimed in answer.jobs:
            result = json_format.ParseDict({"summary": f"done for {claimed.job.user_id}"}, struct_pb2.Value())
            outcome = work_pb2.CompleteJobRequest(
                id=claimed.job.id, lease_token=claimed.lease_token, result_payload=result)
            await jobs.CompleteJob(outcome, metadata=bearer(token), timeout=CALL_SECONDS)


async def create_and_wait(jobs, token):
    """The application: creates a job and returns it when it has ended."""
    # An id of our own makes the call repeatable: should no answer come, it is sent again as it is.
    create = job_service_pb2.CreateJobRequest(id=str(uuid.uuid4()), workflow_id=WORKFLOW)
    job = await jobs.CreateJob(create, metadata=bearer(token), timeout=CALL_SECONDS)
    wait = job_service_pb2.WaitJobRequest(id=job.id, timeout=duration_pb2.Duration(seconds=RESULT_SECONDS))
    return await jobs.WaitJob(wait, metadata=bearer(token), timeout=RESULT_SECONDS + CALL_SECONDS)


async def run(arguments):
    worker_token = arguments.worker_token_file.read_text(encoding="ascii").strip()
    async with (grpc.aio.insecure_channel(arguments.user_service) as user_channel,
                grpc.aio.insecure_channel(arguments.job_service) as job_channel):
        jobs = job_service_pb2_grpc.JobServiceStub(job_channel)
        token = await sign_in(auth_service_pb2_grpc.AuthServiceStub(user_channel), arguments.email)
        async with asyncio.TaskGroup() as group:  # whichever fails ends the other
            worker = group.create_task(work(jobs, worker_token))
            job = await create_and_wait(jobs, token)
            worker.cancel()
    print(f"job {job.id} {job_pb2.Job.Status.Name(job.status)} {json.dumps(json_format.MessageToDict(job.result_payload))}")
    return job.status == job_pb2.Job.COMPLETED


def explain(error):
    """What went wrong: the code, the service's reason, the words, and which fields where it is about fields."""
    status, info, fields = status_pb2.Status(), error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for name, value in error.trailing_metadata():
        if name == "grpc-status-details-bin":
            status.ParseFromString(value)
    for detail in status.details:
        detail.Unpack(info) or detail.Unpack(fields)  # pylint: disable=expression-not-assigned
    violations = "".join(f"; {violation.field}: {violation.description}" for violation in fields.field_violations)
    return f"{error.code().name} {info.reason}: {error.details()}{violations}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--user_service", default="127.0.0.1:50051", help="HOST:PORT (%(default)s)")
    parser.add_argument("--job_service", default="127.0.0.1:50052", help="HOST:PORT (%(default)s)")
    parser.add_argument("--worker_token_file", type=pathlib.Path, required=True, help="holds a service token")
    parser.add_argument("--email", default=f"{uuid.uuid4()}@example.com", help="of who signs up (somebody new)")
    ended_well = False
    try:
        ended_well = asyncio.run(run(parser.parse_args()))
    except* grpc.aio.AioRpcError as errors:
        print(f"main.py: {explain(errors.exceptions[0])}", file=sys.stderr)
    sys.exit(0 if ended_well else 1)


if __name__ == "__main__":
    main()
