#pragma once

#include <cstddef>
#include <memory>

#include "engine/base/real_ports.h"
#include "engine/storage/open.h"
#include "tests/io_threads.h"
#include "tests/unit/directory/actor_store_fake.h"

namespace troupe {

/// The real outside world on several threads, over a store in memory.
struct ThreadedWorld {
  explicit ThreadedWorld(std::size_t threads) : pool(threads) {}

  IoThreads pool;
  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<Timers> timers = make_asio_timers();
  std::unique_ptr<Random> random = make_system_random();
  IoExecutor io = pool.executor();
  Ports ports{*clock, *timers, *random, io, io};
  std::unique_ptr<Store> store = make_memory_store();
  ActorStoreFake actors{*store};
};

}  // namespace troupe
