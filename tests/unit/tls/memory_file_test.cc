#include "common/tls/memory_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

namespace vibestack::tls {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::time_t ModificationTime(const std::string& path) {
  struct stat about {};
  EXPECT_EQ(stat(path.c_str(), &about), 0);
  return about.st_mtime;
}

TEST(MemoryFileTest, HoldsTheLastTextAtOnePath) {
  MemoryFile file;
  ASSERT_TRUE(file.Replace("a longer first text").ok());
  const std::string path = file.path();
  EXPECT_EQ(Read(path), "a longer first text");
  ASSERT_TRUE(file.Replace("a second").ok());
  EXPECT_EQ(file.path(), path);
  EXPECT_EQ(Read(path), "a second");
}

TEST(MemoryFileTest, EachTextHasATimeOfItsOwn) {
  MemoryFile file;
  ASSERT_TRUE(file.Replace("same").ok());
  const std::time_t first = ModificationTime(file.path());
  EXPECT_NE(first, 0);
  ASSERT_TRUE(file.Replace("same").ok());
  EXPECT_NE(ModificationTime(file.path()), first);
}

TEST(MemoryFileTest, WhoeverOpensItWhileItIsReplacedReadsOneTextWhole) {
  MemoryFile file;
  const std::string texts[] = {std::string(200'000, 'a'), std::string(100'000, 'b')};
  ASSERT_TRUE(file.Replace(texts[0]).ok());
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 1; i < 2'000; ++i) EXPECT_TRUE(file.Replace(texts[i % 2]).ok());
    done = true;
  });
  const std::string path = file.path();
  while (!done) {
    const std::string read = Read(path);
    EXPECT_TRUE(read == texts[0] || read == texts[1]) << read.size();
    if (HasFailure()) break;
  }
  writer.join();
}

}  // namespace
}  // namespace vibestack::tls
