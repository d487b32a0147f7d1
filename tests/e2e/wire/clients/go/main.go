// A job from sign-up to its result, in Go: the calls of an application, and a worker beside it.
//
//	deploy/stubs/generate go stubs        makes the module that go.mod replaces
//	go run . --worker_token_file FILE
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	jobv1 "vibestack.internal/stubs/vibestack/job/v1"
	userv1 "vibestack.internal/stubs/vibestack/user/v1"
)

const (
	workflow    = "example-go"
	callTimeout = 10 * time.Second // of a call, beyond what it waits for by itself
	claimWait   = 5 * time.Second
	resultWait  = 30 * time.Second
)

var (
	userService     = flag.String("user_service", "127.0.0.1:50051", "HOST:PORT")
	jobService      = flag.String("job_service", "127.0.0.1:50052", "HOST:PORT")
	workerTokenFile = flag.String("worker_token_file", "", "holds a service token")
	email           = flag.String("email", uuid.NewString()+"@example.com", "of who signs up")
)

// bearer returns a context whose calls have this access token.
func bearer(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// signIn signs up a new user and returns their access token.
func signIn(ctx context.Context, auth userv1.AuthServiceClient) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	password := rand.Text()
	fullName := "Go"
	_, err := auth.SignUp(ctx, &userv1.SignUpRequest{Email: *email, Password: password, FullName: &fullName})
	if err != nil {
		return "", fmt.Errorf("sign up: %w", err)
	}
	tokens, err := auth.Login(ctx, &userv1.LoginRequest{Email: *email, Password: password})
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	return tokens.GetAccessToken(), nil
}

// work is the worker: it claims jobs of the workflow and completes them, until the context ends.
func work(ctx context.Context, jobs jobv1.JobServiceClient) error {
	for {
		claimed, err := claim(ctx, jobs)
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		for _, one := range claimed {
			if err := complete(ctx, jobs, one); err != nil {
				return fmt.Errorf("complete: %w", err)
			}
		}
	}
}

func claim(ctx context.Context, jobs jobv1.JobServiceClient) ([]*jobv1.ClaimedJob, error) {
	ctx, cancel := context.WithTimeout(ctx, claimWait+callTimeout)
	defer cancel()
	answer, err := jobs.ClaimJobs(ctx, &jobv1.ClaimJobsRequest{
		WorkflowIds: []string{workflow}, Wait: durationpb.New(claimWait)})
	return answer.GetJobs(), err
}

func complete(ctx context.Context, jobs jobv1.JobServiceClient, claimed *jobv1.ClaimedJob) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	result, err := structpb.NewValue(map[string]any{"summary": "done for " + claimed.GetJob().GetUserId()})
	if err != nil {
		return err
	}
	_, err = jobs.CompleteJob(ctx, &jobv1.CompleteJobRequest{
		Id:         claimed.GetJob().GetId(),
		LeaseToken: claimed.GetLeaseToken(),
		Result:     &jobv1.CompleteJobRequest_ResultPayload{ResultPayload: result},
	})
	return err
}

// create creates a job with a client-chosen id, so the call is idempotent: if the answer is lost, repeat it unchanged.
func create(ctx context.Context, jobs jobv1.JobServiceClient) (*jobv1.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return jobs.CreateJob(ctx, &jobv1.CreateJobRequest{Id: uuid.NewString(), WorkflowId: workflow})
}

// wait returns the job when it has ended, or as it is after the timeout.
func wait(ctx context.Context, jobs jobv1.JobServiceClient, id string) (*jobv1.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, resultWait+callTimeout)
	defer cancel()
	return jobs.WaitJob(ctx, &jobv1.WaitJobRequest{Id: id, Timeout: durationpb.New(resultWait)})
}

// application creates a job and returns it when it has ended.
func application(ctx context.Context, jobs jobv1.JobServiceClient) (*jobv1.Job, error) {
	job, err := create(ctx, jobs)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	if job, err = wait(ctx, jobs, job.GetId()); err != nil {
		return nil, fmt.Errorf("wait: %w", err)
	}
	return job, nil
}

func run(ctx context.Context) (*jobv1.Job, error) {
	workerToken, err := os.ReadFile(*workerTokenFile)
	if err != nil {
		return nil, err
	}
	credentials := grpc.WithTransportCredentials(insecure.NewCredentials())
	userChannel, err := grpc.NewClient(*userService, credentials)
	if err != nil {
		return nil, err
	}
	defer userChannel.Close()
	jobChannel, err := grpc.NewClient(*jobService, credentials)
	if err != nil {
		return nil, err
	}
	defer jobChannel.Close()

	token, err := signIn(ctx, userv1.NewAuthServiceClient(userChannel))
	if err != nil {
		return nil, err
	}
	jobs := jobv1.NewJobServiceClient(jobChannel)
	var job *jobv1.Job
	// Whichever ends first, well or not, ends the other.
	group, groupCtx := errgroup.WithContext(ctx)
	workCtx, stopWork := context.WithCancel(groupCtx)
	group.Go(func() error {
		err := work(bearer(workCtx, strings.TrimSpace(string(workerToken))), jobs)
		if workCtx.Err() != nil && groupCtx.Err() == nil {
			return nil // it was asked to stop
		}
		return err
	})
	group.Go(func() (err error) {
		defer stopWork()
		job, err = application(bearer(groupCtx, token), jobs)
		return err
	})
	err = group.Wait()
	return job, err
}

// explain describes an error: the code, the service's reason, the message, and the violated fields, if any.
func explain(err error) string {
	failed, ok := status.FromError(err)
	if !ok {
		return err.Error()
	}
	var reason, fields string
	for _, detail := range failed.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				fields += fmt.Sprintf("; %s: %s", violation.GetField(), violation.GetDescription())
			}
		}
	}
	return fmt.Sprintf("%s %s: %s%s", failed.Code(), reason, failed.Message(), fields)
}

func main() {
	flag.Parse()
	job, err := run(context.Background())
	if err == nil {
		var result []byte
		if result, err = job.GetResultPayload().MarshalJSON(); err == nil {
			fmt.Printf("job %s %s %s\n", job.GetId(), job.GetStatus(), result)
			if job.GetStatus() != jobv1.Job_COMPLETED {
				err = errors.New("the job is not completed")
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", explain(err))
		os.Exit(1)
	}
}
