// A million stored alarms, and what it costs to keep them and to fire ten thousand in each second. The clock and the
// directory run in this process over RocksDB; to wake means to read the actor's record and to write it without its
// alarm, as a start does.
#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/real_ports.h"
#include "engine/directory/record_codec.h"
#include "engine/placement/alarm_clock.h"
#include "engine/storage/keys.h"
#include "engine/storage/open.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

using namespace troupe;

constexpr int kAlarms = 1'000'000;
constexpr int kPerSecond = 10'000;
constexpr int kSeconds = 10;
/// From the moment the rows are written to the first alarm.
constexpr std::int64_t kLeadMs = 3'000;

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

/// The real outside world on two threads, as the daemon has it.
struct World {
  World() : ports{*clock, *timers, *random, io.get_executor(), storage.get_executor()}, runs([this] { io.run(); }) {}
  ~World() { finish(); }

  /// Runs what is left.
  void finish() {
    if (!work) return;
    work.reset();
    runs.join();
    storage.join();
  }

  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<Timers> timers = make_asio_timers();
  std::unique_ptr<Random> random = make_system_random();
  boost::asio::io_context io;
  boost::asio::thread_pool storage{2};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{io.get_executor()};
  Ports ports;
  std::thread runs;
};

template <class T>
T wait(World& world, Task<T> task) {
  return boost::asio::co_spawn(world.io, std::move(task), boost::asio::use_future).get();
}

/// The alarms that fall due come first, spread evenly; the others are a day away.
std::int64_t alarm_of(int i, std::int64_t begin_ms) {
  if (i < kPerSecond * kSeconds) return begin_ms + static_cast<std::int64_t>(i) * 1'000 / kPerSecond;
  return begin_ms + 86'400'000 + i;
}

void write_rows(World& world, Store& store, std::int64_t begin_ms) {
  WriteBatch batch;
  for (int i = 0; i < kAlarms; ++i) {
    ActorRecord record;
    record.id = Id::make(*world.random, 1);
    record.name = "sleeper";
    record.key = "key-" + std::to_string(i);
    record.pool = "default";
    record.create_ts = record.sleep_ts.emplace(begin_ms);
    record.alarm_ts = alarm_of(i, begin_ms);
    batch.put(keys::actor_record(record.id), encode_record(record));
    batch.put(keys::alarm_index(*record.alarm_ts, record.id), {});
    if (i % 1'000 != 999) continue;
    if (!wait(world, store.commit(std::exchange(batch, WriteBatch()), Ack::written)))
      throw std::runtime_error("the rows could not be written");
  }
}

struct Lateness {
  std::mutex mutex;
  std::vector<double> ms;
};

Task<void> write_without_alarm(Directory* directory, ActorId id) {
  auto change = [](ActorRecord& changed) { changed.alarm_ts.reset(); };
  (void)co_await directory->update(id, std::move(change), Ack::written);
}

Task<Result<void>> wake(Directory* directory, World* world, Lateness* lateness, ActorId id) {
  auto record = co_await directory->find(id);
  if (!record || !*record || !(*record)->alarm_ts) co_return Result<void>();
  {
    std::lock_guard lock(lateness->mutex);
    lateness->ms.push_back(static_cast<double>(world->clock->now_ms() - *(*record)->alarm_ts));
  }
  // Nobody waits for it, as nobody waits for a start.
  boost::asio::co_spawn(world->io, write_without_alarm(directory, id), boost::asio::detached);
  co_return Result<void>();
}

}  // namespace

void bench_alarms(const Options&) {
  TempDirectory data;
  World world;
  StorageSettings settings;
  settings.durability = DurabilityMode::interval;
  auto store = open_store(world.ports, data.path(), settings).value();
  auto actors = make_actor_store(world.ports, *store, data.path() + "/sqlite", settings);
  // Writing the rows takes a while.
  const std::int64_t begin_ms = world.clock->now_ms() + 60'000;
  write_rows(world, *store, begin_ms);
  auto directory = make_directory(world.ports, *store, *actors, 1);
  if (!wait(world, directory->open())) throw std::runtime_error("the directory could not be opened");
  while (world.clock->now_ms() < begin_ms - kLeadMs) std::this_thread::sleep_for(std::chrono::milliseconds(100));

  print_head("Alarms: 1,000,000 stored, 10,000 due per second");
  Lateness lateness;
  lateness.ms.reserve(kPerSecond * kSeconds);
  const double before = resident_bytes();
  auto deadlines = std::make_shared<DeadlineQueue>(world.ports);
  auto clock = std::make_shared<AlarmClock>(world.ports, *directory, deadlines,
                                            [&](ActorId id) { return wake(directory.get(), &world, &lateness, id); });
  clock->start();
  std::this_thread::sleep_for(std::chrono::milliseconds(kLeadMs - 500));
  const double grown = std::max(0.0, resident_bytes() - before) / kAlarms;
  const std::int64_t over = begin_ms + kSeconds * 1'000 + 2'000;
  while (world.clock->now_ms() < over) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  clock->stop();
  deadlines->stop();
  // What is under way needs the directory.
  world.finish();

  std::lock_guard lock(lateness.mutex);
  auto& ms = lateness.ms;
  std::sort(ms.begin(), ms.end());
  auto at = [&](double part) { return ms.empty() ? -1 : ms[static_cast<std::size_t>(part * (ms.size() - 1))]; };
  print_row("memory per alarm", format_bytes(grown), "", {}, "< 100 B");
  print_row("fired", std::to_string(ms.size()), std::to_string(kPerSecond * kSeconds),
            static_cast<double>(ms.size()) / (kPerSecond * kSeconds), "1.00");
  print_row("early", std::to_string(std::count_if(ms.begin(), ms.end(), [](double d) { return d < 0; })), "", {}, "0");
  print_row("late, median", format_us(at(0.5) * 1000), "", {}, "");
  print_row("late, 99 of 100", format_us(at(0.99) * 1000), "", {}, "< 20 ms");
  print_row("late, worst", format_us(at(1) * 1000), "", {}, "");
}

}  // namespace bench
