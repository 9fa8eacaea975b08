#pragma once

#include <memory>

#include "engine/base/ports.h"

namespace troupe {

/// System clock, steady_timer and getrandom. Threads: any.
std::unique_ptr<Clock> make_system_clock();
std::unique_ptr<Timers> make_asio_timers();
std::unique_ptr<Random> make_system_random();

}  // namespace troupe
