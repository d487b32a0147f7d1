#include "job_service/api/access.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace vibestack::job_service {
namespace {

constexpr char kAnn[] = "11111111-1111-4111-8111-111111111111";
constexpr char kBob[] = "22222222-2222-4222-8222-22222222222a";

Job JobOf(const std::string& user_id) {
  Job job;
  job.user_id = user_id;
  return job;
}

TEST(AccessTest, MeAndNothingAreTheCaller) {
  for (const char* text : {"", "me"}) {
    rpc::Validator validator;
    EXPECT_EQ(ResolveUser(auth::Caller::User(kAnn), "user_id", text, validator), kAnn);
    EXPECT_TRUE(validator.ok());
  }
}

TEST(AccessTest, AServiceMustNameSomebody) {
  for (const char* text : {"", "me"}) {
    rpc::Validator validator;
    ResolveUser(auth::Caller::Service("s"), "user_id", text, validator);
    EXPECT_FALSE(validator.ok());
  }
}

TEST(AccessTest, IdsAreComparedInLowerCase) {
  rpc::Validator validator;
  EXPECT_EQ(ResolveUser(auth::Caller::Service("s"), "user_id",
                        "22222222-2222-4222-8222-22222222222A", validator),
            kBob);
}

TEST(AccessTest, APlainUserNamesOnlyThemselves) {
  EXPECT_TRUE(CheckMayNameUser(auth::Caller::User(kAnn), kAnn).ok());
  EXPECT_EQ(ErrorReason(CheckMayNameUser(auth::Caller::User(kAnn), kBob)), "NOT_YOURS");
  EXPECT_TRUE(CheckMayNameUser(auth::Caller::Superuser(kAnn), kBob).ok());
  EXPECT_TRUE(CheckMayNameUser(auth::Caller::Service("s"), kBob).ok());
}

TEST(AccessTest, AForeignJobLooksMissingToAUser) {
  const Job job = JobOf(kBob);
  const auth::Caller ann = auth::Caller::User(kAnn);
  EXPECT_EQ(CheckMaySeeJob(ann, "id", &job), CheckMaySeeJob(ann, "id", nullptr));
  EXPECT_EQ(ErrorReason(CheckMaySeeJob(ann, "id", &job)), "NOT_YOURS");
}

TEST(AccessTest, JobsWithoutAnOwnerAreNobodys) {
  const Job job = JobOf("");
  EXPECT_EQ(ErrorReason(CheckMaySeeJob(auth::Caller::User(kAnn), "id", &job)), "NOT_YOURS");
  EXPECT_TRUE(CheckMaySeeJob(auth::Caller::Service("s"), "id", &job).ok());
}

TEST(AccessTest, SuperusersAndServicesSeeAllAndGetNotFoundForMissingJobs) {
  const Job job = JobOf(kBob);
  for (const auth::Caller& caller : {auth::Caller::Superuser(kAnn), auth::Caller::Service("s")}) {
    EXPECT_TRUE(CheckMaySeeJob(caller, "id", &job).ok());
    EXPECT_EQ(ErrorReason(CheckMaySeeJob(caller, "id", nullptr)), "JOB_NOT_FOUND");
  }
}

}  // namespace
}  // namespace vibestack::job_service
