import { Job_Status } from "../../stubs/vibestack/job/v1/job_pb.js";

interface Look {
  name: string;
  kind: string;
  /** Every state has a shape of its own, so that colour is not needed to tell them apart. */
  shape: string;
}

const LOOKS: Record<Job_Status, Look> = {
  [Job_Status.STATUS_UNSPECIFIED]: {
    name: "Unknown",
    kind: "unknown",
    shape: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zM6.5 6.7a1.5 1.5 0 1 1 2.2 1.3c-.5.3-.7.5-.7 1M8 11v.1",
  },
  [Job_Status.PENDING]: { name: "Pending", kind: "pending", shape: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2 1.3" },
  [Job_Status.PROCESSING]: { name: "Processing", kind: "processing", shape: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5M6.5 5.5v5l4-2.5z" },
  [Job_Status.COMPLETED]: { name: "Completed", kind: "completed", shape: "M3 8.5 6.5 12 13 4.5" },
  [Job_Status.FAILED]: { name: "Failed", kind: "failed", shape: "M4 4l8 8M12 4l-8 8" },
};

export function statusName(status: Job_Status): string {
  return (LOOKS[status] ?? LOOKS[Job_Status.STATUS_UNSPECIFIED]).name;
}

export function Status({ status }: { status: Job_Status }) {
  const look = LOOKS[status] ?? LOOKS[Job_Status.STATUS_UNSPECIFIED];
  return (
    <span class={`status ${look.kind}`}>
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d={look.shape} />
      </svg>
      {look.name}
    </span>
  );
}
