#include "user_service/store/user_store.h"

#include <atomic>
#include <thread>

#include "common/db/session.h"
#include "tests/integration/user_service/fixture.h"
#include "user_service/store/sql.h"
#include "user_service/store/user_writes.h"

namespace vibestack::user_service {
namespace {

using testing::ElementsAre;
using Outcome = UserStore::InsertOutcome;

class UserStoreTest : public UserServiceTest {
 protected:
  UserStore::Insertion Insert(const NewUser& user) {
    return *SyncWait(users_.Insert(user, Soon()));
  }
  absl::StatusOr<UserPtr> Update(const std::string& id, const UserChanges& changes) {
    return SyncWait(users_.Update(id, changes, Soon()));
  }
};

TEST_F(UserStoreTest, EveryStatementPreparesOnTheMigratedDatabase) {
  for (const db::Statement& statement : sql::kStatements) {
    foreign_.prepare(statement.name, statement.sql);
    EXPECT_NO_THROW(foreign_.prepare_now(statement.name)) << statement.name;
  }
}

TEST_F(UserStoreTest, WhatIsInsertedIsRead) {
  NewUser user = MakeUser("ann@example.com");
  user.full_name = "Ann \"the\" 'A'";
  user.bio = "line\n\\two \u00E9";
  user.is_active = false;
  user.is_superuser = true;
  EXPECT_EQ(Insert(user).outcome, Outcome::kCreated);
  const UserPtr read = *Get(user.id);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->email, user.email);
  EXPECT_EQ(read->full_name, user.full_name);
  EXPECT_EQ(read->bio, user.bio);
  EXPECT_FALSE(read->is_active);
  EXPECT_TRUE(read->is_superuser);
  EXPECT_TRUE(read->hashed_password == user.hashed_password);
  EXPECT_EQ(read->created_at, read->updated_at);
}

TEST_F(UserStoreTest, AnIdOrEmailIsTakenOnce) {
  const NewUser ann = MakeUser("ann@example.com");
  EXPECT_EQ(Insert(ann).outcome, Outcome::kCreated);
  EXPECT_EQ(Insert(MakeUser("ann@example.com")).outcome, Outcome::kEmailTaken);
  NewUser same_id = MakeUser("bob@example.com");
  same_id.id = ann.id;
  same_id.hashed_password = Secret("$2b$04$" + std::string(53, 'b'));
  const UserStore::Insertion refused = Insert(same_id);
  EXPECT_EQ(refused.outcome, Outcome::kIdTaken);
  EXPECT_EQ(refused.user->email, "ann@example.com");
}

TEST_F(UserStoreTest, AnAdoptedEmailInAnotherCaseIsTaken) {
  InsertForeign("Ann@Example.COM", "x");
  EXPECT_EQ(Insert(MakeUser("ann@example.com")).outcome, Outcome::kEmailTaken);
}

TEST_F(UserStoreTest, AnInsertThatIsRunAgainAfterALostCommitIsCreated) {
  const auto session = db::Session::Open(PoolOptionsOf(1).session);
  ASSERT_TRUE(session.ok());
  const NewUser ann = MakeUser("ann@example.com");
  EXPECT_EQ(InsertUser(**session, ann)->outcome, Outcome::kCreated);
  EXPECT_EQ(InsertUser(**session, ann)->outcome, Outcome::kCreated);
}

TEST_F(UserStoreTest, AnActivationThatIsRunAgainAfterALostCommitSucceeds) {
  const auto session = db::Session::Open(PoolOptionsOf(1).session);
  ASSERT_TRUE(session.ok());
  NewUser ann = MakeUser("ann@example.com");
  ann.is_active = false;
  Insert(ann);
  EXPECT_TRUE((*ActivateUser(**session, ann.id, /*may_be_active=*/false))->is_active);
  EXPECT_TRUE((*ActivateUser(**session, ann.id, /*may_be_active=*/true))->is_active);
  EXPECT_EQ(ErrorReason(ActivateUser(**session, ann.id, false).status()), "USER_ACTIVE");
}

TEST_F(UserStoreTest, ManyIdsAreAnsweredInOrderWithDuplicatesAndGaps) {
  const NewUser ann = MakeUser("ann@example.com");
  const NewUser bob = MakeUser("bob@example.com");
  Insert(ann);
  Insert(bob);
  const auto users = *SyncWait(users_.GetMany({bob.id, NewUuid(), ann.id, bob.id}, Soon()));
  ASSERT_EQ(users.size(), 4);
  EXPECT_EQ(users[0]->email, "bob@example.com");
  EXPECT_EQ(users[1], nullptr);
  EXPECT_EQ(users[2]->email, "ann@example.com");
  EXPECT_EQ(users[3], users[0]);
}

TEST_F(UserStoreTest, ManyReadersAtOnceEachGetTheirOwnAnswer) {
  std::vector<NewUser> made;
  for (int i = 0; i < 20; ++i) {
    made.push_back(MakeUser("user" + std::to_string(i) + "@example.com"));
    Insert(made.back());
  }
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  readers.reserve(8);
  for (int reader = 0; reader < 8; ++reader) {
    readers.emplace_back([&, reader] {
      for (int i = 0; i < 100; ++i) {
        const NewUser& user = made[static_cast<size_t>((i * 7 + reader) % 20)];
        const auto read = Get(user.id);
        if (!read.ok() || *read == nullptr || (*read)->email != user.email) ++wrong;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(UserStoreTest, OfEmailsThatDifferInCaseTheOneAsTypedIsPreferred) {
  InsertForeign("ANN@example.com", "oldest");
  InsertForeign("Ann@Example.com", "second");
  const auto found = [this](const std::string& email) {
    const UserPtr user = *SyncWait(users_.FindByEmail(email, Soon()));
    return user == nullptr ? "" : user->email;
  };
  EXPECT_EQ(found("Ann@Example.com"), "Ann@Example.com");
  EXPECT_EQ(found("ann@example.com"), "ANN@example.com");
  InsertForeign("ann@example.com", "third");
  EXPECT_EQ(found("aNN@example.com"), "ann@example.com");
  EXPECT_EQ(found("nobody@example.com"), "");
}

TEST_F(UserStoreTest, NullFlagsOfAdoptedRowsCountAsTheirDefaults) {
  const UserPtr user = *Get(InsertForeign("ann@example.com", "x"));
  EXPECT_TRUE(user->is_active);
  EXPECT_FALSE(user->is_superuser);
  EXPECT_EQ(user->full_name, std::nullopt);
}

TEST_F(UserStoreTest, AnUpdateChangesWhatItNamesAndMovesUpdatedAt) {
  NewUser ann = MakeUser("ann@example.com");
  ann.full_name = "Ann";
  ann.bio = "bio";
  const UserPtr before = Insert(ann).user;
  UserChanges changes;
  changes.bio.emplace();  // to NULL
  const UserPtr after = *Update(ann.id, changes);
  EXPECT_EQ(after->full_name, "Ann");
  EXPECT_EQ(after->bio, std::nullopt);
  EXPECT_GT(after->updated_at, before->updated_at);
  EXPECT_EQ((*Get(ann.id))->updated_at, after->updated_at);
}

TEST_F(UserStoreTest, AnUpdateWithoutChangesOnlyReads) {
  const UserPtr before = Insert(MakeUser("ann@example.com")).user;
  EXPECT_EQ((*Update(before->id, {}))->updated_at, before->updated_at);
}

TEST_F(UserStoreTest, AnUpdateOfNobodyIsNull) {
  UserChanges changes;
  changes.bio = "x";
  EXPECT_EQ(*Update(NewUuid(), changes), nullptr);
  changes.email = "ann@example.com";
  changes.is_active = false;
  EXPECT_EQ(*Update(NewUuid(), changes), nullptr);
  EXPECT_EQ(*SyncWait(users_.Deactivate(NewUuid(), Soon())), nullptr);
  EXPECT_EQ(*SyncWait(users_.Activate(NewUuid(), Soon())), nullptr);
}

TEST_F(UserStoreTest, AnEmailOfSomebodyElseCannotBeTaken) {
  InsertForeign("Bob@Example.com", "x");
  const NewUser ann = MakeUser("ann@example.com");
  Insert(ann);
  Insert(MakeUser("cid@example.com"));
  UserChanges changes;
  for (const char* email : {"bob@example.com", "cid@example.com"}) {
    changes.email = email;
    EXPECT_EQ(ErrorReason(Update(ann.id, changes).status()), "EMAIL_TAKEN");
  }
  changes.email = "ann@example.com";  // the user's own email
  EXPECT_TRUE(Update(ann.id, changes).ok());
}

TEST_F(UserStoreTest, DeactivatingTwiceLeavesTheRowAsItIs) {
  const NewUser ann = MakeUser("ann@example.com");
  Insert(ann);
  const UserPtr once = *SyncWait(users_.Deactivate(ann.id, Soon()));
  const UserPtr twice = *SyncWait(users_.Deactivate(ann.id, Soon()));
  EXPECT_FALSE(once->is_active);
  EXPECT_EQ(once->updated_at, twice->updated_at);
}

TEST_F(UserStoreTest, EveryWriterNotifies) {
  std::vector<std::string> written;
  UserStore store(pool_, metrics_, {});
  store.OnWritten([&written](const std::string& id) { written.push_back(id); });
  const NewUser ann = MakeUser("ann@example.com");
  ASSERT_TRUE(SyncWait(store.Insert(ann, Soon())).ok());
  UserChanges changes;
  changes.bio = "x";
  ASSERT_TRUE(SyncWait(store.Update(ann.id, changes, Soon())).ok());
  ASSERT_TRUE(SyncWait(store.Deactivate(ann.id, Soon())).ok());
  ASSERT_TRUE(SyncWait(store.Activate(ann.id, Soon())).ok());
  EXPECT_THAT(written, ElementsAre(ann.id, ann.id, ann.id, ann.id));
}

}  // namespace
}  // namespace vibestack::user_service
