// After kill -9 at any moment every acknowledged write is there and nothing half-written is.

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <future>
#include <map>
#include <random>
#include <string>

#include "crash_world.h"

namespace troupe::crash {
namespace {

constexpr int kRounds = 15;
constexpr int kAcknowledgementsMax = 400;

using Numbers = std::map<std::string, std::int64_t>;

std::string worker_name(char kind, int worker) { return std::string(1, kind) + std::to_string(worker); }

/// The writer process and its acknowledgements.
class Writer {
 public:
  Writer(const std::filesystem::path& directory, const Numbers& next) {
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) std::abort();
    std::vector<std::string> arguments{WRITER_PROGRAM, directory.string()};
    for (char kind : kKinds) {
      for (int worker = 0; worker < kWorkers; ++worker) {
        arguments.push_back(std::to_string(next.at(worker_name(kind, worker))));
      }
    }
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
    posix_spawn_file_actions_addclose(&actions, pipe_ends[1]);
    if (::posix_spawn(&process_, WRITER_PROGRAM, &actions, nullptr, argv.data(), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);
    pipe_ = pipe_ends[0];
  }
  ~Writer() { ::close(pipe_); }

  /// Reads until that many acknowledgements have come (-1: until the end); false at the end.
  bool read(int count, Numbers& acknowledged) {
    while (count != 0) {
      for (std::size_t end; count != 0 && (end = buffer_.find('\n')) != std::string::npos; buffer_.erase(0, end + 1)) {
        const std::size_t space = buffer_.find(' ');
        std::int64_t number = 0;
        std::from_chars(buffer_.data() + space + 1, buffer_.data() + end, number);
        acknowledged[buffer_.substr(0, space)] = number;
        if (count > 0) --count;
      }
      if (count == 0) return true;
      char chunk[4096];
      const ssize_t size = ::read(pipe_, chunk, sizeof chunk);
      if (size <= 0) return false;
      buffer_.append(chunk, static_cast<std::size_t>(size));
    }
    return true;
  }

  /// The signal that ended it; 0 when it ended by itself.
  int kill() {
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t process_ = 0;
  int pipe_ = -1;
  std::string buffer_;
};

std::int64_t number_in(const std::optional<Bytes>& payload) { return payload ? std::stoll(to_string(*payload)) : 0; }

std::int64_t check_kv(World& world, ActorId id) {
  const auto kv = world.actors->key_value(id, 1);
  std::vector<Bytes> keys{to_bytes("a"), to_bytes("b"), to_bytes("c")};
  const auto values = world.run(kv->get_many(std::move(keys))).value();
  EXPECT_EQ(number_in(values[0]), number_in(values[1])) << "half a batch";
  EXPECT_EQ(number_in(values[0]), number_in(values[2])) << "half a batch";
  return number_in(values[0]);
}

std::int64_t check_state(World& world, ActorId id) {
  const std::int64_t state = number_in(world.run(world.actors->load_state(id)).value());
  const auto rows = world.run(world.actors->load_connections(id)).value();
  EXPECT_EQ(state, rows.empty() ? 0 : number_in(rows[0].record)) << "half a save";
  return state;
}

std::int64_t check_sql(World& world, ActorId id) {
  const auto db = world.actors->database(id, 1, world.ports.io);
  const auto tables =
      world.run(db->exec("SELECT count(*) FROM sqlite_schema WHERE name IN ('log', 'counter')")).value();
  if (tables.rows[0][0] != SqlValue(std::int64_t{2})) return 0;
  const auto row = world
                       .run(db->exec("SELECT coalesce(max(n), 0), count(*), (SELECT coalesce(max(n), 0) FROM counter)"
                                     " FROM log"))
                       .value()
                       .rows.at(0);
  EXPECT_EQ(row[0], row[1]) << "a row is missing";
  EXPECT_EQ(row[0], row[2]) << "half a batch";
  const auto integrity = world.run(db->exec("PRAGMA integrity_check")).value();
  EXPECT_EQ(integrity.rows.at(0).at(0), SqlValue(std::string("ok")));
  return std::get<std::int64_t>(row[0]);
}

std::int64_t check_pages(World& world, ActorId id, std::uint32_t size) {
  std::vector<std::uint32_t> pgnos;
  for (std::uint32_t pgno = 1; pgno <= size; ++pgno) pgnos.push_back(pgno);
  const auto read = world.run(world.actors->pages()->read(id, 1, pgnos));
  if (!read) {
    EXPECT_EQ(read.error().group(), "depot") << read.error().id();
    return 0;
  }
  const auto number = static_cast<std::int64_t>(read->head.txid);
  EXPECT_EQ(read->head.size_pages, size);
  for (std::uint32_t pgno = 1; pgno <= size; ++pgno) {
    EXPECT_EQ(read->pages[pgno - 1], page_of(pgno, number)) << "page " << pgno << " of another commit";
  }
  return number;
}

std::int64_t check(World& world, char kind, ActorId id) {
  switch (kind) {
    case 'k':
      return check_kv(world, id);
    case 's':
      return check_state(world, id);
    case 'p':
      return check_pages(world, id, kCommittedPages);
    case 'g':
      return check_pages(world, id, kStagedPages);
    default:
      return check_sql(world, id);
  }
}

TEST(StorageCrash, EveryAcknowledgedWriteSurvivesAndNothingIsHalfWritten) {
  std::string name = (std::filesystem::temp_directory_path() / "troupe-crash-XXXXXX").string();
  ASSERT_TRUE(::mkdtemp(name.data()));
  const std::filesystem::path directory = name;
  std::mt19937 random(4711);

  Numbers stored;
  for (char kind : kKinds) {
    for (int worker = 0; worker < kWorkers; ++worker) stored[worker_name(kind, worker)] = 0;
  }
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Numbers acknowledged = stored;
    Numbers next = stored;
    for (auto& [worker, number] : next) ++number;
    {
      Writer writer(directory, next);
      const int wanted = static_cast<int>(random() % kAcknowledgementsMax);
      ASSERT_TRUE(writer.read(wanted, acknowledged)) << "the writer ended by itself";
      ASSERT_EQ(writer.kill(), SIGKILL);
      writer.read(-1, acknowledged);
    }
    World world(directory);
    for (char kind : kKinds) {
      for (int worker = 0; worker < kWorkers; ++worker) {
        const std::string who = worker_name(kind, worker);
        SCOPED_TRACE(who);
        const ActorId id = actor_of(kind, worker);
        const std::int64_t found = check(world, kind, id);
        EXPECT_GE(found, acknowledged[who]) << "an acknowledged write is lost";
        EXPECT_LE(found, acknowledged[who] + 1) << "a write that was never made";
        stored[who] = found;
      }
    }
  }
  for (const auto& [worker, number] : stored) EXPECT_GT(number, 0) << worker << " never wrote anything";
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace troupe::crash
